"""A reader's own choices, behind the link that also unsubscribes: less mail, clicks or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from outreach.errors import InputError, TokenError
from outreach.flows.preferences import choose
from outreach.web.public.body import read_body
from outreach.web.public.pages import Pages
from outreach.web.public.unsubscribe import MAX_BODY, field_of, trusted

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def router(ws: Workspace, pages: Pages) -> APIRouter:
    """Return the routes under /preferences/. A GET shows the form and changes nothing."""
    routes = APIRouter()

    @routes.api_route("/preferences/{token}", methods=["GET", "HEAD"])
    def ask(token: str) -> Response:
        return pages.show("preferences") if trusted(ws, token) else pages.show("missing", 404)

    @routes.post("/preferences/{token}")
    async def act(token: str, request: Request) -> Response:
        body = await read_body(request, MAX_BODY) or b""
        return await run_in_threadpool(_choose, ws, pages, token, body)

    return routes


def _choose(ws: Workspace, pages: Pages, token: str, body: bytes) -> Response:
    mail, clicks = field_of(body, "mail"), field_of(body, "clicks")
    try:
        choose(ws, token, mail=mail or "keep", clicks=clicks or "keep")
    except TokenError:
        return pages.show("missing", 404)
    except InputError:
        return pages.show("refused", 400)
    return pages.show("chosen")
