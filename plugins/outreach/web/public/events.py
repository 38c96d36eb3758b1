"""The event webhook: verify, keep the post, answer. What it means is worked out later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from outreach.flows.events import store_raw
from outreach.providers.registry import event_source
from outreach.providers.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER
from outreach.web.public.body import read_body

if TYPE_CHECKING:
    from outreach.workspace import Workspace

MAX_BODY = 4_000_000

_NO_KEYS = (
    "OUTREACH_SENDGRID_WEBHOOK_KEYS is not set, so no post can be trusted; copy the verification "
    "key from SendGrid's settings for the signed event webhook"
)


def router(ws: Workspace) -> APIRouter:
    """Return the route that SendGrid posts to."""
    routes = APIRouter()
    source = event_source("sendgrid")
    keys = ws.settings.webhook_keys

    @routes.post("/events/sendgrid")
    async def take(request: Request) -> JSONResponse:
        if not keys:
            return _answer(503, _NO_KEYS)
        if any(name not in request.headers for name in (SIGNATURE_HEADER, TIMESTAMP_HEADER)):
            return _answer(401, "the post is not signed")
        body = await read_body(request, MAX_BODY)
        if body is None:
            return _answer(413, f"a post may have {MAX_BODY:,} bytes at most")
        if not source.verify(request.headers, body, keys):
            return _answer(403, "the signature does not match the post")
        try:
            await run_in_threadpool(store_raw, ws, "sendgrid", body)
        except sa.exc.SQLAlchemyError:
            return _answer(503, "the ledger cannot be reached; post this again")
        return _answer(200, "kept")

    return routes


def _answer(status: int, words: str) -> JSONResponse:
    return JSONResponse({"detail": words}, status)
