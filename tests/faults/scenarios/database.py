"""A ledger that is cut off, locked, full or read-only at a commit, and a full disk."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa

from tests.faults.databases import Postgres
from tests.faults.scenarios.registry import add, scenario
from tests.faults.trial import Trial

A_WHILE = 0.4
"""Seconds that a ledger is away: several tries of a sender."""


def cut(step: str, trial: Trial) -> None:
    """The connection breaks right before a commit, or right behind it, its answer lost."""
    kind = {"putting back": "429", "recording a doubt": "reset after processing"}
    for word, answer in kind.items():
        if step.endswith(word):
            trial.first_let_pass(trial.some_batch() - 1, {"kind": answer})
    nth = trial.some_batch() if step.endswith(("claim", " recording")) else 1
    trial.start({"step": step, "nth": nth, "do": "cut"}).wait()
    trial.finish()
    doubts = trial.account().unknown
    if step == "committed the claim" or step.endswith("doubt"):
        assert 0 < doubts <= trial.batch
    else:
        assert doubts == 0, "what a sender knows for certain became a doubt"


for _step, _points in {
    "in the claim": (1, 10),
    "committed the claim": (1, 10),
    "in recording": (10,),
    "committed recording": (10,),
    "in putting back": (10, 11),
    "committed putting back": (10, 11),
    "in recording a doubt": (10,),
    "committed recording a doubt": (10,),
}.items():
    add(f"database cut off {_step}", _points, partial(cut, _step))


@scenario("database away right before the hand-over", 3, 10)
def away_before_handing_over(trial: Trial) -> None:
    """Nothing has left: the batch goes back to planned, and no doubt comes of it."""
    trial.start({"step": "before looking", "nth": trial.some_batch(), "do": "refuse"}).report()
    trial.time_passes()
    trial.finish()
    assert trial.account().accepted == trial.people


@contextmanager
def locked(trial: Trial) -> Iterator[None]:
    """Somebody else holds the writer for longer than a sender waits for it."""
    if trial.sqlite:
        other = sqlite3.connect(trial.file, isolation_level=None, timeout=30)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.close()
        return
    with trial.ws.engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE batch IN ACCESS EXCLUSIVE MODE"))
        yield


@contextmanager
def full(trial: Trial) -> Iterator[None]:
    """Recording a receipt needs room, and there is none: the database's own refusal.

    SQLite counts pages (the sender has `max_page_count`); PostgreSQL raises its disk_full.
    """
    on = "batch WHEN NEW.state = 'accepted' BEGIN INSERT INTO junk VALUES (zeroblob(500000)); END"
    there = (
        ["CREATE TABLE junk (it BLOB)", f"CREATE TRIGGER full_disk AFTER UPDATE ON {on}"]
        if trial.sqlite
        else [
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
            "CREATE TRIGGER full_disk AFTER UPDATE ON batch FOR EACH ROW "
            "WHEN (NEW.state = 'accepted') EXECUTE FUNCTION no_room()",
        ]
    )
    gone = "DROP TRIGGER full_disk" if trial.sqlite else "DROP TRIGGER full_disk ON batch"
    _run(trial, there)
    yield
    _run(trial, [gone])


@contextmanager
def gone(trial: Trial) -> Iterator[None]:
    """PostgreSQL ends every connection and takes no new one, as when it restarts."""
    name = sa.make_url(trial.url).database
    assert isinstance(trial.databases, Postgres)
    trial.databases.run(
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    yield
    trial.databases.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextmanager
def read_only(trial: Trial) -> Iterator[None]:
    """PostgreSQL takes no writes, as a standby does that was just promoted or demoted."""
    name = sa.make_url(trial.url).database
    assert isinstance(trial.databases, Postgres)
    trial.databases.run(
        f"ALTER DATABASE {name} SET default_transaction_read_only = on",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    yield
    trial.databases.run(
        f"ALTER DATABASE {name} SET default_transaction_read_only = off",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )


def _run(trial: Trial, statements: list[str]) -> None:
    with trial.ws.engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


Trouble = Callable[[Trial], Any]


def away(trouble: Trouble, on_sqlite: bool, trial: Trial) -> None:
    """A sender that holds a receipt waits for the ledger: no doubt comes of it."""
    nth = trial.some_batch()
    if trial.sqlite and not on_sqlite:
        # A file does not go away under an open handle: the driver's error stands for it.
        trial.start({"step": "in recording", "nth": nth, "times": 2, "do": "cut"}).report()
    else:
        if not trial.sqlite:
            _run(trial, [f"ALTER DATABASE {_name(trial)} SET lock_timeout = '100ms'"])
        held = trial.start(
            {"step": "before recording", "nth": nth, "do": "stop"},
            pragmas=["busy_timeout = 100", "max_page_count = 1"],
        )
        assert held.until_stopped(), held.words()
        with trouble(trial):
            held.go_on()
            time.sleep(A_WHILE)
        assert held.wait() == 0, held.words()
    trial.finish()
    assert trial.account().accepted == trial.people


def _name(trial: Trial) -> str:
    return str(sa.make_url(trial.url).database)


for _word, _trouble, _on_sqlite, _point in (
    ("locked", locked, True, 10),
    ("full", full, True, 35),
    ("gone", gone, False, 10),
    ("read-only", read_only, False, 10),
):
    add(f"database {_word} while recording", (_point,), partial(away, _trouble, _on_sqlite))


@scenario("the ledger is read-only from the start", 10, 35)
def read_only_ledger(trial: Trial) -> None:
    """Nothing is claimed, so nothing is sent."""
    if trial.sqlite:
        assert trial.start(pragmas=["query_only = 1"]).wait() != 0
    else:
        with read_only(trial):
            assert trial.start().wait() != 0
    assert not trial.taken()
    trial.finish()
    assert trial.account().accepted == trial.people


@scenario("the journal's disk is full", 35)
def no_room_for_the_journal(trial: Trial) -> None:
    """The journal is written first: nothing leaves, and the batch goes back to planned."""
    nth = trial.some_batch()
    file, room = str(trial.ws.settings.journal), trial.rng.randint(0, 60)
    trial.start(
        {"step": "before the journal", "nth": nth, "do": "fill", "file": file, "room": room},
        {"step": "before putting back", "do": "free"},
    ).report()
    assert trial.account().planned > 0
    trial.time_passes()
    trial.finish()
    assert trial.account().accepted == trial.people
