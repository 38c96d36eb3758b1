"""Images of editions, each under an address made from its content: it never changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import Response

from outreach.flows.images import image
from outreach.web.public.pages import Pages

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_NAME = re.compile(r"[0-9a-f]{32}\.(?:png|jpg|gif)")
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def router(ws: Workspace, pages: Pages) -> APIRouter:
    """Return the route under /assets/. It asks for nothing about the reader and notes nothing."""
    routes = APIRouter()

    @routes.api_route("/assets/{name}", methods=["GET", "HEAD"])
    def show(name: str) -> Response:
        found = image(ws, name) if _NAME.fullmatch(name) else None
        if found is None:
            return pages.show("missing", 404)
        return Response(found[1], media_type=found[0], headers=_HEADERS)

    return routes
