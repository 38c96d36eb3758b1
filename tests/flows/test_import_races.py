"""An import that is killed and taken again, and two at once, leave what one alone leaves."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from outreach.flows.imports import import_file
from outreach.flows.intake import take_file
from outreach.flows.pace import Pace
from outreach.keys import Keys
from outreach.ledger.engine import open_engine
from outreach.records import ImportKind, ImportResult
from outreach.settings import Settings
from outreach.sources.reading import Columns
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table

HEADINGS = (
    *("Email", "First name", "Organisation name", "Practice postcode", "ODS code"),
    *("Sector", "Pledged at", "Basis", "Evidence"),
)
MAY = {"allow_shrink": True, "allow_lost_column": True}
BLOCK = 15


@pytest.fixture
def ws(
    settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path, monkeypatch: Any
) -> Workspace:
    monkeypatch.setattr(Pace, "size", lambda _: BLOCK)
    return own_workspace(settings, keys, engine, tmp_path)


def pledges(path: Path, mark: str, first_name: str = "Ann") -> Path:
    """Write 40 rows about 30 people, 3 of them faulty, whose addresses begin with `mark`."""
    rows = []
    for n in range(40):
        code = f"F8{mark}" if n % 3 == 0 else ""
        sector = "Podiatry" if n % 13 == 5 else "GP"
        when = f"2026-0{1 + n // 30}-02 10:{n % 30:02}"
        who = (f"{mark}.p{n % 30}@example.org", first_name)
        where = (f"Alder {mark} Surgery", "N1 1AA", code, sector)
        rows.append((*who, *where, when, "public_task", "a form"))
    return table(path, HEADINGS, *rows)


def register(ws: Workspace, *marks: str) -> None:
    rows = [(f"F8{mark}", f"Alder {mark} Surgery", "N1 1AA") for mark in marks]
    path = table(ws.settings.root / "orgs.csv", ("ODS code", "Name", "Postcode"), *rows)
    import_file(ws, path, "organisations", **WHO)


OWN = {
    *("id", "contact_id", "import_id", "organisation_id", "address_hash", "domain_hash"),
    *("created_at", "updated_at", "stated_at", "recorded_at"),
}
"""Numbers and times of writing, which differ from import to import."""


def left_behind(ws: Workspace, mark: str) -> list[str]:
    """What the ledger holds of the people of one file, as text without its mark."""
    codes = {row["id"]: row["ods_code"] for row in rows_of(ws.engine, "organisation")}
    people = {r["id"]: r for r in rows_of(ws.engine, "contact") if r["email"].startswith(mark)}
    found = [(one["email"], codes.get(one["organisation_id"]), one) for one in people.values()]
    for name in ("statement", "basis", "pledge"):
        for row in rows_of(ws.engine, name):
            if row["contact_id"] in people:
                found.append((people[row["contact_id"]]["email"], name, row))
    said = [(*about, {k: v for k, v in row.items() if k not in OWN}) for *about, row in found]
    for *_, row in said:
        if "said" not in row and "evidence" not in row:
            row.pop("source")  # whoever told of them first
    return sorted(str(one).replace(mark, "") for one in said)


def killed_at(ws: Workspace, run: Callable[[Workspace], object], place: int) -> bool:
    """Run in a process that kills itself just before its `place`th commit; whether it did."""
    url = ws.settings.database_url
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)
    try:
        engine = open_engine(url)
        passed = iter(range(10_000))

        def strike(_: sa.Connection) -> None:
            if next(passed) == place:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(engine, "commit", strike)
        run(Workspace(ws.settings, ws.keys, ws.hub, engine))
    finally:
        os._exit(0)


def test_an_import_that_was_killed_anywhere_is_completed_by_importing_again(
    ws: Workspace, tmp_path: Path
) -> None:
    marks = [f"{n:03}" for n in range(100, 125)]
    register(ws, *marks)
    import_file(ws, pledges(tmp_path / "100.csv", "100"), "pledges", source="form", **WHO, **MAY)
    expected = left_behind(ws, "100")
    assert len([one for one in expected if "', 'F8', {" in one]) == 29  # tied, one way or another
    for place, mark in enumerate(marks[1:]):
        path = pledges(tmp_path / f"{mark}.csv", mark)

        def take(there: Workspace, path: Path = path) -> ImportResult:
            return import_file(there, path, "pledges", source="form", **WHO, **MAY)

        killed = killed_at(ws, take, place)
        assert take(ws).state in ("done", "already taken")
        assert left_behind(ws, mark) == expected, place
        if not killed:
            break
    assert 7 < place < len(marks) - 2
    states = [row["state"] for row in rows_of(ws.engine, "import")]
    assert states.count("failed") + states.count("done") == len(states)


def at_once(*work: Callable[[], ImportResult]) -> list[ImportResult]:
    gate, done = threading.Barrier(len(work)), []

    def run(one: Callable[[], ImportResult]) -> None:
        gate.wait()
        done.append(one())

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(work)
    return done


def test_two_imports_at_once_of_one_source_leave_what_one_leaves(
    ws: Workspace, tmp_path: Path
) -> None:
    register(ws, "100", "101")
    one, two = (pledges(tmp_path / f"{mark}.csv", mark) for mark in ("100", "101"))
    twin = pledges(tmp_path / "twin.csv", "101")

    def take(path: Path) -> ImportResult:
        return import_file(ws, path, "pledges", source="form", **WHO, **MAY)

    take(one)
    results = at_once(lambda: take(two), lambda: take(twin))
    assert {result.state for result in results} <= {"done", "already taken"}
    assert sum(result.created for result in results) == 29
    assert left_behind(ws, "101") == left_behind(ws, "100")


def test_two_sources_at_once_about_the_same_people_leave_what_they_leave_in_turn(
    ws: Workspace, tmp_path: Path
) -> None:
    register(ws, "100", "101")

    def take(mark: str, source: str, name: str) -> ImportResult:
        path = pledges(tmp_path / f"{mark}{source}.csv", mark, name)
        return take_file(
            *(ws, path, ImportKind.PLEDGES, Columns({}, {}, {})),
            source=source,
            precedence={"roster": 20, "form": 10},
            **WHO,
        )

    take("100", "roster", "Ann")
    take("100", "form", "Bo")
    results = at_once(lambda: take("101", "form", "Bo"), lambda: take("101", "roster", "Ann"))
    assert sum(result.created for result in results) == 29
    assert {result.rows_read for result in results} == {40}
    assert left_behind(ws, "101") == left_behind(ws, "100")
    assert {r["first_name"] for r in rows_of(ws.engine, "contact")} == {"Ann"}
