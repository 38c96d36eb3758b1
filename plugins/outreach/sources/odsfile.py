"""ODS workbooks (LibreOffice, Google Sheets): looked over for bombs, then read by calamine.

A few bytes can repeat a cell a million times in both directions, so the block that calamine
would hold is measured first, by a parser that keeps nothing and refuses entities.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from xml.parsers import expat

from outreach.errors import Fault, InputError
from outreach.sources.xlsxfile import (
    DAMAGED,
    MAX_CELLS,
    MAX_ENTRIES,
    MAX_UNPACKED,
    too_wide,
    unpacked,
)

_MIME = b"application/vnd.oasis.opendocument.spreadsheet"
_CONTENT = "content.xml"


def guard(path: Path) -> None:
    """Raise InputError where reading the workbook would not stay within bounds."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if _CONTENT not in entries or len(entries) > MAX_ENTRIES:
                raise InputError(Fault("a zip, but not an ODS workbook", path.name))
            _refuse_password(path, archive, entries)
            area = _Area(path.name)
            for block in unpacked(path, [entries[_CONTENT]], MAX_UNPACKED):
                area.feed(block)
            area.close()
    except expat.ExpatError:
        raise InputError(Fault(DAMAGED, path.name)) from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError):
        raise InputError(Fault(DAMAGED, path.name)) from None


def is_ods(archive: zipfile.ZipFile) -> bool:
    """Whether an open zip says of itself that it is an ODS workbook."""
    try:
        with archive.open("mimetype") as file:
            return file.read(len(_MIME) + 1).strip() == _MIME
    except (KeyError, RuntimeError):
        return False


def _refuse_password(
    path: Path, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]
) -> None:
    manifest = entries.get("META-INF/manifest.xml")
    if manifest is None or manifest.file_size > 1 << 20:
        return
    with archive.open(manifest) as file:
        if b"encryption-data" in file.read(1 << 20):
            said = "the workbook has a password; save it without one, or as CSV UTF-8"
            raise InputError(Fault(said, path.name))


class _Area:
    """How large the dense block of each sheet would be."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._row = self._height = self._width = 0
        self._column = self._reach = 0
        self._times = self._repeat = 1
        self._told = False
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        self._parser = parser

    def feed(self, block: bytes) -> None:
        """Take the next bytes of content.xml."""
        self._parser.Parse(block, False)

    def close(self) -> None:
        """Say that there are no more. Raises ExpatError where the document is cut short."""
        self._parser.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        said = "the workbook declares entities, which no spreadsheet does; save it as CSV UTF-8"
        raise InputError(Fault(said, self._name))

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "table:table":
            self._row = self._height = self._width = 0
        elif name == "table:table-row":
            self._column = self._reach = 0
            self._repeat = _times(given, "table:number-rows-repeated")
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._times = _times(given, "table:number-columns-repeated")
            self._told = "office:value-type" in given

    def _text(self, text: str) -> None:
        self._told = self._told or not text.isspace()

    def _end(self, name: str) -> None:
        if name in ("table:table-cell", "table:covered-table-cell"):
            self._column += self._times
            if self._told:
                self._reach = self._column
            self._told = False
        elif name == "table:table-row":
            self._row += self._repeat
            if self._reach:
                self._height, self._width = self._row, max(self._width, self._reach)
                if self._height * self._width > MAX_CELLS:
                    raise too_wide(self._name, self._height, self._width)


def _times(given: dict[str, str], name: str) -> int:
    said = given.get(name, "1")
    return int(said) if said.isdecimal() and len(said) < 10 else MAX_CELLS + 1
