"""View in browser: one person's message, from what was frozen when it was handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from outreach.errors import NotFound, TokenError
from outreach.flows.links import COPY
from outreach.flows.viewing import view
from outreach.web.public.pages import Pages

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; img-src 'self' https:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def router(ws: Workspace, pages: Pages) -> APIRouter:
    """Return the route under /view/."""
    routes = APIRouter()

    @routes.api_route("/view/{token}", methods=["GET", "HEAD"])
    def show(token: str) -> Response:
        if token == COPY:
            return pages.show("copy")
        try:
            html = view(ws, token)
        except TokenError:
            return pages.show("missing", 404)
        except NotFound:
            return pages.show("gone", 410)
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})

    return routes
