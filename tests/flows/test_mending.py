"""Rows set aside come out in a sheet, are mended there, and are taken when it comes back in."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from outreach.flows import mending
from outreach.flows.exports import export
from outreach.flows.imports import import_file
from outreach.keys import Keys
from outreach.ledger.mending import open_counts
from outreach.settings import Settings
from outreach.workbook import write_xlsx
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table

BASIS = {"basis": "public_task", "evidence": "The hub's own list"}


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    """A deployment of its own, on both databases."""
    return own_workspace(settings, keys, engine, tmp_path)


def first_list(ws: Workspace, folder: Path) -> int:
    """Take in a list of three of which two rows are wrong; return the import's number."""
    file = table(
        folder / "list.csv",
        ("Post held", "Contact", "Sector"),
        ("GP", "ann@example.org", "Dentistry"),
        ("=Nurse", "bob(at)example.org", "Dentistry"),
        ("GP", "cy@example.org", "Astrology"),
    )
    mapping = {"Contact": "email", "Post held": "job_role"}
    result = import_file(
        ws, file, "contacts", mapping=mapping, constants=BASIS, source="Staff list", **WHO
    )
    assert result.quarantined == 2
    return result.import_id


def sheet(ws: Workspace, import_id: int, path: Path) -> list[list[str]]:
    """Write the sheet of an import, and return its cells as a spreadsheet shows them."""
    mending.write_sheet(ws, import_id, path, **WHO)
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.reader(file))
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return [[str(cell) for cell in row] for row in rows]


def save(path: Path, cells: list[list[str]]) -> Path:
    """Save a sheet after it was mended."""
    if path.suffix == ".csv":
        return table(path, *map(tuple, cells))
    write_xlsx(path, cells[0], cells[1:])
    return path


def still_open(ws: Workspace, import_id: int) -> int:
    """How many rows of an import are still open."""
    with ws.engine.connect() as connection:
        return open_counts(connection, [import_id]).get(import_id, 0)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_mended_sheet_is_taken_as_its_file_was_and_closes_its_rows(
    ws: Workspace, tmp_path: Path, kind: str
) -> None:
    first = first_list(ws, tmp_path)
    cells = sheet(ws, first, tmp_path / f"sheet.{kind}")
    assert cells[0] == ["Post held", "Contact", "Sector", *mending.OURS]
    assert cells[1][:3] == ["'=Nurse", "bob(at)example.org", "Dentistry"]
    assert cells[1][3:5] == [str(first), "3"]
    cells[1][1] = "bob@example.org"
    dropped = save(tmp_path / "contacts" / "inbox" / "contacts" / f"mended.{kind}", cells)
    again = import_file(ws, dropped, "contacts", **WHO)
    assert (again.source, again.accepted, again.quarantined) == ("Staff list", 1, 1)
    made = rows_of(ws.engine, "import")[-1]
    assert made["corrects_id"] == first
    bob = rows_of(ws.engine, "contact")[-1]
    assert (bob["email"], bob["job_role"]) == ("bob@example.org", "=Nurse")
    assert len(rows_of(ws.engine, "basis")) == 2
    marks = [row["mended_by"] for row in rows_of(ws.engine, "quarantined_row")]
    assert marks == [again.import_id, None, None]
    assert still_open(ws, first) == 1


def test_a_row_set_aside_again_closes_wherever_it_is_mended_in_the_end(
    ws: Workspace, tmp_path: Path
) -> None:
    first = first_list(ws, tmp_path)
    cells = sheet(ws, first, tmp_path / "one.csv")
    second = import_file(ws, save(tmp_path / "one.csv", cells), "contacts", **WHO).import_id
    assert (still_open(ws, first), still_open(ws, second)) == (2, 2)
    theirs = sheet(ws, second, tmp_path / "two.csv")
    assert theirs[0] == cells[0]
    theirs[1][1] = "bob@example.org"
    import_file(ws, save(tmp_path / "two.csv", theirs), "contacts", **WHO)
    assert (still_open(ws, first), still_open(ws, second)) == (1, 1)
    ours = sheet(ws, first, tmp_path / "three.csv")
    ours[1][2] = "Dentistry"
    import_file(ws, save(tmp_path / "three.csv", ours), "contacts", **WHO)
    assert (still_open(ws, first), still_open(ws, second)) == (0, 0)


