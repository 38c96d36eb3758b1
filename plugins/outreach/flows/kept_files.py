"""The files that we keep, and the messages in the outbox: who is in them, and taking them out."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Container, Iterator
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from pathlib import Path

from outreach.errors import InputError
from outreach.ledger.contacts import address_pattern, seen
from outreach.sources.tables import Table, examine

KEPT = ("processed", "quarantine", "inbox")
"""Folders under contacts/ that hold files people or systems dropped."""

FILES, UNREAD, MESSAGES = (
    "kept files",
    "kept files that could not be read",
    "written messages",
)


def erase_files(contacts: Path, home: Path, address: str) -> dict[str, int]:
    """Take a person out of kept files and written messages; return counts by place.

    A CSV is written again without their rows. Any other table is removed whole: it is only a
    copy of what was imported.
    """
    counts = {FILES: 0, UNREAD: 0}
    for path in _kept(contacts):
        try:
            table = examine(path)
            theirs = _rows_of(table, address)
        except InputError:
            counts[UNREAD] += _erase_unread(path, address)
            continue
        if theirs:
            keep_without(path, table, theirs)
        counts[FILES] += bool(theirs)
    messages = [path for path in _written(home) if _is_to(path, address)]
    for path in messages:
        path.unlink()
    return {**counts, MESSAGES: len(messages)}


def find_in_files(contacts: Path, home: Path, address: str) -> dict[str, int]:
    """Count the kept files and written messages that name a person, changing none."""
    counts = {FILES: 0, UNREAD: 0}
    for path in _kept(contacts):
        try:
            counts[FILES] += bool(_rows_of(examine(path), address))
        except InputError:
            data = path.read_bytes()
            counts[UNREAD] += bool(in_json(address).search(data)) or not data.isascii()
    return {**counts, MESSAGES: sum(_is_to(path, address) for path in _written(home))}


def in_json(address: str) -> re.Pattern[bytes]:
    """Return a pattern for the address in JSON: any case, each sign plain or as an escape."""
    signs = (
        re.escape(c) if c.isalnum() else rf"(?:{re.escape(c)}|\\u{ord(c):04x})" for c in address
    )
    before = r"(?<![\w.!#$%&'*+/=?^`{|}~-])"
    return re.compile(f"{before}{''.join(signs)}(?![\\w-]|\\.\\w)".encode(), re.IGNORECASE)


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


def _erase_unread(path: Path, address: str) -> bool:
    """Remove a file that is no table where it names the address; count it if it may."""
    data = path.read_bytes()
    if in_json(address).search(data) or address.encode() in data.lower():
        path.unlink()
        return False
    return not data.isascii()


def _is_to(path: Path, address: str) -> bool:
    with path.open("rb") as file:
        headers = BytesHeaderParser(policy=policy.default).parse(file)
    to = [found.lower() for _, found in getaddresses([str(v) for v in headers.get_all("To", [])])]
    return address in to
