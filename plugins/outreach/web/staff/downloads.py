"""CSV files that are safe to open in a spreadsheet, streamed row by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from fastapi.responses import StreamingResponse

from outreach.exports import safe_cell
from outreach.web.staff.pages import security_headers

_ROWS_AT_A_TIME = 1_000


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Any]) -> StreamingResponse:
    """Return a download called `name`.csv with the attributes `columns` of each row."""
    shown = re.sub(r"[^A-Za-z0-9@._-]+", "-", name)
    headers = {
        **security_headers(),
        "Content-Disposition": f'attachment; filename="{shown}.csv"',
    }
    lines = _lines(columns, iter(rows))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _lines(columns: Sequence[str], rows: Iterator[Any]) -> Iterator[str]:
    cells = attrgetter(*columns)
    yield _text([columns])
    while chunk := list(islice(rows, _ROWS_AT_A_TIME)):
        yield _text([safe_cell(value) for value in cells(row)] for row in chunk)


def _text(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
