"""What is wrong with the components of a file: unknown, unclosed, or cut in two by a condition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2.exceptions import TemplateSyntaxError

from outreach.errors import Fault
from outreach.rendering.components import COMPONENTS
from outreach.rendering.components.lines import PRINTED, Line, Tag, parts_of
from outreach.rendering.structure import Source
from outreach.wording import suggest

_MARK = re.compile(r"(\s*)(:{2,})[ \t]*(.*)")
_LEAST = 3
_OPENS = {"if", "for"}
_TURNS = {"else", "elif"}
_ENDS = {"endif", "endfor"}
_FENCE = re.compile(r" {0,3}(```|~~~)")


@dataclass(slots=True)
class _Open:
    """A component or a Jinja block that is not closed yet."""

    name: str
    number: int
    colons: int = 0
    words: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def is_component(self) -> bool:
        return self.colons > 0


class _Scan:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.stack: list[_Open] = []
        self.fence = ""
        self.faults: list[Fault] = []

    def run(self) -> tuple[Fault, ...]:
        for part in parts_of(self.source.text):
            if isinstance(part, Tag):
                self._tag(part)
            else:
                self._line(part)
        for left in [one for one in self.stack if one.is_component]:
            self._unclosed(left, "is never closed")
        return tuple(self.faults)

    def _fault(self, number: int, message: str) -> None:
        self.faults.append(self.source.fault(number, message))

    def _unclosed(self, left: _Open, said: str) -> None:
        mark = ":" * left.colons
        message = f"the {left.name} that opens here {said}; add a line with {mark} where it ends"
        self._fault(left.number, message)

    def _tag(self, tag: Tag) -> None:
        if tag.word in _OPENS:
            self.stack.append(_Open(tag.word, tag.number))
        if tag.word in _TURNS | _ENDS:
            while self.stack and self.stack[-1].is_component:
                said = f"is still open at {{% {tag.word} %}} on line {self._at(tag.number)}"
                self._unclosed(self.stack.pop(), said)
        if tag.word in _ENDS and self.stack:
            self.stack.pop()

    def _at(self, number: int) -> int:
        return self.source.line(number)

    def _line(self, line: Line) -> None:
        if self._fenced(line.text):
            return
        mark = _MARK.fullmatch(line.text)
        if not mark:
            self._inside(line.text)
        elif line.tagged:
            said = "a line that begins with ::: cannot hold {% %}"
            self._fault(line.number, f"{said}; put {{% if %}} on the lines round the component")
        elif mark[1]:
            self._fault(line.number, "take the spaces away before :::; it begins its line")
        elif mark[3]:
            self._opening(line.number, len(mark[2]), mark[3])
        else:
            self._closing(line.number, len(mark[2]))

    def _fenced(self, text: str) -> bool:
        found = _FENCE.match(text)
        if found and self.fence in ("", found[1]):
            self.fence = "" if self.fence else found[1]
            return True
        return bool(self.fence)

    def _inside(self, text: str) -> None:
        for one in self.stack:
            if one.is_component:
                one.lines.append(text)

    def _opening(self, number: int, colons: int, rest: str) -> None:
        name, _, words = rest.partition(" ")
        if colons < _LEAST:
            self._fault(number, f"a component begins with three colons: ::: {rest}")
            return
        if name not in COMPONENTS:
            said = f"there is no component “{name.replace(PRINTED, '{{ }}')}”"
            self._fault(number, said + suggest(name, COMPONENTS))
        outer = next((one for one in reversed(self.stack) if one.is_component), None)
        if outer and outer.colons <= colons:
            more = ":" * (colons + 1)
            said = f"this stands inside the {outer.name} of line {self._at(outer.number)}"
            advice = f"close that first, or open and close it with more colons: {more} {outer.name}"
            self._fault(number, f"{said}; {advice}")
        self._inside(rest)
        self.stack.append(_Open(name, number, colons, words.strip()))

    def _closing(self, number: int, colons: int) -> None:
        top = self.stack[-1] if self.stack else None
        if top is None or not top.is_component:
            self._misplaced(number)
            return
        if colons < top.colons:
            self._fault(number, f"the {top.name} here closes with {':' * top.colons}")
        self.stack.pop()
        component = COMPONENTS.get(top.name)
        said = component.problem(top.words, top.lines) if component else ""
        if said:
            self._fault(top.number, said)

    def _misplaced(self, number: int) -> None:
        outer = next((one for one in reversed(self.stack) if one.is_component), None)
        if outer is None:
            self._fault(number, "there is nothing here for this ::: to close; take it away")
            return
        said = f"this closes the {outer.name} of line {self._at(outer.number)}"
        tag = f"{{% {self.stack[-1].name} %}}"
        self._fault(number, f"{said} inside {tag}; put it after the end of {tag}")
        self.stack.remove(outer)


def component_faults(source: Source) -> tuple[Fault, ...]:
    """Return every fault of the components in a text, each with its line.

    Of a text that Jinja cannot read nothing is returned: that is told elsewhere.
    """
    try:
        return _Scan(source).run()
    except TemplateSyntaxError:
        return ()


def openings(text: str) -> Iterator[tuple[str, int]]:
    """Yield the name and the line (from 1) of each component that a text opens."""
    try:
        parts = list(parts_of(text))
    except TemplateSyntaxError:
        return
    for part in parts:
        mark = _MARK.fullmatch(part.text) if isinstance(part, Line) else None
        if mark and mark[3] and len(mark[2]) >= _LEAST:
            yield mark[3].partition(" ")[0], part.number
