"""An objection while a claim sorts its batch by domains: it finds its people where they went."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.domain import SuppressionReason
from outreach.keys import load_keys
from outreach.ledger.claims import ClaimedBatch, Nothing, claim
from outreach.ledger.cutting import cut_into
from outreach.ledger.editions import batch, delivery
from outreach.ledger.engine import open_engine
from outreach.ledger.objections import Objection, suppress
from outreach.settings import load_settings
from tests.ledger.seeds import add_people, make_edition

NOW = datetime.now(UTC)


@pytest.fixture
def ledger(postgres_url: str) -> Iterator[sa.Engine]:
    """SQLite has one writer at a time: there is nothing to play there."""
    engine = open_engine(postgres_url)
    yield engine
    engine.dispose()


def claimed(engine: sa.Engine, edition_id: int) -> ClaimedBatch | Nothing:
    return claim(
        engine,
        edition_id,
        sender="me",
        now=NOW,
        lease=timedelta(minutes=5),
        token_kid="k1",
        allowed=lambda _: True,
    )


def until_somebody_waits(engine: sa.Engine) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(3000):
        with engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_people_who_are_moved_meanwhile_are_not_claimed_before_their_objection(
    ledger: sa.Engine, tmp_path: Path
) -> None:
    keys = load_keys(load_settings({"OUTREACH_HOME": str(tmp_path)}))
    first, _, last = add_people(ledger, keys, 3)
    edition_id = make_edition(ledger, batch_size=3)
    assert edition_id is not None
    said = Objection(keys.address_hash("person2@example.org"), SuppressionReason.UNSUBSCRIBED, NOW)
    moved, commit = threading.Event(), threading.Event()

    def objects() -> None:
        with ledger.begin() as connection:
            suppress(connection, [said], origin="test", now=NOW)
            moved.set()
            commit.wait(30)

    with ledger.begin() as sorting:
        row = sorting.execute(sa.select(batch).with_for_update()).one()
        objecting = threading.Thread(target=objects)
        objecting.start()
        until_somebody_waits(ledger)
        cut_into(sorting, row, [("", [first]), ("example.org", [last])])
    assert moved.wait(30)
    taken = claimed(ledger, edition_id)
    commit.set()
    objecting.join()
    assert isinstance(taken, Nothing), "their batches are held until the objection stands"
    went = []
    while isinstance(taken := claimed(ledger, edition_id), ClaimedBatch):
        went += [person.contact_id for person in taken.people]
    assert last not in went
    with ledger.connect() as connection:
        query = sa.select(delivery.c.state).where(delivery.c.contact_id == last)
        assert connection.execute(query).scalar_one() == "suppressed"
