"""Reading never waits for a writer, nor a writer for reading: an unsubscribe takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from outreach.flows import doctor, editions
from outreach.workspace import Workspace, open_workspace
from tests.flows.test_editions import NAME, approved, prepared, written

__all__ = ["written"]

WRITING = "BEGIN IMMEDIATE"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite, whose one writer everybody else waits for."""
    return sqlite_url


@pytest.fixture
def begun(written: Workspace) -> Iterator[list[str]]:
    """Every transaction begun, as it was begun."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("BEGIN"):
            seen.append(statement)

    sa.event.listen(written.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(written.engine, "before_cursor_execute", note)


def test_reading_an_audience_keeps_no_writer_waiting(written: Workspace, begun: list[str]) -> None:
    prepared(written)
    assert begun.count(WRITING) == 1
    begun.clear()
    assert not prepared(written).created
    assert WRITING not in begun


def test_looking_at_an_edition_waits_for_no_writer(written: Workspace, begun: list[str]) -> None:
    approved(written)
    begun.clear()
    editions.certificate(written, NAME)
    editions.approval_request(written, NAME)
    editions.doubts(written, NAME)
    editions.send_time(written, NAME)
    editions.open_editions(written)
    assert begun
    assert WRITING not in begun


def test_opening_a_deployment_and_looking_it_over_waits_for_no_writer(written: Workspace) -> None:
    with written.engine.begin():
        again = open_workspace(written.settings)
        ledger = next(one for one in doctor.examine(written.settings) if one.what == "ledger")
        assert ledger.level == doctor.OK
    again.engine.dispose()
