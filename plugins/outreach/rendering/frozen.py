"""Content as JSON and back, with a format number, so that an old edition stays readable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from outreach.errors import InputError
from outreach.providers.base import Content, Pieces

FORMAT = 2
"""Raised whenever the JSON's shape changes, the meaning of a slot, or how a message is written."""

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
    """Return the content of any format that was ever written. Raises InputError for another."""
    if format not in READERS:
        raise InputError(
            f"this edition was frozen in format {format}, and this version reads format "
            f"{', '.join(map(str, READERS))}; use the version that prepared it, or prepare it again"
        )
    return READERS[format](data)


def _read_1(data: Json) -> Content:
    return replace(_read_2(data), mime=1)


def _read_2(data: Json) -> Content:
    return Content(_pieces(data["subject"]), _pieces(data["text"]), _pieces(data["html"]))


def _pieces(data: Json) -> Pieces:
    return Pieces(tuple(data["literals"]), tuple(data["slots"]))


READERS: dict[int, Callable[[Json], Content]] = {1: _read_1, 2: _read_2}
"""How each format that was ever written is read. A line is never taken away nor its meaning
changed: messages of years ago are shown from it, byte for byte."""
