"""A workbook that we write opens anywhere, runs nothing, and holds what was put in."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from outreach.workbook import MAX_CELL, write_xlsx

HEADER = ("Name", "Says")
ROWS = [
    ["Zoë <b>&amp;\"'", "  spaces stay  "],
    ["a\nb\tc", ""],
    ["\u202eevil", "𝔘𝔫𝔦 😀"],
]


def test_excels_readers_find_every_cell_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    assert write_xlsx(path, HEADER, ROWS) == 3
    sheet = load_workbook(path).active
    assert sheet is not None
    seen = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert seen == [list(HEADER), *ROWS]
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert rows == [list(HEADER), *ROWS]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "  ="])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    path = tmp_path / "x.xlsx"
    write_xlsx(path, HEADER, [[f"{start}1+1", ""]])
    cell = load_workbook(path).active["A2"]  # type: ignore[index]
    assert (cell.data_type, cell.value) == ("s", f"'{start}1+1")


def test_what_no_workbook_can_hold_is_replaced_or_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    write_xlsx(path, HEADER, [["a\0b\ud800c\x0bd", "x" * 40_000]])
    shown, long = (cell.value for cell in load_workbook(path).active[2])  # type: ignore[index]
    assert shown == "a\ufffdb\ufffdc\ufffdd"
    assert len(str(long)) == MAX_CELL
