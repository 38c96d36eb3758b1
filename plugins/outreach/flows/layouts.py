"""Where the layouts of emails stand."""

from __future__ import annotations

from pathlib import Path

from outreach.workspace import Workspace


def layouts(ws: Workspace) -> Path:
    """Return the folder of MJML layouts."""
    return ws.settings.root / "templates" / "layouts"
