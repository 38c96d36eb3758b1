"""The page of the live preview: on this machine only, under an address nobody can guess."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from outreach.errors import InputError
from outreach.web.html import environment
from outreach.web.preview.live import Live, preview_line

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; frame-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DARK = re.compile(r"@media \(prefers-color-scheme: ?dark\)")
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


def new_secret() -> str:
    """Return the first part of the page's address: others on this machine cannot guess it."""
    return secrets.token_urlsafe(16)


def create_preview_app(live: Live, root: Path, secret: str, port: int, variant: int = 1) -> FastAPI:
    """Return the app. Every route refuses other hosts, other sites and another address.

    `variant` is the one that is shown first.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    guard = [Depends(_ours(port))]
    pages = environment(root)

    @app.get(f"/{secret}/", dependencies=guard)
    def page() -> Response:
        live.refresh()
        found = pages.get_template("preview/page.html").render(secret=secret, variant=variant)
        return HTMLResponse(found, headers=_HEADERS)

    @app.get(f"/{secret}/preview.js", dependencies=guard)
    def script() -> Response:
        found = pages.get_template("preview/preview.js").render()
        return Response(found, media_type="text/javascript", headers=_HEADERS)

    @app.get(f"/{secret}/state", dependencies=guard)
    def state(
        known: int = 0, variant: int = 1, dark: bool = False, images: bool = True
    ) -> Response:
        version = live.refresh()
        if version == known:
            return Response(status_code=204, headers=_HEADERS)
        found = _state(live, variant, dark=dark, images=images)
        return JSONResponse({"version": version, **found}, headers=_HEADERS)

    return app


def _ours(port: int) -> Any:
    """A dependency: the request is for this machine, and no other site's page made it."""
    hosts = {f"{name}:{port}" for name in _HOSTS}

    def check(request: Request) -> None:
        origin = request.headers.get("origin", "")
        site = request.headers.get("sec-fetch-site", "none")
        if request.headers.get("host", "").lower() not in hosts:
            raise HTTPException(403)
        if origin and origin.removeprefix("http://").lower() not in hosts:
            raise HTTPException(403)
        if site not in {"none", "same-origin"}:
            raise HTTPException(403)

    return check


def _state(live: Live, variant: int, *, dark: bool, images: bool) -> dict[str, Any]:
    faults = [
        {"where": f"line {f.line}" if f.line else "", "text": f.message, "blocking": f.blocking}
        for f in live.faults
    ]
    state: dict[str, Any] = {"faults": faults, "broken": live.broken, "message": None}
    try:
        shown = live.shown(variant)
    except InputError as error:
        state["faults"] += [{"where": "", "text": str(f), "blocking": True} for f in error.faults]
        return {**state, "broken": True, "choices": []}
    if shown is None or live.good is None:
        return {**state, "choices": []}
    choices = live.good.choices
    state["choices"] = [
        {"label": c.label, "people": c.people, "smallest": _is_smallest(n, choices)}
        for n, c in enumerate(choices)
    ]
    reader = choices[min(max(variant, 1), len(choices)) - 1].reader
    state["message"] = {
        "subject": shown.subject,
        "preview": preview_line(live.good.compiled, reader),
        "text": shown.text,
        "html": in_frame(shown.html, dark=dark, images=images),
    }
    return state


def _is_smallest(place: int, choices: Any) -> bool:
    return place == len(choices) - 1 and len(choices) > 1 and choices[place].people > 0


def in_frame(document: str, *, dark: bool, images: bool) -> str:
    """Return a message for an `<iframe sandbox="" srcdoc>`, in one colour scheme."""
    scheme = "all" if dark else "not all"
    shown = _DARK.sub(f"@media {scheme}", document)
    loaded = "data:" if images else "'none'"
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src {loaded}"
    first = f'<base target="_blank"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    head = _HEAD.search(shown)
    place = head.end() if head else 0
    return shown[:place] + first + shown[place:]
