"""Whether a file names somebody anywhere: hidden sheets, comments and broken tables too."""

from __future__ import annotations

import html
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import python_calamine

from outreach.addressform import spellings
from outreach.errors import InputError
from outreach.ledger.contacts import address_pattern, seen
from outreach.sources import xlsxfile

UNREADABLE = (
    InputError,
    python_calamine.CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
"""What looking into a workbook that is broken may raise."""

_BLOCK = 1 << 20
_OVERLAP = 4_096
"""Bytes: more than an address takes in any writing."""
_TAG = re.compile(r"<[^<>]*>")


def in_json(address: str) -> re.Pattern[bytes]:
    """Return a pattern for the address in JSON: any case, each sign plain or as an escape."""
    either = "|".join("".join(map(_sign, one)) for one in spellings(address))
    before = r"(?<![\w.!#$%&'*+/=?^`{|}~-])"
    return re.compile(f"{before}(?:{either})(?![\\w-]|\\.\\w)".encode(), re.IGNORECASE)


def _sign(sign: str) -> str:
    if sign.isascii() and sign.isalnum():
        return sign
    forms = dict.fromkeys((sign, sign.upper()))
    escapes = (
        json.dumps(one)[1:-1] if not sign.isascii() else f"\\u{ord(one):04x}" for one in forms
    )
    return f"(?:{'|'.join(map(re.escape, (*forms, *escapes)))})"


def named_in_workbook(path: Path, address: str) -> bool:
    """Whether any sheet or part of a workbook that was looked over names an address."""
    exact = address_pattern(address)
    return any(exact.search(seen(text)) for text in _texts(path))


def named_in_bytes(path: Path, address: str) -> bool:
    """Whether a file of any kind names an address in letters of one or two bytes."""
    wide = (
        re.escape(one.encode(f"utf-16-{end}"))
        for written in spellings(address)
        for one in (written, written.upper())
        for end in ("le", "be")
    )
    either = re.compile(b"|".join(wide), re.IGNORECASE)
    patterns = (in_json(address), either)
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if any(pattern.search(tail + block) for pattern in patterns):
                return True
            tail = block[-_OVERLAP:]
    return False


def named_in_broken(path: Path, address: str) -> bool:
    """Whether what is left of a file that is no table, packed or not, names an address."""
    if named_in_bytes(path, address):
        return True
    try:
        return zipfile.is_zipfile(path) and named_in_workbook(path, address)
    except UNREADABLE:
        return False


def is_plain(path: Path) -> bool:
    """Whether a file has nothing but ASCII letters, which can hide nobody."""
    with path.open("rb") as file:
        return all(block.isascii() for block in iter(lambda: file.read(_BLOCK), b""))


def _texts(path: Path) -> Iterator[str]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        for entry in entries:
            # A cell's letters may stand in several tags: one is written bold.
            part = b"".join(xlsxfile.unpacked(path, [entry], xlsxfile.MAX_UNPACKED))
            yield html.unescape(_TAG.sub("", part.decode("utf-8", "replace")))
            yield html.unescape(_TAG.sub(" ", part.decode("utf-8", "replace")))
        return
    with python_calamine.CalamineWorkbook.from_path(path) as book:
        for name in book.sheet_names:
            for row in book.get_sheet_by_name(name).iter_rows():
                yield from (str(cell) for cell in row)
