"""Claims: one sender at a time has a batch, and whoever dropped out is not in it."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain import Control, EditionState
from outreach.keys import Keys
from outreach.ledger import edition_store, outcomes
from outreach.ledger.certificate import certificate
from outreach.ledger.claims import GLOBAL_STOP, ClaimedBatch, Nothing, claim
from outreach.ledger.editions import batch, delivery, edition, fact
from outreach.ledger.people import basis, contact
from tests.ledger.seeds import NOW, add_people, make_edition, suppress

LEASE = timedelta(minutes=5)


def take(
    engine: sa.Engine,
    edition_id: int,
    sender: str = "one",
    now: datetime = NOW,
    allowed=lambda _: True,
) -> ClaimedBatch | Nothing:
    return claim(
        engine, edition_id, sender=sender, now=now, lease=LEASE, token_kid="k1", allowed=allowed
    )


def took(engine: sa.Engine, edition_id: int, **more) -> ClaimedBatch:
    taken = take(engine, edition_id, **more)
    assert isinstance(taken, ClaimedBatch)
    return taken


def still_mine(engine: sa.Engine, taken: ClaimedBatch) -> bool:
    with engine.connect() as connection:
        return outcomes.still_mine(connection, taken)


@pytest.fixture
def sent_to(engine: sa.Engine, keys: Keys) -> int:
    add_people(engine, keys, 7)
    made = make_edition(engine)
    assert made
    return made


def reasons(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as c:
        rows = c.execute(
            sa.select(contact.c.email, delivery.c.state, delivery.c.reason).join(contact)
        ).all()
    return {row.email: row.reason for row in rows if row.state == "suppressed"}


def test_every_person_is_claimed_exactly_once(engine: sa.Engine, sent_to: int) -> None:
    seen: list[int] = []
    while isinstance(taken := take(engine, sent_to), ClaimedBatch):
        seen += [person.contact_id for person in taken.people]
        assert outcomes.record_accepted(engine, taken, "id", NOW)
    assert taken.finished
    assert len(seen) == len(set(seen)) == 7
    with engine.connect() as c:
        account = certificate(c, "news@one")
    assert (account.accepted, account.intended, account.balanced) == (7, 7, True)


def test_senders_at_the_same_time_never_share_a_batch(engine: sa.Engine, keys: Keys) -> None:
    add_people(engine, keys, 60)
    made = make_edition(engine, batch_size=2)
    seen: list[int] = []

    def work(name: str) -> None:
        while isinstance(taken := take(engine, made, sender=name), ClaimedBatch):
            seen.extend(person.contact_id for person in taken.people)
            outcomes.record_accepted(engine, taken, name, NOW)

    threads = [threading.Thread(target=work, args=(f"s{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 60


def test_whoever_dropped_out_after_prepare_is_not_handed_over(
    engine: sa.Engine, keys: Keys, sent_to: int
) -> None:
    with engine.begin() as c:
        suppress(c, keys, "person0@example.org")
        c.execute(
            sa.update(contact).where(contact.c.email == "person1@example.org").values(left_at=NOW)
        )
        ids = sa.select(contact.c.id).where(contact.c.email == "person2@example.org")
        c.execute(sa.update(basis).where(basis.c.contact_id.in_(ids)).values(withdrawn_at=NOW))
        c.execute(
            sa.update(contact)
            .where(contact.c.email == "person3@example.org")
            .values(email="other@example.org", address_hash=keys.address_hash("other@example.org"))
        )
    handed: list[str] = []
    while isinstance(
        taken := take(engine, sent_to, allowed=lambda a: a != "person4@example.org"), ClaimedBatch
    ):
        handed += [person.address for person in taken.people]
        outcomes.record_accepted(engine, taken, "id", NOW)
    assert sorted(handed) == ["person5@example.org", "person6@example.org"]
    assert reasons(engine) == {
        "person0@example.org": "unsubscribed",
        "person1@example.org": "left",
        "person2@example.org": "no basis",
        "other@example.org": "address changed",
        "person4@example.org": "not on the allow-list",
    }
    with engine.connect() as c:
        assert certificate(c, "news@one").balanced


@pytest.mark.parametrize("control", [Control.PAUSE, Control.STOP])
def test_a_paused_or_stopped_edition_gives_no_batch(
    engine: sa.Engine, sent_to: int, control: Control
) -> None:
    with engine.begin() as c:
        edition_store.set_control(c, sent_to, control, "wait for the board")
    taken = take(engine, sent_to)
    assert isinstance(taken, Nothing)
    assert "wait for the board" in taken.why
    assert not taken.finished


def test_the_global_stop_holds_every_edition(engine: sa.Engine, sent_to: int) -> None:
    with engine.begin() as c:
        c.execute(sa.insert(fact).values(name=GLOBAL_STOP, value="incident", at=NOW))
    taken = take(engine, sent_to)
    assert isinstance(taken, Nothing)
    assert "incident" in taken.why


def test_an_unapproved_edition_gives_no_batch(engine: sa.Engine, sent_to: int) -> None:
    with engine.begin() as c:
        c.execute(sa.update(edition).values(state=EditionState.PREPARED))
    assert isinstance(take(engine, sent_to), Nothing)


def test_a_released_batch_waits_and_is_claimed_again(engine: sa.Engine, sent_to: int) -> None:
    first = took(engine, sent_to)
    later = NOW + timedelta(seconds=30)
    assert outcomes.release(engine, first, "connection refused", later, NOW)
    second = took(engine, sent_to)
    assert second.batch_id != first.batch_id
    again = took(engine, sent_to, now=later + timedelta(seconds=1), sender="two")
    while again.batch_id != first.batch_id:
        again = took(engine, sent_to, now=later + timedelta(seconds=1), sender="two")
    assert (again.epoch, again.attempts) == (2, 2)
    assert again.people == first.people


def test_a_fenced_sender_changes_nothing(engine: sa.Engine, sent_to: int) -> None:
    stale = took(engine, sent_to)
    assert outcomes.release(engine, stale, "held up", NOW, NOW)
    fresh = took(engine, sent_to, sender="two", now=NOW + timedelta(seconds=1))
    assert fresh.batch_id == stale.batch_id
    assert not still_mine(engine, stale)
    assert not outcomes.record_accepted(engine, stale, "stale", NOW)
    assert not outcomes.record_failed(engine, stale, "stale", NOW)
    assert not outcomes.record_doubt(engine, stale, "stale", NOW)
    assert not outcomes.split(engine, stale, NOW)
    assert still_mine(engine, fresh)


def test_a_dead_senders_batch_is_put_in_doubt_and_never_claimed_again(
    engine: sa.Engine, sent_to: int
) -> None:
    took(engine, sent_to, sender="dead")
    assert outcomes.doubt_the_dead(engine, NOW, lambda _: True) == 0
    assert outcomes.doubt_the_dead(engine, NOW, lambda _: None) == 0
    assert outcomes.doubt_the_dead(engine, NOW, lambda _: False) == 1
    while isinstance(taken := take(engine, sent_to), ClaimedBatch):
        outcomes.record_accepted(engine, taken, "id", NOW)
    with engine.connect() as c:
        account = certificate(c, "news@one")
    assert (account.unknown, account.accepted, account.balanced) == (3, 4, True)


def test_a_lease_that_ran_out_is_enough_where_the_sender_cannot_be_seen(
    engine: sa.Engine, sent_to: int
) -> None:
    took(engine, sent_to)
    late = NOW + LEASE + timedelta(seconds=1)
    assert outcomes.doubt_the_dead(engine, late, lambda _: None) == 1


def test_a_receipt_that_comes_late_settles_a_doubt(engine: sa.Engine, sent_to: int) -> None:
    taken = took(engine, sent_to)
    outcomes.doubt_the_dead(engine, NOW, lambda _: False)
    assert outcomes.record_accepted(engine, taken, "id", NOW)
    with engine.connect() as c:
        assert certificate(c, "news@one").unknown == 0


def test_a_split_batch_loses_nobody(engine: sa.Engine, sent_to: int) -> None:
    taken = took(engine, sent_to)
    assert outcomes.split(engine, taken, NOW)
    seen: list[int] = []
    while isinstance(one := take(engine, sent_to), ClaimedBatch):
        seen += [person.contact_id for person in one.people]
        outcomes.record_accepted(engine, one, "id", NOW)
    assert len(seen) == len(set(seen)) == 7


def test_a_batch_of_one_is_not_split(engine: sa.Engine, keys: Keys) -> None:
    add_people(engine, keys, 1)
    taken = took(engine, make_edition(engine))
    with pytest.raises(ValueError, match="one cannot be split"):
        outcomes.split(engine, taken, NOW)


def test_whoever_objects_in_flight_is_listed_as_crossed(
    engine: sa.Engine, keys: Keys, sent_to: int
) -> None:
    taken = took(engine, sent_to)
    with engine.begin() as c:
        suppress(c, keys, taken.people[0].address)
    outcomes.record_accepted(engine, taken, "id", NOW)
    with engine.connect() as c:
        crossed = (
            c.execute(sa.select(delivery.c.contact_id).where(delivery.c.crossed_at.is_not(None)))
            .scalars()
            .all()
        )
        assert certificate(c, "news@one").crossed == 1
    assert crossed == [taken.people[0].contact_id]


def test_a_provider_that_asked_to_wait_holds_all_its_senders(
    engine: sa.Engine, sent_to: int
) -> None:
    until = NOW + timedelta(seconds=20)
    outcomes.hold_provider(engine, "outbox", until, NOW)
    held = take(engine, sent_to)
    assert isinstance(held, Nothing)
    assert held.wait_until == until
    assert isinstance(take(engine, sent_to, now=until), ClaimedBatch)


def test_closing_an_edition_cancels_what_is_planned_and_counts_it(
    engine: sa.Engine, sent_to: int
) -> None:
    outcomes.record_accepted(engine, took(engine, sent_to), "id", NOW)
    with engine.begin() as c:
        assert edition_store.close(c, sent_to, EditionState.CANCELLED, "person", NOW) == 4
    with engine.connect() as c:
        account = certificate(c, "news@one")
        states = set(c.execute(sa.select(batch.c.state)).scalars())
    assert (account.accepted, account.cancelled, account.balanced) == (3, 4, True)
    assert states == {"accepted", "cancelled"}
