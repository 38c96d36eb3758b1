"""The public pages, from templates/pages/public."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from outreach.hub import Hub


class Pages:
    """Renders one page at a time; `policy` is the Content-Security-Policy they all need."""

    def __init__(self, folder: Path, hub: Hub) -> None:
        self._hub = hub
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        style = (folder / "public.css").read_text()
        self._style = Markup(style)  # noqa: S704 - our own file
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )

    def show(self, name: str, status: int = 200, *, fault: str = "", **more: str) -> HTMLResponse:
        """Return the page called `name`; `fault` is what to mend in its form, `more` what else
        it prints."""
        template = self._environment.get_template(f"{name}.html")
        html = template.render(hub=self._hub, style=self._style, fault=fault, **more)
        return HTMLResponse(html, status)
