"""Rendering a staff page: links that work under any prefix, and headers that keep it safe."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Path, Request
from fastapi.responses import HTMLResponse

from outreach.settings import ROOT
from outreach.web.html import environment
from outreach.web.staff.guards import may_act

Key = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""A number in an address: larger ones no database could look up."""

AREAS = (
    ("", "Overview"),
    ("campaigns", "Campaigns"),
    ("calendar", "Calendar"),
    ("editions", "Editions"),
    ("approvals", "Approvals"),
    ("engagement", "Engagement"),
    ("contacts", "Contacts"),
    ("organisations", "Organisations"),
    ("resources", "Resources"),
    ("suppressions", "Suppressions"),
    ("imports", "Imports"),
)
"""The navigation: address and words of each area."""

_AREA_OF = {
    "people": "contacts",
    "list": "imports",
    "retention": "contacts",
    "segments": "campaigns",
}


class Links:
    """Addresses relative to the page that is asked for, so that no prefix need be known.

    `links("editions", name)` leads to `editions/<name>` however deep the page is and under
    whatever prefix, Airflow's or a proxy's, the app is reached.
    """

    def __init__(self, request: Request) -> None:
        raw: bytes = request.scope.get("raw_path", b"")
        path = raw.decode("latin-1").partition("?")[0]
        prefix = quote(request.scope.get("root_path", ""), safe="/@:")
        inner = path.removeprefix(prefix)
        self.here = inner.strip("/")
        self._up = "../" * max(inner.count("/") - 1, 0)

    def __call__(self, *parts: object) -> str:
        """Return the relative address of `parts`, each quoted; no parts mean the overview."""
        inner = "/".join(quote(str(part), safe="@:") for part in parts if str(part))
        return (self._up + inner) or "./"

    def airflow(self, path: str) -> str:
        """Return the address of an Airflow page such as "required_actions"."""
        return f"{self._up}../{path.lstrip('/')}"

    @property
    def area(self) -> str:
        """Which area of the navigation this page belongs to."""
        first = self.here.split("/")[0]
        return _AREA_OF.get(first, first)


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    images: str = "",
    proof: bool = False,
    **values: Any,
) -> HTMLResponse:
    """Return the rendered page `templates/pages/staff/<template>`.

    `proof` allows the inline styles that an email shown on this page is made of; `images` is
    the address its images may come from.
    """
    nonce = secrets.token_urlsafe(16)
    html = (
        environment(ROOT)
        .get_template(f"staff/{template}")
        .render(
            links=Links(request),
            areas=AREAS,
            nonce=nonce,
            may_act=may_act(request),
            now=datetime.now(UTC),
            **values,
        )
    )
    headers = security_headers(nonce=nonce, images=images, inline_styles=proof)
    return HTMLResponse(html, status_code=status, headers=dict(headers))


def security_headers(
    *, nonce: str = "", images: str = "", inline_styles: bool = False
) -> Mapping[str, str]:
    """Return the headers of every staff response: nothing from elsewhere, framed by Airflow only.

    The referrer policy is `same-origin`, not `no-referrer`: with the latter a browser sends
    `Origin: null` with our own forms.
    """
    styles = "'self' 'unsafe-inline'" if inline_styles else "'self'"
    policy = [
        "default-src 'none'",
        f"style-src {styles}",
        f"img-src 'self' data: {_origin(images)}".strip(),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        *([f"script-src 'nonce-{nonce}'", "connect-src 'self'"] if nonce else []),
    ]
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
