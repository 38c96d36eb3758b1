"""Files that a person downloads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi.responses import StreamingResponse

from outreach.web.staff.pages import security_headers


def csv_file(name: str, lines: Iterator[str]) -> StreamingResponse:
    """Return a download called `name`.csv of these CSV lines, sent as they are made."""
    shown = re.sub(r"[^A-Za-z0-9@._-]+", "-", name)
    headers = {
        **security_headers(),
        "Content-Disposition": f'attachment; filename="{shown}.csv"',
    }
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)
