"""Outcomes that meet another writer: a cancel, another sender, an unsubscribe in progress."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState
from outreach.keys import Keys
from outreach.ledger import approvals, doubt_store, edition_store, outcomes
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.claims import ClaimedBatch, Nothing, claim
from outreach.ledger.editions import batch
from outreach.ledger.engine import open_engine
from outreach.ledger.schema import metadata
from tests.ledger.seeds import NOW, add_people, make_edition

LATER = NOW + timedelta(seconds=30)


def take(engine: sa.Engine, edition_id: int, now: datetime = NOW) -> ClaimedBatch | Nothing:
    return claim(
        engine,
        edition_id,
        sender="one",
        now=now,
        lease=timedelta(minutes=5),
        token_kid="k1",
        allowed=lambda _: True,
    )


def took(engine: sa.Engine, edition_id: int, now: datetime = NOW) -> ClaimedBatch:
    taken = take(engine, edition_id, now)
    assert isinstance(taken, ClaimedBatch)
    return taken


def account(engine: sa.Engine) -> Certificate:
    with engine.connect() as connection:
        return certificate(connection, "news@one")


def cancel(engine: sa.Engine, edition_id: int) -> None:
    with engine.begin() as connection:
        edition_store.close(connection, edition_id, EditionState.CANCELLED, "cancelled by amy", NOW)


def both_at_once(*work: Callable[[], object]) -> list[BaseException]:
    """Run each in a thread of its own, started together; returns what they raised."""
    gate = threading.Barrier(len(work))
    raised: list[BaseException] = []

    def run(one: Callable[[], object]) -> None:
        gate.wait()
        try:
            one()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.fixture
def sent_to(engine: sa.Engine, keys: Keys) -> int:
    add_people(engine, keys, 6)
    made = make_edition(engine)
    assert made
    return made


def test_what_comes_back_unsent_after_a_cancel_is_cancelled_too(
    engine: sa.Engine, sent_to: int
) -> None:
    taken = took(engine, sent_to)
    cancel(engine, sent_to)
    assert outcomes.release(engine, taken, "connection refused", LATER, NOW)
    found = account(engine)
    assert (found.planned, found.cancelled, found.balanced) == (0, 6, True)
    assert found.reasons["cancelled"] == {"cancelled by amy": 6}


def test_halves_of_a_batch_refused_after_a_cancel_are_cancelled_too(
    engine: sa.Engine, sent_to: int
) -> None:
    taken = took(engine, sent_to)
    cancel(engine, sent_to)
    assert outcomes.split(engine, taken, NOW)
    found = account(engine)
    assert (found.planned, found.cancelled, found.balanced) == (0, 6, True)


@pytest.mark.parametrize("attempt", range(5))
def test_a_release_and_a_cancel_at_the_same_time_leave_nobody_planned(
    engine: sa.Engine, sent_to: int, attempt: int
) -> None:
    taken = took(engine, sent_to)
    raised = both_at_once(
        lambda: outcomes.release(engine, taken, "connection refused", LATER, NOW),
        lambda: cancel(engine, sent_to),
    )
    assert not raised
    assert (account(engine).planned, account(engine).cancelled) == (0, 6)


@pytest.mark.parametrize("attempt", range(5))
def test_two_senders_may_split_their_batches_at_the_same_time(
    engine: sa.Engine, sent_to: int, attempt: int
) -> None:
    first, second = took(engine, sent_to), took(engine, sent_to)
    raised = both_at_once(
        lambda: outcomes.split(engine, first, NOW), lambda: outcomes.split(engine, second, NOW)
    )
    assert not raised
    with engine.connect() as connection:
        numbers = list(connection.execute(sa.select(batch.c.number)).scalars())
    assert sorted(numbers) == [1, 2, 3, 4]
    assert account(engine).planned == 6


@pytest.mark.parametrize("attempt", range(5))
def test_two_senders_may_both_be_asked_to_wait(
    engine: sa.Engine, sent_to: int, attempt: int
) -> None:
    raised = both_at_once(
        *[lambda: outcomes.hold_provider(engine, "outbox", LATER, NOW) for _ in range(3)]
    )
    assert not raised
    held = take(engine, sent_to)
    assert isinstance(held, Nothing)
    assert held.wait_until == LATER


@pytest.mark.parametrize("attempt", range(3))
def test_two_editions_may_give_one_content_its_standing_approval(
    engine: sa.Engine, sent_to: int, attempt: int
) -> None:
    def approve(by: str) -> None:
        with engine.begin() as connection:
            approvals.add_standing(connection, 1, "hash", by, NOW)

    assert not both_at_once(*[lambda by=by: approve(by) for by in ("lee", "sam", "kit")])
    with engine.connect() as connection:
        assert approvals.has_standing(connection, 1, "hash") in ("lee", "sam", "kit")


def test_a_batch_that_somebody_holds_for_a_moment_is_waited_for(
    postgres_url: str, keys: Keys
) -> None:
    engine = open_engine(postgres_url)  # SQLite has one writer: nobody can hold one row there
    metadata.create_all(engine)
    add_people(engine, keys, 6)
    made = make_edition(engine)
    assert made
    outcomes.release(engine, took(engine, made), "refused", NOW + timedelta(hours=1), NOW)
    with engine.begin() as unsubscribing:
        unsubscribing.execute(sa.select(batch.c.id).with_for_update(read=True))
        found = take(engine, made)
    assert isinstance(found, Nothing)
    assert not found.finished
    assert found.wait_until == NOW
    engine.dispose()


def test_a_receipt_that_comes_while_somebody_settles_the_doubt_wins(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 3)
    made = make_edition(engine)
    taken = took(engine, made)
    outcomes.record_doubt(engine, taken, "no reply", NOW)
    late = threading.Thread(target=outcomes.record_accepted, args=(engine, taken, "id", NOW))
    with engine.begin() as connection:
        person = taken.people[0].contact_id
        assert doubt_store.state_of(connection, made, person) == DeliveryState.UNKNOWN
        late.start()
        late.join(0.5)
        doubt_store.set_failed(connection, made, person, "settled by amy: not in the log")
    late.join()
    with engine.connect() as connection:
        assert doubt_store.state_of(connection, made, person) == DeliveryState.ACCEPTED
