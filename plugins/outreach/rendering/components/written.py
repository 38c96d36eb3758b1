"""Components that stand for more copy, written out before Jinja reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from outreach.rendering.components import area_fact, resources

_FORMS: dict[str, Callable[[], list[str]]] = {
    "area-fact": area_fact.written_out,
    "resources": resources.written_out,
}
_OPENING = re.compile(r":{3,}[ \t]*([a-z-]+)[ \t]*")
_CLOSING = re.compile(r":{3,}[ \t]*")


@dataclass(frozen=True, slots=True)
class WrittenOut:
    """Copy with nothing left to write out; `lines`: each line's number (from 1) as it was."""

    text: str
    lines: tuple[int, ...]


def written_out(body: str) -> WrittenOut:
    """Return `body` with every `::: area-fact` and `::: resources` as the copy it stands for."""
    given = body.split("\n")
    text: list[str] = []
    lines: list[int] = []
    index = 0
    while index < len(given):
        form = _form(given, index)
        made = form() if form else [given[index]]
        text += made
        lines += [index + 1] * len(made)
        index += 2 if form else 1
    return WrittenOut("\n".join(text), tuple(lines))


def _form(given: list[str], index: int) -> Callable[[], list[str]] | None:
    opening = _OPENING.fullmatch(given[index])
    if not opening or index + 1 >= len(given) or not _CLOSING.fullmatch(given[index + 1]):
        return None
    return _FORMS.get(opening[1])
