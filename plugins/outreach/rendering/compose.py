"""One person's message: fixed pieces joined with that person's values."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from outreach.providers.base import Content, Pieces

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Message:
    """What one person reads: a subject line, the text part, the HTML part."""

    subject: str
    text: str
    html: str


def message(content: Content, values: Sequence[str]) -> Message:
    """Return the message of one person. `values` are plain; they are escaped for the HTML."""
    escaped = [html.escape(value) for value in values]
    return Message(
        subject=join(content.subject, values),
        text=join(content.text, values),
        html=join(content.html, escaped),
    )


def join(pieces: Pieces, values: Sequence[str]) -> str:
    """Return literals and values, one after the other."""
    parts = [pieces.literals[0]]
    for slot, literal in zip(pieces.slots, pieces.literals[1:], strict=True):
        parts += (values[slot], literal)
    return "".join(parts)


def with_links(values: Sequence[T], unsubscribe: T, view: T) -> tuple[T, ...]:
    """Return `values`, of one person or of many by slot, with the links in their slots, 0 and 1."""
    return (unsubscribe, view, *values[2:])
