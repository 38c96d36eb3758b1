"""Event webhooks: verify, keep the post, answer. What it means is worked out later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from outreach.errors import NotSent
from outreach.flows.events import store_raw
from outreach.providers.base import EventSource
from outreach.providers.registry import EVENT_SOURCES, event_source
from outreach.web.public.body import read_body

if TYPE_CHECKING:
    from outreach.workspace import Workspace

MAX_BODY = 4_000_000


def router(ws: Workspace) -> APIRouter:
    """Return a route for each provider that posts events: /events/<name>."""
    routes = APIRouter()
    for name in EVENT_SOURCES:
        routes.add_api_route(f"/events/{name}", _taker(ws, name), methods=["POST"])
    return routes


def _taker(ws: Workspace, name: str) -> Callable[[Request], Awaitable[JSONResponse]]:
    source = event_source(name)
    keys = source.keys(ws.settings)

    async def take(request: Request) -> JSONResponse:
        if not keys:
            said = f"{source.setting} is not set, so no post can be trusted; {source.mend}"
            return _answer(503, said)
        if any(header not in request.headers for header in source.signed_by):
            return _answer(401, "the post is not signed")
        body = await read_body(request, MAX_BODY)
        if body is None:
            return _answer(413, f"a post may have {MAX_BODY:,} bytes at most")
        return await run_in_threadpool(_kept, ws, name, source, request.headers, body)

    return take


def _kept(
    ws: Workspace, name: str, source: EventSource, headers: Mapping[str, str], body: bytes
) -> JSONResponse:
    try:
        if not source.verify(headers, body, source.keys(ws.settings)):
            return _answer(403, "the signature does not match the post")
        store_raw(ws, name, body)
        source.confirm(body)
    except NotSent as error:
        return _answer(503, f"{error}; post this again")
    except sa.exc.SQLAlchemyError:
        return _answer(503, "the ledger cannot be reached; post this again")
    return _answer(200, "kept")


def _answer(status: int, words: str) -> JSONResponse:
    return JSONResponse({"detail": words}, status)
