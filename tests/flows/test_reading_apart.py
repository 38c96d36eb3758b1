"""A long list read by two processes leaves what one leaves, whatever becomes of the second."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.errors import InputError
from outreach.flows import second_process, second_reader, sharing
from outreach.flows.imports import import_file
from outreach.flows.pace import Pace
from outreach.flows.reading_apart import put_aside
from outreach.flows.staging import Staging
from outreach.keys import Keys
from outreach.ledger.engine import open_engine
from outreach.ledger.making import Making
from outreach.ledger.people import organisation, suppression
from outreach.ledger.schema import metadata
from outreach.records import ImportKind
from outreach.settings import Settings
from outreach.sources.fields import Context
from outreach.sources.mailboxes import shared_mailboxes
from outreach.sources.reading import Columns, open_file
from outreach.sources.stretches import Stretch
from outreach.sources.values import Lists
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of

HEADINGS = "Email,First name,Sector,Notes\n"
KEYS = Keys(b"k" * 32, {"k1": b"t" * 32})
LISTS = Lists(("GP", "Dental"), ("North Central",), ("Camden",))


@pytest.fixture(autouse=True)
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut every list in the middle, on any machine."""
    monkeypatch.setattr(second_process, "LEAST", 1)
    monkeypatch.setattr(second_process, "HEAD_START", 0)
    monkeypatch.setattr(second_process, "_processors", lambda: 2)


def messy(number: int = 1500) -> str:
    """Write rows of which some are blank, faulty, of one person, or of several lines."""
    lines = [HEADINGS]
    for n in range(number):
        sector = ("GP", "Dental", "Podiatry", "Haulage")[n % 4 if n % 9 == 0 else n % 2]
        email = f"p{n % 1300}@example.org" if n % 17 else f"p{n}@no where"
        lines.append(f'{email},Zoë {n},{sector},"a note, {n}"\n' if n % 50 else "\n,,,\n")
    return "".join(lines)


def read(path: Path, folder: Path) -> tuple[object, ...]:
    """Return all that reading a list brings."""
    context = Context(LISTS, datetime(2026, 7, 1, tzinfo=UTC), unmatched={"sector": "empty"})
    file = open_file(path, ImportKind.CONTACTS, Columns(unmatched={"sector": "empty"}), context)
    with Staging(folder) as staging:
        put_aside(file, context, KEYS, staging, lambda parts: parts)
        rows = [row for block, _ in staging.blocks(lambda: 70) for row in block]
        bad = [row for some in staging.bad() for row in some]
        counts = staging.rows, staging.bad_rows
    return rows, bad, counts, dict(context.left_empty), list(folder.iterdir())


def alone(monkeypatch: pytest.MonkeyPatch, path: Path, folder: Path) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(second_process, "_processors", lambda: 1)
        return read(path, folder)


@pytest.mark.parametrize(
    "written",
    [
        messy().encode(),
        messy().encode("utf-8-sig").replace(b"\n", b"\r\n"),
        messy().encode("cp1252"),
        messy().replace(",", ";").encode(),
    ],
    ids=["utf-8", "with a mark", "cp1252", "semicolons"],
)
def test_two_processes_read_what_one_reads(
    written: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    path, folder = tmp_path / "list.csv", tmp_path / "home"
    folder.mkdir()
    path.write_bytes(written)
    started = []
    real = second_process._process
    monkeypatch.setattr(second_process, "_process", lambda *a: started.append(a) or real(*a))
    with caplog.at_level(logging.WARNING):
        both = read(path, folder)
    assert (len(started), caplog.messages) == (1, [])
    assert both == alone(monkeypatch, path, folder)
    assert both[4] == []  # nothing is left on disk


def test_a_row_across_the_cut_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, folder = tmp_path / "list.csv", tmp_path / "home"
    folder.mkdir()
    note = "a line of a note\n" * 1500
    text = HEADINGS + f'a@example.org,Ann,Haulage,"{note}"\nb@example.org,Bo,Haulage,\n'
    path.write_text(text)
    both = read(path, folder)
    assert both == alone(monkeypatch, path, folder)
    assert both[3] == {"sector": 2}


def test_an_error_names_the_row_of_the_whole_file(tmp_path: Path) -> None:
    path, folder = tmp_path / "list.csv", tmp_path / "home"
    folder.mkdir()
    rows = [f"p{n}@example.org,Ann,GP,\n" for n in range(900)]
    rows[700] = f"p@example.org,{'x' * 40_000},GP,\n"
    path.write_text(HEADINGS + "".join(rows))
    with pytest.raises(InputError, match=r"list\.csv:702: a cell of more than 32,767"):
        read(path, folder)
    rows[100] = rows[700]
    path.write_text(HEADINGS + "".join(rows))
    with pytest.raises(InputError, match=r"list\.csv:102: a cell of more than 32,767"):
        read(path, folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("exit 3", "going on without it"),
        ("cat >/dev/null", "going on without it"),
        ("head -c 100 >/dev/null; echo x; exit 1", "going on without it"),
        (None, "no second process could be started"),
    ],
    ids=["dies", "hangs", "breaks off", "cannot start"],
)
def test_without_the_second_process_everything_is_read_here(
    program: str | None,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: Any,
) -> None:
    path, folder = tmp_path / "list.csv", tmp_path / "home"
    folder.mkdir()
    path.write_text(messy())
    expected = alone(monkeypatch, path, folder)
    python = tmp_path / "python"
    if program:
        python.write_text(f"#!/bin/sh\n{program}\n")
        python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(second_process, "PATIENCE", 0.3)
    with caplog.at_level(logging.WARNING):
        assert read(path, folder) == expected
    assert said in caplog.text
    assert "@" not in caplog.text


