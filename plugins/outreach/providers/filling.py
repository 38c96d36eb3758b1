"""Slots -> text, for every provider that writes whole messages itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from outreach.errors import Rejected
from outreach.providers.base import Content, Pieces

# Everything that some mail software takes for the end of a line, and the other controls.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")


def without_addresses(words: str) -> str:
    """Return a provider's words with every mail address taken out: they reach logs."""
    return _ADDRESS.sub("(an address)", words)


def join(pieces: Pieces, values: Sequence[str]) -> str:
    """Return the text with each slot filled by its value as it stands."""
    parts = [pieces.literals[0]]
    for slot, literal in zip(pieces.slots, pieces.literals[1:], strict=True):
        parts += (values[slot], literal)
    return "".join(parts)


def join_escaped(pieces: Pieces, values: Sequence[str]) -> str:
    """Return the text with each slot filled by its value, escaped for HTML."""
    parts = [pieces.literals[0]]
    for slot, literal in zip(pieces.slots, pieces.literals[1:], strict=True):
        parts += (escape(values[slot]), literal)
    return "".join(parts)


def one_line(text: str) -> str:
    """Return `text` with every control and line separator turned into one space."""
    return _CONTROLS.sub(" ", text)


def slots_of(content: Content) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the slots that enter plain text (subject, text part) and those that enter HTML."""
    plain = {*content.subject.slots, *content.text.slots}
    return tuple(sorted(plain)), tuple(sorted(set(content.html.slots)))


def check_values(content: Content, values: Sequence[object]) -> None:
    """Raise Rejected where a person, or each of many, has fewer values than there are slots."""
    plain, html = slots_of(content)
    if max((*plain, *html), default=-1) >= len(values):
        raise Rejected("a person's values do not fill all the slots of this variant")
