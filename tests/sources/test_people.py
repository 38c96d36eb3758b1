"""Reading column by column tells what reading row by row tells, whatever stands in the file."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.errors import InputError
from outreach.keys import Keys
from outreach.records import (
    ImportKind,
    PersonRow,
    PledgeRecord,
    Quarantined,
    person_row,
)
from outreach.sources import people
from outreach.sources.fields import Context
from outreach.sources.people import read_people
from outreach.sources.reading import Columns, SourceFile, open_file
from outreach.sources.values import Lists

KEYS = Keys(b"k" * 32, {"k1": b"t" * 32})
LISTS = Lists(("General Practice", "Dentistry"), ("North Central London",), ("Barnet", "Camden"))
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)

HEADINGS = (
    *("Email", "First name", "Last name", "Full name", "Sector", "Borough", "Practice"),
    *("ODS code", "Postcode", "Left on", "Tracking consent", "Basis", "Evidence", "Purpose"),
    *("Consent date", "Completion time", "Pledging as", "Withdrawn on", "Colour"),
)
CELLS = {
    "Email": ["a@example.org", " A@Example.ORG ", "b@example.org\u200b", "b\u200bb@x.org", "c@x", ""],
    "Full name": ["Dr Amara Okafor", "Okafor, Amara", "x" * 300, ""],
    "Sector": ["GP", "dental", "Podiatry", " ", ""],
    "Borough": ["Barnet", "LB of Camden", "Nowhere", ""],
    "ODS code": ["f83004", "F 83004", "!", ""],
    "Postcode": ["n1 1aa", "a very long postcode", ""],
    "Left on": ["14/03/2026", "2026-03-14", "soon", ""],
    "Tracking consent": ["yes", "No", "perhaps", ""],
    "Basis": ["consent", "public task", "soft opt-in", ""],
    "Evidence": ["form of May", ""],
    "Purpose": ["public_task", "all", "fun", ""],
    "Consent date": ["2026-03-14", "2031-01-01", ""],
    "Completion time": ["14/03/2026 09:30", "2026-03-29 01:30", "never", ""],
    "Pledging as": ["My organisation", ""],
    "Withdrawn on": ["2026-04-01", "no", ""],
}  # fmt: skip
ANYTHING = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(["Anonymous", "=A1", "'=A1", "x\ny@z.org,\n", "\u202eAmara", "\0", "a  b"]),
)
ROW = st.tuples(
    *(
        st.one_of(st.sampled_from(CELLS[heading]), ANYTHING) if heading in CELLS else ANYTHING
        for heading in HEADINGS
    )
)
RAGGED = st.tuples(ROW, st.integers(-8, 3)).map(
    lambda pair: pair[0][: pair[1]] if pair[1] < 0 else (*pair[0], *["", "x", " "][: pair[1]])
)


def written(path: Path, rows: list[tuple[str, ...]], headings: tuple[str, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def row_by_row(file: SourceFile, context: Context) -> tuple[list[PersonRow], list[Quarantined]]:
    good: list[PersonRow] = []
    bad: list[Quarantined] = []
    for found in file.records(context):
        if isinstance(found, Quarantined):
            bad.append(found)
        else:
            contact = found.contact if isinstance(found, PledgeRecord) else found
            good.append(person_row(found, KEYS.address_hash(contact.email)))  # type: ignore[arg-type, union-attr]
    return good, bad


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.one_of(ROW, RAGGED), max_size=12),
    kind=st.sampled_from([ImportKind.CONTACTS, ImportKind.PLEDGES]),
    constants=st.sampled_from([{}, {"borough": "Camden"}, {"basis": "consent", "evidence": "e"}]),
    defaults=st.sampled_from([{}, {"sector": "Dental"}, {"first_name": "Ann"}]),
    block=st.sampled_from([1, 3, 500]),
)
def test_columns_are_read_as_rows_are(
    tmp_path: Path,
    rows: list[tuple[str, ...]],
    kind: ImportKind,
    constants: dict[str, str],
    defaults: dict[str, str],
    block: int,
) -> None:
    path = written(tmp_path / "list.csv", rows, HEADINGS)
    context = Context(LISTS, NOW)
    file = open_file(path, kind, Columns({}, constants, defaults), context)
    good, bad = row_by_row(file, Context(LISTS, NOW))
    before, people.BLOCK = people.BLOCK, block
    try:
        found = list(read_people(file, context, KEYS))
    finally:
        people.BLOCK = before
    assert sorted(row for one in found for row in one.rows) == sorted(good)
    assert [row for one in found for row in one.bad] == bad


def test_in_a_forms_export_the_best_column_that_says_something_counts(tmp_path: Path) -> None:
    headings = ("ID", "Start time", "Completion time", "Email", "Name", "Email2", "Full name")
    rows = [
        ("1", "", "2026-03-14 10:00", "anonymous", "", "a@example.org", "Amara Okafor"),
        ("2", "", "2026-03-14 10:00", "s@example.org", "Sam Lee", "", ""),
        ("3", "", "2026-03-14 10:00", "anonymous", "", "", "Nobody"),
    ]
    context = Context(LISTS, NOW)
    file = open_file(
        written(tmp_path / "f.csv", rows, headings), ImportKind.PLEDGES, Columns(), context
    )
    (found,) = read_people(file, context, KEYS)
    assert [(row[2], row[3][:2]) for row in found.rows] == [
        ("a@example.org", ("Amara", "Okafor")),
        ("s@example.org", ("Sam", "Lee")),
    ]
    assert [row.reason for row in found.bad] == ["no email"]


def test_a_cell_that_no_spreadsheet_holds_stops_the_file_with_its_row(tmp_path: Path) -> None:
    rows = [("a@example.org", "A"), ("b@example.org", "x" * 40_000)]
    context = Context(LISTS, NOW)
    path = written(tmp_path / "l.csv", rows, ("Email", "Note"))
    file = open_file(path, ImportKind.CONTACTS, Columns(), context)
    with pytest.raises(InputError, match=r"l\.csv:3"):
        list(read_people(file, context, KEYS))
