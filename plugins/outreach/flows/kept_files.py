"""The files that we keep, and the messages in the outbox: who is in them, and taking them out."""

from __future__ import annotations

import csv
import os
from collections.abc import Container, Iterator
from dataclasses import dataclass
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from pathlib import Path

from outreach.flows.file_search import UNREADABLE, is_plain, named_in_broken, named_in_workbook
from outreach.ledger.contacts import address_pattern, seen
from outreach.sources.tables import Table, examine

KEPT = ("processed", "quarantine", "inbox")
"""Folders under contacts/ that hold files people or systems dropped."""

_BOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})

FILES, UNREAD, MESSAGES = (
    "kept files",
    "kept files that could not be read",
    "written messages",
)


def erase_files(contacts: Path, home: Path, address: str, person: str) -> dict[str, int]:
    """Take a person out of kept files and written messages; return counts by place.

    A CSV is written again without their rows. Any other table is removed whole: it is only a
    copy of what was imported. `person` is the keyed hash of the address in hex.
    """
    counts = {FILES: 0, UNREAD: 0}
    for path in _kept(contacts):
        found = _look(path, address)
        if found.table and found.rows:
            keep_without(path, found.table, found.rows)
        elif found.named:
            path.unlink()
        counts[FILES] += found.named
        counts[UNREAD] += found.unsure
    messages = [path for path in _written(home) if _is_to(path, address)]
    messages += _previews(home, person)
    for path in messages:
        path.unlink()
    return {**counts, MESSAGES: len(messages)}


def find_in_files(contacts: Path, home: Path, address: str, person: str) -> dict[str, int]:
    """Count the kept files and written messages that name a person, changing none."""
    looks = [_look(path, address) for path in _kept(contacts)]
    written = sum(_is_to(path, address) for path in _written(home))
    return {
        FILES: sum(one.named for one in looks),
        UNREAD: sum(one.unsure for one in looks),
        MESSAGES: written + len(_previews(home, person)),
    }


def preview_name(person: str) -> str:
    """Return the name, without ending, of a preview of one person's message."""
    return f"contact-{person[:16]}"


@dataclass(frozen=True, slots=True)
class _Look:
    """Whether a file names somebody. `table` and `rows`: where only their rows need to go;
    `unsure` where it cannot be read and may name anybody."""

    named: bool
    unsure: bool = False
    table: Table | None = None
    rows: frozenset[int] = frozenset()


def _look(path: Path, address: str) -> _Look:
    try:
        table = examine(path)
        rows = frozenset(_rows_of(table, address))
        if table.text:
            return _Look(bool(rows), table=table, rows=rows)
        inside = path.suffix.lower() in _BOOKS and named_in_workbook(path, address)
        return _Look(bool(rows) or inside)
    except UNREADABLE:
        named = named_in_broken(path, address)
        return _Look(named, unsure=not named and not is_plain(path))


def keep_without(path: Path, table: Table, numbers: Container[int]) -> None:
    """Write a kept CSV again without these rows; remove any other, only a copy, whole."""
    if table.text is None:
        path.unlink()
        return
    draft = path.with_name(f".{path.name}.part")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=table.text.delimiter)
        for row in table.rows():
            if row.number not in numbers:
                writer.writerow(row.cells)
    draft.replace(path)


def _kept(contacts: Path) -> Iterator[Path]:
    for folder in KEPT:
        yield from sorted(p for p in (contacts / folder).rglob("*") if p.is_file())


def _written(home: Path) -> list[Path]:
    return sorted((home / "outbox").rglob("*.eml"))


def _rows_of(table: Table, address: str) -> set[int]:
    exact = address_pattern(address)
    return {
        row.number for row in table.rows() if any(exact.search(seen(cell)) for cell in row.cells)
    }


def _previews(home: Path, person: str) -> list[Path]:
    return sorted((home / "preview").rglob(f"{preview_name(person)}.*"))


def _is_to(path: Path, address: str) -> bool:
    with path.open("rb") as file:
        headers = BytesHeaderParser(policy=policy.default).parse(file)
    to = [found.lower() for _, found in getaddresses([str(v) for v in headers.get_all("To", [])])]
    return address in to
