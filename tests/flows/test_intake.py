"""How a file goes in: read to its end first, put aside, merged in short transactions."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.flows import staging
from outreach.flows.imports import import_file
from outreach.flows.intake import take_file
from outreach.flows.pace import Pace, Progress
from outreach.keys import Keys
from outreach.ledger.imports import Opening, open_import
from outreach.records import ImportKind, ImportResult, PersonRow, Quarantined
from outreach.settings import Settings
from outreach.sources.people import People
from outreach.sources.reading import Columns
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, people_tables, rows_of, table

HEADINGS = ("Email", "First name", "Sector")


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    return own_workspace(settings, keys, engine, tmp_path)


def take(ws: Workspace, path: Path, **more: object) -> ImportResult:
    return import_file(ws, path, "contacts", **WHO, **more)  # type: ignore[arg-type]


def a_list(path: Path, number: int = 60) -> Path:
    rows = [(f"p{n}@example.org", f"P{n}", "GP" if n % 7 else "Podiatry") for n in range(number)]
    again = [(f"P{n}@example.org", "Other", "Dental") for n in range(1, 4)]
    return table(path, HEADINGS, *rows, *again)


def person(number: int, mark: int) -> PersonRow:
    return (mark.to_bytes(1) * 16, number, f"p{mark}@example.org", ("",), ("",) * 7, None)


@pytest.mark.parametrize("hold", [2, 1000])
def test_rows_come_back_by_address_in_order_with_those_of_one_person_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hold: int
) -> None:
    monkeypatch.setattr(staging, "HOLD", hold)
    rows = [person(n, (n * 37) % 11 * 23) for n in range(200)]
    with staging.Staging(tmp_path) as put:
        for start in range(0, 200, 8):
            bad = [Quarantined(start, "Email", "no", "mend it", {"Email": "x"})]
            put.add(People(rows[start : start + 8], bad))
        blocks = [rows for rows, _ in put.blocks(lambda: 7)]
        assert [row for block in blocks for row in block] == sorted(rows)
        ends = [{row[0] for row in block} for block in blocks]
        assert all(not one & other for one, other in pairwise(ends))
        assert [row.row_number for some in put.bad() for row in some] == list(range(0, 200, 8))
        assert list(tmp_path.iterdir()) == []  # what was put aside has no name


def test_a_file_that_does_not_fit_into_memory_is_taken_as_one_that_does(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "HOLD", 10)
    path = a_list(tmp_path / "list.csv")
    result = take(ws, path)
    assert (result.rows_read, result.created, result.changed) == (63, 51, 0)
    assert (result.unchanged, dict(result.quarantined_by_reason)) == (
        3,
        {"sector not recognised": 9},
    )
    names = {row["email"]: row["first_name"] for row in rows_of(ws.engine, "contact")}
    assert names == {f"p{n}@example.org": f"P{n}" for n in range(60) if n % 7}
    bad = rows_of(ws.engine, "quarantined_row")
    assert [row["row_number"] for row in bad] == [n + 2 for n in range(60) if not n % 7]


def test_an_import_says_who_took_what_when_and_why_rows_were_not_taken(
    ws: Workspace, tmp_path: Path
) -> None:
    path = a_list(tmp_path / "list.csv")
    take(ws, path)
    (row,) = rows_of(ws.engine, "import")
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert (row["by"], row["via"], row["file_modified_at"]) == ("lee", "test", modified)
    assert (row["rows_total"], row["rows_read"]) == (63, 63)
    assert row["rows_read"] == row["accepted"] + row["quarantined"]
    assert row["reasons"] == {"sector not recognised": 9}


def test_an_import_that_was_killed_is_failed_by_the_next_and_can_be_taken_again(
    ws: Workspace, tmp_path: Path
) -> None:
    path = a_list(tmp_path / "list.csv")
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    with ws.engine.begin() as connection:
        dead = Opening("other", ImportKind.CONTACTS, "other.csv", "x", long_ago)
        alive = Opening("slow", ImportKind.CONTACTS, "slow.csv", "y", datetime.now(UTC))
        for one in (dead, alive):
            open_import(connection, one)
    assert take(ws, path).state == "done"
    states = {row["source"]: row["state"] for row in rows_of(ws.engine, "import")}
    assert states == {"other": "failed", "slow": "running", "list": "done"}


def test_a_row_whose_person_came_in_before_the_import_was_killed_is_not_taken_twice(
    ws: Workspace, tmp_path: Path
) -> None:
    path = a_list(tmp_path / "list.csv")
    take(ws, path)
    before = people_tables(ws.engine)
    with ws.engine.begin() as connection:
        connection.execute(sa.text("UPDATE import SET state = 'running'"))
    again = take(ws, path, allow_shrink=True)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 54)
    assert people_tables(ws.engine) == before
    assert [row["state"] for row in rows_of(ws.engine, "import")] == ["failed", "done"]


def test_a_drop_folder_is_one_source_whichever_file_came_in(ws: Workspace, tmp_path: Path) -> None:
    def drop(name: str, first_name: str) -> None:
        path = table(tmp_path / name, HEADINGS, ("a@example.org", first_name, "GP"))
        take_file(
            ws, path, ImportKind.CONTACTS, Columns(), source=f"drop/{path.stem}",
            stated_by="drop", precedence={"drop": 5}, **WHO,
        )  # fmt: skip

    drop("may.csv", "Ann")
    drop("june.csv", "Anna")
    assert [row["first_name"] for row in rows_of(ws.engine, "contact")] == ["Anna"]
    assert {row["source"] for row in rows_of(ws.engine, "statement")} == {"drop"}
    assert {row["source"] for row in rows_of(ws.engine, "import")} == {"drop/may", "drop/june"}


def test_shared_mailboxes_are_known_as_such(ws: Workspace, tmp_path: Path) -> None:
    rows = (("reception@example.org", "", "GP"), ("amara.okafor@example.org", "Amara", "GP"))
    take(ws, table(tmp_path / "l.csv", HEADINGS, *rows))
    shared = {row["email"]: row["shared_mailbox"] for row in rows_of(ws.engine, "contact")}
    assert shared == {"reception@example.org": True, "amara.okafor@example.org": False}


def test_how_far_an_import_has_come_is_logged_in_counts_alone(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outreach.flows.pace._SAY_EVERY", 0.0)
    with caplog.at_level(logging.INFO, logger="outreach.imports"):
        Progress("import 7, contacts from list").say(1200, 5000)
    assert caplog.messages == ["import 7, contacts from list: 1,200 of 5,000 rows"]


def test_transactions_grow_while_they_are_quick_and_shrink_when_they_are_not() -> None:
    pace = Pace()
    first = pace.size()
    with pace.timing(first):
        pass
    assert pace.size() > first
    for _ in range(20):
        with pace.timing(1):
            sum(range(200_000))
    assert pace.size() < first * 2
