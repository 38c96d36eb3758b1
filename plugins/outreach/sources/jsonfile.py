"""JSON files: a list of records, each an object of plain values, as rows of a table.

The headings are the records' keys in the order in which they first stand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from outreach.errors import Fault, InputError

MAX_SIZE = 50 * 1024 * 1024
MAX_KEYS = 250


class _Twice(Exception):
    """A record has two values of one name."""


def guard(path: Path) -> None:
    """Raise InputError where the file is larger than is read."""
    if path.stat().st_size > MAX_SIZE:
        said = f"larger than {MAX_SIZE >> 20} MB; split it, or save a list this long as CSV"
        raise InputError(Fault(said, path.name))


def rows(path: Path, records: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (number, cells): the headings as row 1, the first record as row 2.

    `records` is the dotted path to the list; empty where the document is the list itself.
    Raises InputError where it is no list of flat records.
    """
    found = _listed(path.name, _document(path), records)
    keys = _keys(path.name, found)
    if keys:
        yield 1, keys
    for number, record in enumerate(found, 2):
        yield number, [_text(path.name, number, key, record.get(key)) for key in keys]


def at(document: Any, dotted: str) -> Any:
    """Return what stands at a dotted path of keys, None where there is nothing."""
    for key in filter(None, dotted.split(".")):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _document(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(
            text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_once
        )
    except _Twice as twice:
        said = f"one record has the name {twice} twice, and only one could be kept; export it again"
        raise InputError(Fault(said, path.name)) from None
    except (ValueError, RecursionError):
        raise InputError(
            Fault("it is not valid JSON (UTF-8); export it again", path.name)
        ) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return found


def _listed(name: str, document: Any, records: str) -> list[dict[str, Any]]:
    found = at(document, records) if records else document
    if not isinstance(found, list):
        named = document.items() if isinstance(document, dict) else ()
        lists = [key for key, value in named if isinstance(value, list)]
        near = f"; say records: {lists[0]}" if len(lists) == 1 and not records else ""
        where = f"at {records}" if records else "at the top"
        raise InputError(Fault(f"there is no list of records {where}{near}", name))
    for number, record in enumerate(found, 2):
        if not isinstance(record, dict):
            raise InputError(Fault("a record is not an object of names and values", name, number))
    return found


def _keys(name: str, found: list[dict[str, Any]]) -> list[str]:
    keys: dict[str, None] = {}
    for record in found:
        keys.update(dict.fromkeys(record))
        if len(keys) > MAX_KEYS:
            said = f"more than {MAX_KEYS} different names of values; is this the right file?"
            raise InputError(Fault(said, name))
    return list(keys)


def _text(name: str, number: int, key: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, dict | list):
        said = (
            "holds values inside a value; name the value itself in what exports it, or flatten it "
            "to one name with one value"
        )
        raise InputError(Fault(said, name, number, key))
    return str(value)
