"""Messy lists as files: CSV in each encoding and with each delimiter, and XLSX."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bench.messy import Messy, Truth
from bench.messy_forms import Fits

_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Form:
    """How a list is saved; `encoding` is "" for a workbook."""

    name: str
    encoding: str = ""
    delimiter: str = ","

    @property
    def suffix(self) -> str:
        """The file's ending."""
        return ".csv" if self.encoding else ".xlsx"

    def fits(self, text: str) -> bool:
        """Return whether the file can hold a text."""
        if not self.encoding:
            return not _NOT_IN_XML.search(text)
        with suppress(UnicodeEncodeError):
            text.encode(self.encoding)
            return True
        return False


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("utf-8", "utf-8"),
        Form("utf-8 with a mark", "utf-8-sig", ";"),
        Form("cp1252", "cp1252", ";"),
        Form("utf-16", "utf-16", "\t"),
        Form("xlsx"),
    )
}


def fits_all(text: str) -> bool:
    """Return whether every form of file can hold a text."""
    return all(form.fits(text) for form in FORMS.values())


def write(
    folder: Path, messy: Messy, form: Form, *, fits: Fits | None = None, mix: int = 0
) -> Truth:
    """Write a list to `folder` under `file_name`, and return what is true of it."""
    truth = Truth()
    messy = replace(messy, fits=fits or form.fits)
    rows = messy.table(truth, mix=mix)
    path = folder / file_name(form, mix)
    if form.encoding:
        with path.open("w", encoding=form.encoding, newline="") as file:
            out = csv.writer(file, delimiter=form.delimiter)
            out.writerow(messy.headings())
            out.writerows(rows)
    else:
        _workbook(path, [messy.headings()], rows)
    return truth


def file_name(form: Form, mix: int = 0) -> str:
    """Return the name that `write` gives a file."""
    return f"{form.name.replace(' ', '-')}-{mix}{form.suffix}"


def _workbook(
    path: Path, headings: Iterable[tuple[str, ...]], rows: Iterable[tuple[str, ...]]
) -> None:
    import openpyxl  # a tool of the tests; lists of text do without
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for table in (headings, rows):
        for row in table:
            cells = [WriteOnlyCell(sheet, _as_excel(text) if text else None) for text in row]
            for cell in cells:
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # what begins with = was typed as text
            sheet.append(cells)
    book.save(path)


def _as_excel(text: str) -> str | datetime:
    with suppress(ValueError):
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - Excel knows no zone
    return text