@pytest.mark.parametrize("at", [0, 3, 255])
def test_parts_that_the_second_process_no_longer_sorts_are_sorted_here(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    path, folder = tmp_path / "list.csv", tmp_path / "home"
    folder.mkdir()
    path.write_text(messy())
    expected = alone(monkeypatch, path, folder)
    real = second_process.Second.part

    def dying(second: second_process.Second, number: int) -> Any:
        if number == at:
            second.end()
            assert real(second, number) is None
        return real(second, number)

    monkeypatch.setattr(second_process.Second, "part", dying)
    assert read(path, folder) == expected


def test_a_second_process_that_dies_while_it_sorts_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    path, folder = tmp_path / "list.csv", tmp_path / "home"
    folder.mkdir()
    path.write_text(messy())
    expected = alone(monkeypatch, path, folder)
    real = second_process.Second._message

    def killed(second: second_process.Second, patience: float) -> Any:
        found = real(second, patience)
        second.process.kill()  # after where its rows lie was said
        return found

    monkeypatch.setattr(second_process.Second, "_message", killed)
    with caplog.at_level(logging.WARNING):
        assert read(path, folder) == expected
    assert "going on without it" in caplog.text


def test_what_the_second_process_makes_of_rows_is_what_an_import_makes_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(messy().replace("p7@", "reception@"))
    context = Context(LISTS, datetime(2026, 7, 1, tzinfo=UTC))
    file = open_file(path, ImportKind.CONTACTS, Columns(), context)
    making, several = Making(), 0
    with Staging(tmp_path) as staging:
        put_aside(file, context, KEYS, staging, lambda parts: parts)
        for rows, made in staging.blocks(lambda: 70):
            assert made == making.of(rows, KEYS, shared_mailboxes)
            several += sum(one[1] for one in made)
    assert several


def test_the_second_process_ends_with_whoever_started_it(tmp_path: Path) -> None:
    path, never = tmp_path / "list.csv", tmp_path / "never.csv"
    path.write_text(messy(10))
    os.mkfifo(never)  # whoever opens it for reading waits for ever
    context = Context(LISTS, datetime.now(UTC))
    file = open_file(path, ImportKind.CONTACTS, Columns(), context)
    file = replace(file, table=replace(file.table, path=never))
    with (tmp_path / "rows").open("w+b") as into:
        order = second_reader.Order(file, context, KEYS, Stretch(5), tmp_path, into.fileno(), 0)
        process = subprocess.Popen(
            [sys.executable, "-m", "outreach.flows.second_reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            pass_fds=(into.fileno(),),
        )
        assert process.stdin
        process.stdin.write(second_reader.framed(pickle.dumps(order)))
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.stdin.close()  # as when whoever started it is killed
        assert process.wait(10) == 1


LEFT = """
    SELECT contact.*, source.said, source.replaced_at, tie.ods_code AS tied,
        granted.kind, granted.purpose, granted.evidence, granted.given_at, chosen.given
    FROM contact
    LEFT JOIN statement AS source ON source.contact_id = contact.id
    LEFT JOIN basis AS granted ON granted.contact_id = contact.id
    LEFT JOIN tracking_choice AS chosen ON chosen.contact_id = contact.id
    LEFT JOIN organisation AS tie ON tie.id = contact.organisation_id
    ORDER BY contact.address_hash, source.said, granted.purpose
"""
NOT_SAID = {"id", "organisation_id", "created_at", "updated_at"}
"""Whom nobody knows is numbered as they come; the times are those of the import."""


def without(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in NOT_SAID}


def _add_practices(engine: sa.Engine) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [{"ods_code": f"F8300{n}", "name": f"Practice {n}", "updated_at": now} for n in range(5)]
    with engine.begin() as connection:
        connection.execute(sa.insert(organisation), rows)


def _erase(engine: sa.Engine, *addresses: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"address_hash": KEYS.address_hash(one), "reason": "erased", "created_at": now}
        for one in addresses
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(suppression), rows)


FULL = "Email,First name,Sector,ODS code,Basis,Evidence,Consent given on,Tracking consent,Left on\n"


def many_kinds(number: int) -> str:
    """Write rows of which some are of one person, of leavers, or with consent to tracking."""
    lines = [FULL]
    for n in range(number):
        who = f"p{n % (number - 150)}@example.org"
        basis = ("consent,form", "public_task,list", ",")[n % 3 if n % 7 else 2]
        asked, left = ("yes", "no", "")[n % 3 if n % 5 == 0 else 2], "2026-03-01" * (n % 31 == 0)
        given = "2026-02-01" if n % 3 == 0 and n % 7 else ""
        cells = f"Zoë {n},GP,F8300{n % 8},{basis},{given},{asked},{left}"
        lines.append(f"{who},{cells}\n" if n % 40 else f"p{n}@no where,{cells}\n")
    return "".join(lines)


@pytest.mark.parametrize(
    ("earlier", "theirs"),
    [(0, True), (0, False), (60, True), (1200, True)],
    ids=["nobody", "nobody, all laid out here", "a few", "many"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_import_leaves_the_same_whether_one_process_read_it_or_two(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: int, theirs: bool
) -> None:
    path, before = tmp_path / "list.csv", tmp_path / "before.csv"
    written = many_kinds(1500)
    path.write_text(written)
    before.write_text("\n".join(written.splitlines()[: 1 + earlier]).replace("Zoë", "Bo") + "\n")
    monkeypatch.setattr(Pace, "size", lambda _: 500)
    monkeypatch.setattr(second_process, "_is_readable", lambda _: theirs)  # else it is chance
    left = []
    for processors in (1, 2):
        monkeypatch.setattr(second_process, "_processors", lambda n=processors: n)
        engine = open_engine(f"sqlite:///{tmp_path / f'{processors}.db'}")
        metadata.create_all(engine)
        ws: Workspace = own_workspace(settings, KEYS, engine, tmp_path)
        _add_practices(engine)
        if earlier:
            assert import_file(ws, before, "contacts", **WHO).state == "done"
        _erase(engine, "p1@example.org", "p77@example.org")
        done = import_file(ws, path, "contacts", **WHO)
        assert done.state == "done"
        with engine.connect() as connection:
            people = [dict(row) for row in connection.execute(sa.text(LEFT)).mappings()]
            pointing_nowhere = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        assert pointing_nowhere == []
        refused = [(row["row_number"], row["reason"]) for row in rows_of(engine, "quarantined_row")]
        left.append((done.message, [without(row) for row in people], sorted(refused)))
        engine.dispose()
    assert left[0] == left[1]
    assert len(left[0][1]) > 1300
    assert {"code", ""} == {row["organisation_how"] for row in left[0][1]}
    assert {True, False, None} == {row["given"] for row in left[0][1]} | {False}
    assert any("erased" in reason for _, reason in left[0][2])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_dying_second_process_does_not_lay_out_is_laid_out_here(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(many_kinds(1500))
    engine = open_engine(f"sqlite:///{tmp_path / 'own.db'}")
    metadata.create_all(engine)
    ws = own_workspace(settings, KEYS, engine, tmp_path)
    monkeypatch.setattr(sharing, "_ROWS", 500)  # several sheets, of which it gives none
    monkeypatch.setattr(second_process, "_is_readable", lambda _: True)
    real = second_process.Second.sheet

    def dying(second: second_process.Second) -> Any:
        second.process.kill()
        second.process.wait()
        monkeypatch.setattr(second_process.Second, "sheet", real)
        return real(second)

    monkeypatch.setattr(second_process.Second, "sheet", dying)
    with caplog.at_level(logging.WARNING):
        done = import_file(ws, path, "contacts", **WHO)
    people = len({n % 1350 for n in range(1500) if n % 40})
    assert (done.state, done.created) == ("done", people)
    assert "going on without it" in caplog.text
    engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_list_of_one_person_or_nobody_goes_in_a_sheet_too(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'own.db'}")
    metadata.create_all(engine)
    ws = own_workspace(settings, KEYS, engine, tmp_path)
    monkeypatch.setattr(second_process, "_is_readable", lambda _: True)
    for n, people in enumerate((["ann@no where", "bo@no where"], ["ann@example.org"] * 2, [])):
        path = tmp_path / f"{n}.csv"
        path.write_text("Email,First name\n" + "".join(f"{one},Ann\n" for one in people))
        assert import_file(ws, path, "contacts", **WHO).state == "done"
    assert [row["first_name"] for row in rows_of(engine, "contact")] == ["Ann"]
    assert len(rows_of(engine, "statement")) == 1
    engine.dispose()
