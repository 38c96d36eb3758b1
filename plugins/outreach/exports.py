"""CSV files that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

_DANGEROUS = frozenset("=+-@\t\r\n")


def safe_cell(value: object) -> str:
    """Return a cell's text that no spreadsheet takes for a formula.

    One that begins with = + - @, a tab or a line end, also after spaces or invisible
    characters, gets an apostrophe in front. Reading the file back takes it off again.
    """
    text = "" if value is None else str(value)
    if text[:1].isalnum() and text[:1].isascii():
        return text
    for character in text:
        if unicodedata.normalize("NFKC", character)[:1] in _DANGEROUS:
            return f"'{text}"
        if not (character.isspace() or unicodedata.category(character) in ("Cc", "Cf")):
            break
    return text


def write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Iterable[object]], *, mark: bool = False
) -> int:
    """Write rows to `path` (UTF-8) whole or not at all, for its owner alone; return how many.

    `mark` begins it with the mark by which Excel knows UTF-8, for a file that is edited there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    count = 0
    try:
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8-sig" if mark else "utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([safe_cell(name) for name in header])
            for row in rows:
                writer.writerow([safe_cell(cell) for cell in row])
                count += 1
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count
