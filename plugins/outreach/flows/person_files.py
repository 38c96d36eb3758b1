"""One person's data in files: written for them, and erased from those that we keep."""

from __future__ import annotations

import csv
import html
import json
import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from outreach.clock import london
from outreach.errors import InputError
from outreach.ledger.contacts import Facts, address_pattern, seen
from outreach.sources.tables import Table, examine

KEPT = ("processed", "quarantine", "inbox")
"""Folders under contacts/ that hold files people or systems dropped."""

_SECTIONS = {
    "contact": "Who you are to us",
    "bases": "Why we may write to you",
    "pledges": "Pledges",
    "suppressions": "What stops us writing to you",
    "deliveries": "Emails",
    "exclusions": "Emails you were not chosen for",
    "events": "What happened to the emails",
    "quarantined": "Rows about you that were not taken",
}


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that its owner alone can read; text as UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def as_json(address: str, summary: str, facts: Facts) -> str:
    """Return everything as JSON, times in UTC."""
    body = {"address": address, "summary": summary}
    return json.dumps({**body, **_by_section(facts)}, indent=2, ensure_ascii=False, default=str)


def as_html(address: str, summary: str, facts: Facts) -> str:
    """Return everything as one page that reads without any other file, times in London's."""
    parts = [
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>What we hold about you</title>'
        "<style>body{font:1.1rem/1.5 Arial,sans-serif;max-width:60rem;margin:2rem auto;"
        "padding:0 1rem;color:#212b32;background:#fff}th,td{text-align:left;padding:.3rem 1rem "
        ".3rem 0;vertical-align:top;border-bottom:1px solid #aeb7bd}td{overflow-wrap:anywhere}"
        "</style></head><body><main><h1>What we hold about you</h1>"
        f"<p>{html.escape(address)}: {html.escape(summary)}</p>"
    ]
    for name, rows in _by_section(facts).items():
        parts.append(f"<h2>{_SECTIONS[name]}</h2>")
        parts += [_table(row) for row in rows] or ["<p>Nothing.</p>"]
    return "".join(parts) + "</main></body></html>\n"


WRITERS: dict[str, Callable[[str, str, Facts], str]] = {".json": as_json, ".html": as_html}


def _by_section(facts: Facts) -> dict[str, Sequence[Mapping[str, Any]]]:
    found = {item.name: getattr(facts, item.name) for item in fields(facts)}
    found["contact"] = (facts.contact,) if facts.contact else ()
    return {name: found[name] for name in _SECTIONS}


def _table(row: Mapping[str, Any]) -> str:
    lines = [
        f'<tr><th scope="row">{html.escape(name.replace("_", " "))}</th>'
        f"<td>{html.escape(_shown(value))}</td></tr>"
        for name, value in row.items()
        if value not in (None, "")
    ]
    return f"<table>{''.join(lines)}</table>"


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return london(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {cell}" for key, cell in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def erase_files(contacts: Path, home: Path, address: str) -> dict[str, int]:
    """Take a person out of kept files and written messages; return counts by place.

    A CSV is written again without their rows. A workbook is removed whole: it is only a copy
    of what was imported.
    """
    counts = {"kept files": 0, "kept files that could not be read": 0}
    for folder in KEPT:
        for path in sorted(p for p in (contacts / folder).rglob("*") if p.is_file()):
            try:
                counts["kept files"] += _erase_from(path, address)
            except InputError:
                counts["kept files that could not be read"] += _erase_unread(path, address)
    counts["written messages"] = sum(
        _erase_message(path, address) for path in sorted((home / "outbox").rglob("*.eml"))
    )
    return counts


def _erase_from(path: Path, address: str) -> bool:
    table = examine(path)
    exact = address_pattern(address)
    theirs = {
        row.number for row in table.rows() if any(exact.search(seen(cell)) for cell in row.cells)
    }
    if theirs:
        keep_without(path, table, theirs)
    return bool(theirs)


def keep_without(path: Path, table: Table, numbers: Container[int]) -> None:
    """Write a kept CSV again without these rows; remove a workbook, only a copy, whole."""
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


def _erase_unread(path: Path, address: str) -> bool:
    """Remove a file that is no table where it names the address; count it if it may."""
    data = path.read_bytes()
    if address.encode() in data.lower():
        path.unlink()
        return False
    return not data.isascii()


def _erase_message(path: Path, address: str) -> bool:
    with path.open("rb") as file:
        headers = BytesHeaderParser(policy=policy.default).parse(file)
    to = [found.lower() for _, found in getaddresses([str(v) for v in headers.get_all("To", [])])]
    if address not in to:
        return False
    path.unlink()
    return True
