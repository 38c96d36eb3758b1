"""Everything known about one person, written to a file for them."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from outreach.clock import london
from outreach.ledger.contacts import Facts

_SECTIONS = {
    "contact": "Who you are to us",
    "statements": "What each source said of you, and when",
    "bases": "Why we may write to you",
    "tracking": "Whether we may count what you click",
    "pledges": "Pledges",
    "suppressions": "What stops us writing to you",
    "deliveries": "Emails",
    "exclusions": "Emails you were not chosen for",
    "events": "What happened to the emails",
    "resources": "Resources that we told you of",
    "quarantined": "Rows about you that were not taken",
    "matches": "How we found your organisation",
    "history": "What people did about you here",
    "erasures": "Erasures",
    "messages": "The emails as they were sent",
}


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that its owner alone can read; text as UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


Messages = Sequence[Mapping[str, str]]
"""The messages as they were sent, each with its edition."""


def as_json(address: str, summary: str, facts: Facts, messages: Messages = ()) -> str:
    """Return everything as JSON, times in UTC."""
    body = {"address": address, "summary": summary}
    return json.dumps(
        {**body, **_by_section(facts, messages)}, indent=2, ensure_ascii=False, default=str
    )


def as_html(address: str, summary: str, facts: Facts, messages: Messages = ()) -> str:
    """Return everything as one page that reads without any other file, times in London's."""
    parts = [
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>What we hold about you</title>'
        "<style>body{font:1.1rem/1.5 Arial,sans-serif;max-width:60rem;margin:2rem auto;"
        "padding:0 1rem;color:#212b32;background:#fff}th,td{text-align:left;padding:.3rem 1rem "
        ".3rem 0;vertical-align:top;border-bottom:1px solid #aeb7bd}td{overflow-wrap:anywhere;"
        "white-space:pre-line}"
        "</style></head><body><main><h1>What we hold about you</h1>"
        f"<p>{html.escape(address)}: {html.escape(summary)}</p>"
    ]
    for name, rows in _by_section(facts, messages).items():
        parts.append(f"<h2>{_SECTIONS[name]}</h2>")
        parts += [_table(row) for row in rows] or ["<p>Nothing.</p>"]
    return "".join(parts) + "</main></body></html>\n"


WRITERS: dict[str, Callable[[str, str, Facts, Messages], str]] = {
    ".json": as_json,
    ".html": as_html,
}


def _by_section(facts: Facts, messages: Messages) -> dict[str, Sequence[Mapping[str, Any]]]:
    found = {item.name: getattr(facts, item.name) for item in fields(facts)}
    found["contact"] = (facts.contact,) if facts.contact else ()
    found["messages"] = messages
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
