"""Content as JSON and back, with a format number, so that an old edition stays readable."""

from __future__ import annotations

from typing import Any

from outreach.errors import InputError
from outreach.providers.base import Content, Pieces

FORMAT = 1
"""Raised whenever the JSON's shape or the meaning of a slot changes."""

Json = dict[str, Any]


def to_json(content: Content) -> Json:
    """Return `content` as values that JSON can hold."""
    return {
        name: {"literals": list(pieces.literals), "slots": list(pieces.slots)}
        for name, pieces in (
            ("subject", content.subject),
            ("text", content.text),
            ("html", content.html),
        )
    }


def from_json(data: Json, format: int = FORMAT) -> Content:  # noqa: A002 - the column's name
    """Return the content that `to_json` gave. Raises InputError for another format."""
    if format != FORMAT:
        raise InputError(
            f"this edition was frozen in format {format}, and this version reads format {FORMAT}; "
            "finish it with the version that prepared it, or prepare it again"
        )
    return Content(*(_pieces(data[name]) for name in ("subject", "text", "html")))


def _pieces(data: Json) -> Pieces:
    return Pieces(tuple(data["literals"]), tuple(data["slots"]))
