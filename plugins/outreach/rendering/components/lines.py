"""A template's text as lines and Jinja's tags, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from outreach.rendering.sandbox import copy_environment

PRINTED = "\ufffc"
"""Stands in a line for what `{{ }}` prints."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; `tagged`: a `{% %}` stands within it. `number` counts from 1."""

    number: int
    text: str
    tagged: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """One `{% word ... %}`."""

    number: int
    word: str


class _Lines:
    def __init__(self) -> None:
        self.text = ""
        self.number = 1
        self.tagged = False

    def data(self, number: int, text: str) -> Iterator[Line]:
        for offset, piece in enumerate(text.split("\n")):
            if offset:
                yield from self.end(number + offset)
            elif not self.text:
                self.number = number
            self.text += piece

    def end(self, following: int) -> Iterator[Line]:
        yield Line(self.number, self.text, self.tagged)
        self.text, self.number, self.tagged = "", following, False

    def tag(self, number: int) -> None:
        if not self.text:
            self.number = number
        self.tagged = bool(self.text.strip())


def parts_of(text: str) -> Iterator[Line | Tag]:
    """Yield the lines and tags of a template. Raises TemplateSyntaxError where Jinja cannot read.

    A tag alone on its line leaves no line; a tag in the midst of one comes before that line.
    """
    lines = _Lines()
    word: str | None = None
    for number, kind, value in copy_environment().lex(text):
        if kind == "data":
            yield from lines.data(number, value)
        elif kind == "variable_begin":
            yield from lines.data(number, PRINTED)
        elif kind == "block_begin":
            word = ""
        elif kind == "name" and word == "":
            word = value
        elif kind == "block_end":
            lines.tag(number)
            yield Tag(number, word or "")
            word = None
    yield from lines.end(0)
