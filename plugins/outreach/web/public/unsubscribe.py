"""Unsubscribing: one click (RFC 8058), a page with one button, or a typed address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from outreach.errors import TokenError
from outreach.flows.events import unsubscribe, unsubscribe_address
from outreach.flows.links import COPY
from outreach.keys import UNSUBSCRIBE
from outreach.web.public.body import read_body
from outreach.web.public.pages import Pages
from outreach.web.public.ratelimit import RateLimit

if TYPE_CHECKING:
    from outreach.workspace import Workspace

MAX_BODY = 16_384
_ADDRESS = re.compile(r"[^\s@<>:;,()]{1,64}@[^\s@<>:;,()]+\.[^\s@<>:;,()]+")
"""Not `mailto:` nor `Ann <ann@...>`: saying that such a one is noted would be untrue."""


def router(ws: Workspace, pages: Pages) -> APIRouter:
    """Return the routes under /unsubscribe/."""
    routes = APIRouter()
    limit = RateLimit(burst=5, every=30.0)

    # `path`: a link that a mail program cut short or added to still leads to the form.
    @routes.api_route("/unsubscribe/{token:path}", methods=["GET", "HEAD"])
    def ask(token: str) -> Response:
        if token == COPY:
            return pages.show("copy")
        if trusted(ws, token):
            return pages.show("unsubscribe", token=token)
        return pages.show("address")

    @routes.post("/unsubscribe/{token:path}")
    async def act(token: str, request: Request) -> Response:
        body = await read_body(request, MAX_BODY) or b""
        if token == COPY:
            return pages.show("copy")
        if trusted(ws, token):
            return await run_in_threadpool(_by_link, ws, pages, token, body)
        client = request.client.host if request.client else ""
        return await run_in_threadpool(_by_address, ws, pages, body, limit, client)

    return routes


def trusted(ws: Workspace, token: str) -> bool:
    """Whether this is a link of ours, however old."""
    try:
        ws.keys.open_delivery_id(ws.keys.verify(UNSUBSCRIBE, token))
    except TokenError:
        return False
    return True


def _by_link(ws: Workspace, pages: Pages, token: str, body: bytes) -> Response:
    try:
        unsubscribe(ws, token, "one-click" if b"One-Click" in body else "unsubscribe page")
    except TokenError:  # a genuine link to a delivery that this ledger does not have
        return pages.show("address", 400)
    return pages.show("unsubscribed")


def _by_address(
    ws: Workspace, pages: Pages, body: bytes, limit: RateLimit, client: str
) -> Response:
    """Suppress a typed address; the answer never depends on whether it is known."""
    address = field_of(body, "address").strip()
    if not address:
        return pages.show("address", 400, fault="Enter your email address")
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        fault = "Enter an email address in the correct format, like name@example.org"
        return pages.show("address", 400, fault=fault)
    if not limit.take(client):
        answer = pages.show("slower", 429)
        answer.headers["Retry-After"] = "60"
        return answer
    unsubscribe_address(ws, address)
    return pages.show("noted")


def field_of(body: bytes, name: str) -> str:
    """Return one field of a posted form; empty where it has none or cannot be read."""
    try:
        found = parse_qs(body.decode(), max_num_fields=20).get(name, [""])
    except ValueError:
        return ""
    return found[0]
