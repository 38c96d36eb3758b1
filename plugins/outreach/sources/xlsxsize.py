"""How much memory a workbook's parts would take once opened, found by parsing them in a stream.

Any part may be named as a sheet, so each is looked at as if it were one. What calamine would
read otherwise than a strict parser does (a document type, broken XML) is refused where the part
holds cells or the strings that cells share.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

_PLACE = re.compile(r"([A-Za-z]{1,9})([0-9]{1,18})")
_MATTERS = (b"sheetData", b"<sst", b":sst")
_LONGEST_TAG = 1 << 20
_INSIDE = frozenset({"v", "is", "t", "f"})
"""What stands inside nearly every cell or shared string, and says nothing of a size."""


class Unreadable(ValueError):
    """A part that holds cells or strings and is not plain, well-formed XML."""


@dataclass(frozen=True, slots=True)
class PartSize:
    """One part: its furthest row and column, its cells, and the lengths of its shared strings."""

    rows: int = 0
    columns: int = 0
    cells: int = 0
    strings: Sequence[int] = ()


def measured(blocks: Iterable[bytes]) -> PartSize:
    """Return the size of a part from its unpacked content. Raises Unreadable."""
    look = _Look()
    _parse(look.parser, blocks)
    return PartSize(look.rows, look.columns, look.cells, look.strings)


def shared_text(blocks: Iterable[bytes], strings: Sequence[int]) -> int:
    """Return how many characters the cells of a part hold that share strings. Raises Unreadable.

    `strings`: the length of each shared string.
    """
    sharing = _Sharing(strings)
    _parse(sharing.parser, blocks)
    return sharing.characters


def _parse(parser: expat.XMLParserType, blocks: Iterable[bytes]) -> None:
    matters, broken, tail, fed = False, False, b"", 0
    for block in blocks:
        seen = tail + block
        matters = matters or any(word in seen for word in _MATTERS)
        tail, fed = seen[-16:], fed + len(block)
        if not broken:
            broken = _broken(parser, block, False) or fed - parser.CurrentByteIndex > _LONGEST_TAG
        if broken and matters:
            raise Unreadable
    if fed and matters and _broken(parser, b"", True):
        raise Unreadable


def _broken(parser: expat.XMLParserType, block: bytes, last: bool) -> bool:
    try:
        parser.Parse(block, last)
    except (expat.ExpatError, Unreadable, LookupError, ValueError):
        return True
    return False


def _new_parser() -> expat.XMLParserType:
    def refuse(*_: Any) -> None:
        raise Unreadable

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    return parser


class _Look:
    """Where each cell is: by the place it names, or one further than the last."""

    def __init__(self) -> None:
        self.rows = self.columns = self.cells = 0
        self.strings: array[int] = array("I")
        self._row, self._column, self._said = 0, 0, ""
        self._letters: dict[str, int] = {}
        self.parser = _new_parser()
        self.parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            # Nearly every cell: in a column known by now, and in the row that it stands in.
            known = self._letters.get(attributes.get("r", "").removesuffix(self._said))
            if known:
                self.cells += 1
                self._column = known
                return
        elif name in _INSIDE:
            return
        self._start_other(name.rpartition(":")[2], attributes)

    def _start_other(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._cell(attributes.get("r"))
        elif name == "row":
            said = attributes.get("r")
            self._row = _number(said) if said is not None else self._row + 1
            self._column, self._said = 0, said or ""
            self.rows = max(self.rows, self._row)
        elif name == "si":
            self.strings.append(0)
        elif name == "sst":
            self.parser.CharacterDataHandler = self._text

    def _cell(self, place: str | None) -> None:
        self.cells += 1
        if place is None:
            self._column += 1
        elif found := _PLACE.fullmatch(place):
            self._column = self._column_of(found[1])
            self.rows = max(self.rows, _number(found[2]))
        else:
            raise Unreadable
        self.columns = max(self.columns, self._column)

    def _column_of(self, letters: str) -> int:
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - 64
        self._letters[letters] = number
        return number

    def _text(self, text: str) -> None:
        if self.strings:
            self.strings[-1] += len(text)


class _Sharing:
    """How long what the cells share would be, were each to hold its own."""

    def __init__(self, strings: Sequence[int]) -> None:
        self.characters = 0
        self._strings = strings
        self._shares = False
        self._index = ""
        self.parser = _new_parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._shares = attributes.get("t") == "s"
        elif name == "v" and self._shares:
            self._index = ""
            self.parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        self._index += text[:20]

    def _end(self, name: str) -> None:
        if self._shares and name.rpartition(":")[2] == "v":
            self.parser.CharacterDataHandler = None
            place = _number(self._index.strip() or "0")
            if place < len(self._strings):
                self.characters += self._strings[place]


def _number(said: str) -> int:
    if not said.isascii() or not said.isdigit() or len(said) > 18:
        raise Unreadable
    return int(said)
