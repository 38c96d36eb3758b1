"""Files that a person downloads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi.responses import Response, StreamingResponse

from outreach.web.staff.pages import security_headers


def csv_file(name: str, lines: Iterator[str]) -> StreamingResponse:
    """Return a download called `name`.csv of these CSV lines, sent as they are made."""
    headers = download_headers(f"{name}.csv")
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def one_file(name: str, data: bytes, kind: str) -> Response:
    """Return a download called `name`, of this media type."""
    return Response(data, media_type=kind, headers=download_headers(name))


def download_headers(name: str) -> dict[str, str]:
    """Return the headers of a download called `name`."""
    shown = re.sub(r"[^A-Za-z0-9@._-]+", "-", name)
    return {**security_headers(), "Content-Disposition": f'attachment; filename="{shown}"'}
