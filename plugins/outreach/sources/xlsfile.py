"""XLS workbooks (Excel 97 to 2003): looked over first, then read by calamine.

An XLS file is a small file system of sectors. Its chains are followed here only to find whether
it has a password, and how large the dense block of each sheet would be.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from outreach.errors import Fault, InputError
from outreach.sources.xlsxfile import DAMAGED, MAX_CELLS, too_wide

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_SIZE = 100 * 1024 * 1024
MAX_TEXT = 200 * 1024 * 1024
"""The characters of all cells together; a text that stands once may be shown by many."""

PASSWORD = "the workbook has a password; save it without one, or as CSV UTF-8"  # noqa: S105

_END = 0xFFFFFFFA
_CELLS = frozenset({0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6})
_MANY = frozenset({0x00BD, 0x00BE})
_BOF, _FILEPASS, _SST, _CONTINUE, _SHARED = 0x0809, 0x002F, 0x00FC, 0x003C, 0x00FD


def guard(path: Path) -> None:
    """Raise InputError where the file has a password or would not stay within bounds."""
    if path.stat().st_size > MAX_SIZE:
        raise InputError(Fault("far larger than an XLS list can be; save it as CSV", path.name))
    try:
        streams = _Compound(path.read_bytes())
        names = streams.names()
        if "encryptedpackage" in names:
            raise InputError(Fault(PASSWORD, path.name))
        book = next((names[name] for name in ("workbook", "book") if name in names), None)
        if book is None:
            raise InputError(Fault("an old Office file, but not an Excel workbook", path.name))
        _measure(path.name, streams.stream(book))
    except (struct.error, IndexError, ValueError):
        raise InputError(Fault(DAMAGED, path.name)) from None


@dataclass(frozen=True, slots=True)
class _Entry:
    start: int
    size: int


class _Compound:
    """The sectors of a compound file. Raises ValueError or IndexError where it is damaged."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        shift, small = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or small != 6:
            raise ValueError
        self._size = 1 << shift
        self._cutoff = struct.unpack_from("<L", data, 56)[0]
        self._fat = self._table()
        self._root = _Entry(0, 0)

    def names(self) -> dict[str, _Entry]:
        """Return each stream by its name in small letters."""
        listing = self._chain(struct.unpack_from("<L", self._data, 48)[0])
        found: dict[str, _Entry] = {}
        for at in range(0, len(listing) - 127, 128):
            length, kind = struct.unpack_from("<HB", listing, at + 64)
            start, size = struct.unpack_from("<LL", listing, at + 116)
            name = listing[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
            if kind == 5:
                self._root = _Entry(start, size)
            elif kind == 2:
                found.setdefault(name.lower(), _Entry(start, size))
        return found

    def stream(self, entry: _Entry) -> bytes:
        """Return a stream's bytes."""
        if entry.size >= self._cutoff:
            return self._chain(entry.start)[: entry.size]
        minis = self._chain(self._root.start)
        table = self._chain(struct.unpack_from("<L", self._data, 60)[0])
        links = struct.unpack(f"<{len(table) // 4}L", table)
        return b"".join(minis[n * 64 : n * 64 + 64] for n in _follow(entry.start, links))[
            : entry.size
        ]

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        return self._data[at : at + self._size]

    def _table(self) -> tuple[int, ...]:
        sectors = list(struct.unpack_from("<109L", self._data, 76))
        following, count = struct.unpack_from("<LL", self._data, 68)
        for _ in range(min(count, 1_000)):
            if following >= _END:
                break
            more = struct.unpack(f"<{self._size // 4}L", self._sector(following))
            sectors += more[:-1]
            following = more[-1]
        table = b"".join(self._sector(number) for number in sectors if number < _END)
        return struct.unpack(f"<{len(table) // 4}L", table[: len(table) // 4 * 4])

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in _follow(start, self._fat))


def _follow(start: int, links: tuple[int, ...]) -> Iterator[int]:
    for _ in range(len(links) + 1):
        if start >= _END:
            return
        yield start
        start = links[start]
    raise ValueError  # it goes round in a circle


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size


def _measure(name: str, book: bytes) -> None:
    height = width = shown = 0
    shared: list[bytes] = []
    lengths: list[int] = []
    before = 0
    for kind, body in _records(book):
        if kind == _FILEPASS:
            raise InputError(Fault(PASSWORD, name))
        if kind == _SST or (kind == _CONTINUE and before == _SST):
            shared.append(body)
            before = _SST
            continue
        before = kind
        if kind == _BOF:
            height = width = 0
            lengths = lengths or _lengths(shared)
        elif (kind in _CELLS or kind in _MANY) and len(body) >= 4:
            row, column = _corner(kind, body)
            height, width = max(height, row + 1), max(width, column + 1)
            shown += lengths[struct.unpack_from("<L", body, 6)[0]] if kind == _SHARED else 0
            _bound(name, height, width, shown)


def _corner(kind: int, body: bytes) -> tuple[int, int]:
    row, column = struct.unpack_from("<HH", body)
    if kind in _MANY:
        column = struct.unpack_from("<H", body, len(body) - 2)[0]
    return row, column


def _bound(name: str, height: int, width: int, shown: int) -> None:
    if height * width > MAX_CELLS:
        raise too_wide(name, height, width)
    if shown > MAX_TEXT:
        said = "holds far more text than a contact list needs; save a list this long as CSV"
        raise InputError(Fault(said, name))


def _lengths(parts: list[bytes]) -> list[int]:
    """Return how many characters each shared text has; `parts` are its record and what goes on.

    A text may go on in the next part, which then begins with a byte about its letters.
    """
    if not parts:
        return []
    count = min(struct.unpack_from("<L", parts[0], 4)[0], sum(map(len, parts)))
    found, part, at = [], 0, 8
    for _ in range(count):
        if at >= len(parts[part]):
            part, at = part + 1, 0
        letters, flags = struct.unpack_from("<HB", parts[part], at)
        at += 3
        runs = ext = 0
        if flags & 8:
            runs, at = struct.unpack_from("<H", parts[part], at)[0], at + 2
        if flags & 4:
            ext, at = struct.unpack_from("<L", parts[part], at)[0], at + 4
        found.append(letters)
        part, at = _past_letters(parts, part, at, letters, 1 + (flags & 1))
        part, at = _past(parts, part, at, runs * 4 + ext)
    return found


def _past_letters(
    parts: list[bytes], part: int, at: int, letters: int, width: int
) -> tuple[int, int]:
    while letters:
        here = min(letters, (len(parts[part]) - at) // width)
        letters, at = letters - here, at + here * width
        if letters:
            part, at = part + 1, 1
            width = 1 + (parts[part][0] & 1)
    return part, at


def _past(parts: list[bytes], part: int, at: int, size: int) -> tuple[int, int]:
    while size > len(parts[part]) - at:
        size -= len(parts[part]) - at
        part, at = part + 1, 0
    return part, at + size
