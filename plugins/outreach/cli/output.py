"""What commands print: words for a person, or one JSON document with --json."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from outreach.clock import london


class Output:
    """Results go to stdout, progress and errors to stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, value: Any, words: str) -> None:
        """Print a result: `value` as JSON with --json, else `words`."""
        print(json.dumps(plain(value), indent=2) if self.as_json else words)  # noqa: T201

    def say(self, words: str) -> None:
        """Print progress or advice, apart from the result."""
        print(words, file=sys.stderr, flush=True)  # noqa: T201

    def error(self, words: str) -> None:
        """Print what is wrong and what to do; with --json also as the result."""
        if self.as_json:
            print(json.dumps({"error": words}, indent=2))  # noqa: T201
        self.say(f"outreach: {words}")


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: dataclasses as objects, instants in ISO 8601."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as aligned text under a header; instants in London time."""
    shown = [list(header)] + [[_cell(cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in shown) for n in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return london(value)
    return "" if value is None else str(value)
