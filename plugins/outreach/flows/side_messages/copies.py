"""A message as its readers get it, with a line on top that says it is none of theirs."""

from __future__ import annotations

import re
from html import escape

from outreach.providers.base import Content, Pieces

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_BAND = (
    '<div role="note" style="background:#fff3bf;color:#212b32;padding:12px 16px;'
    'font:bold 16px/24px Arial,sans-serif">{}</div>'
)


def marked(content: Content, tag: str, line: str) -> Content:
    """Return `content` with `[tag]` before its subject and `line` on top of both its parts."""
    subject, text = content.subject, content.text
    return Content(
        Pieces((f"[{tag}] {subject.literals[0]}", *subject.literals[1:]), subject.slots),
        Pieces((f"{line}\n\n{text.literals[0]}", *text.literals[1:]), text.slots),
        Pieces(_with_band(content.html.literals, _BAND.format(escape(line))), content.html.slots),
    )


def _with_band(literals: tuple[str, ...], band: str) -> tuple[str, ...]:
    for place, literal in enumerate(literals):
        found = _BODY.search(literal)
        if found:
            with_it = literal[: found.end()] + band + literal[found.end() :]
            return (*literals[:place], with_it, *literals[place + 1 :])
    return (band + literals[0], *literals[1:])


def placeholders(content: Content, values: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return `values` where they fill every slot, and the places of the values otherwise."""
    slots = (*content.subject.slots, *content.text.slots, *content.html.slots, 1)
    needed = max(slots) + 1
    if values is not None and len(values) >= needed:
        return values
    return tuple(f"[value {place}]" for place in range(needed))