def test_a_sheet_does_not_count_as_its_sources_last_file(ws: Workspace, tmp_path: Path) -> None:
    def people(count: int) -> list[tuple[str, str]]:
        return [("Email", "Sector"), *((f"p{n}@example.org", "Dentistry") for n in range(count))]

    file = table(tmp_path / "list.csv", *people(30), ("nobody", "Dentistry"))
    first = import_file(ws, file, "contacts", source="List", **WHO).import_id
    cells = sheet(ws, first, tmp_path / "sheet.csv")
    cells[1][0] = "somebody@example.org"
    assert import_file(ws, save(tmp_path / "sheet.csv", cells), "contacts", **WHO).accepted == 1
    cut = table(tmp_path / "list.csv", *people(5))
    assert import_file(ws, cut, "contacts", source="List", **WHO).state == "refused"


def test_a_sheet_may_miss_columns_and_its_sources_next_file_may_not(
    ws: Workspace, tmp_path: Path
) -> None:
    rows = [("Email", "Sector"), ("ann@example.org", "Dentistry"), ("nobody", "Dentistry")]
    first = import_file(ws, table(tmp_path / "a.csv", *rows), "contacts", source="List", **WHO)
    cells = sheet(ws, first.import_id, tmp_path / "sheet.csv")
    mended = save(tmp_path / "sheet.csv", [[row[0], *row[2:]] for row in cells])
    assert import_file(ws, mended, "contacts", **WHO).state == "done"
    without = table(tmp_path / "b.csv", ("Email",), ("bob@example.org",))
    refused = import_file(ws, without, "contacts", source="List", **WHO)
    assert (refused.state, "sector" in refused.message) == ("refused", True)


def test_a_file_that_only_looks_like_a_sheet_is_a_file_like_any_other(
    ws: Workspace, tmp_path: Path
) -> None:
    file = table(
        tmp_path / "x.csv", ("Email", *mending.OURS), ("ann@example.org", 99, 4, "", "", "")
    )
    result = import_file(ws, file, "contacts", source="mine", **WHO)
    assert (result.source, result.accepted) == ("mine", 1)
    assert rows_of(ws.engine, "import")[0]["corrects_id"] is None


def test_nobody_is_taken_on_the_basis_of_another_import_that_stands_in_the_same_sheet(
    ws: Workspace, tmp_path: Path
) -> None:
    first_list(ws, tmp_path)
    bare = table(tmp_path / "bare.csv", ("Email",), ("dan(at)example.org",))
    second = import_file(ws, bare, "contacts", **WHO).import_id
    out = tmp_path / "all.csv"
    assert export(ws, "quarantine", out) == 3
    out.write_text(out.read_text().replace("(at)", "@"))
    refused = import_file(ws, out, "contacts", **WHO)
    assert (refused.state, refused.file_name) == ("refused", "all.csv")
    assert "sheet of its own" in refused.message
    assert len(rows_of(ws.engine, "basis")) == len(rows_of(ws.engine, "contact")) == 1
    cells = sheet(ws, second, tmp_path / "own.csv")
    cells[1][0] = "dan@example.org"
    assert import_file(ws, save(tmp_path / "own.csv", cells), "contacts", **WHO).accepted == 1
    assert len(rows_of(ws.engine, "basis")) == 1


def test_rows_of_all_imports_are_those_still_open_without_an_earlier_sheets_marks(
    ws: Workspace, tmp_path: Path
) -> None:
    first = first_list(ws, tmp_path)
    cells = sheet(ws, first, tmp_path / "one.csv")
    cells[1][1] = "bob@example.org"
    import_file(ws, save(tmp_path / "one.csv", cells), "contacts", **WHO)
    out = tmp_path / "all.csv"
    assert export(ws, "quarantine", out) == 2
    assert "bob" not in out.read_text()
    assert "Outreach:" not in out.read_text()
