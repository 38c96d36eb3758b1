"""A pledge that was never answered is free for another edition; one that was, never."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState, Purpose
from outreach.journal import Claim
from outreach.keys import Keys
from outreach.ledger import behind, edition_store, outcomes, pledges
from outreach.ledger.audience import Rule
from outreach.ledger.certificate import certificate
from outreach.ledger.claims import ClaimedBatch, Nothing, claim
from outreach.ledger.editions import delivery
from outreach.ledger.people import contact, pledge
from outreach.segments import Segment
from tests.ledger.seeds import NOW, add_people, add_pledge, candidates, make_edition

THANKS = Rule("thanks", Purpose.PUBLIC_TASK, Segment.of(pledged_within_days=14), per_pledge=True)
PEOPLE = 4


@pytest.fixture
def first(engine: sa.Engine, keys: Keys) -> int:
    """An edition, approved, that answers four pledges in two batches."""
    for number, contact_id in enumerate(add_people(engine, keys, PEOPLE)):
        with engine.begin() as connection:
            add_pledge(connection, keys, contact_id, f"person{number}@example.org", days_ago=1)
    made = make_edition(engine, rule=THANKS, batch_size=2)
    assert made
    return made


def take(engine: sa.Engine, edition_id: int) -> ClaimedBatch:
    taken = take_or_nothing(engine, edition_id)
    assert isinstance(taken, ClaimedBatch)
    return taken


def take_or_nothing(engine: sa.Engine, edition_id: int) -> ClaimedBatch | Nothing:
    return claim(
        engine,
        edition_id,
        sender="one",
        now=NOW,
        lease=timedelta(minutes=5),
        token_kid="k1",
        allowed=lambda _: True,
    )


def close(engine: sa.Engine, edition_id: int, state: EditionState) -> None:
    with engine.begin() as connection:
        edition_store.close(connection, edition_id, state, "too late", NOW)


def waiting(engine: sa.Engine) -> int:
    return len(candidates(engine, THANKS, "thanks@two"))


@pytest.mark.parametrize("state", [EditionState.REJECTED, EditionState.CANCELLED])
def test_pledges_of_an_edition_that_never_began_are_answered_by_the_next(
    engine: sa.Engine, first: int, state: EditionState
) -> None:
    assert waiting(engine) == 0
    close(engine, first, state)
    assert waiting(engine) == PEOPLE
    second = make_edition(engine, rule=THANKS, occurrence="two", batch_size=10)
    assert second
    assert len(take(engine, second).people) == PEOPLE
    assert waiting(engine) == 0
    with engine.connect() as connection:
        for name in ("thanks@one", "thanks@two"):
            assert certificate(connection, name).balanced


def test_one_claim_keeps_every_pledge_even_if_it_came_back_unsent(
    engine: sa.Engine, first: int
) -> None:
    outcomes.release(engine, take(engine, first), "no connection", NOW, NOW)
    close(engine, first, EditionState.CANCELLED)
    assert waiting(engine) == 0


def test_a_claim_that_only_the_journal_knows_makes_the_next_answer_a_doubt(
    engine: sa.Engine, first: int
) -> None:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(delivery.c.address_hash, delivery.c.occasion).order_by(delivery.c.contact_id)
        ).all()
    forgotten = [
        Claim("l", "thanks@one", 1, 1, (bytes(row.address_hash),), (row.occasion,)) for row in rows
    ]
    close(engine, first, EditionState.CANCELLED)
    with engine.begin() as connection:
        assert behind.doubt(connection, forgotten[0], NOW) == 1
    assert waiting(engine) == PEOPLE - 1
    second = make_edition(engine, rule=THANKS, occurrence="two", batch_size=10)
    assert second
    with engine.begin() as connection:
        assert behind.doubt(connection, forgotten[1], NOW) == 1
        assert behind.doubt(connection, forgotten[0], NOW) == 0
    assert len(take(engine, second).people) == PEOPLE - 2
    with engine.connect() as connection:
        doubts = [certificate(connection, f"thanks@{name}").unknown for name in ("one", "two")]
        assert doubts == [1, 1]


def test_a_pledge_given_back_is_taken_again_where_an_event_showed_its_answer_first(
    engine: sa.Engine, first: int
) -> None:
    close(engine, first, EditionState.CANCELLED)
    with engine.begin() as connection:
        got = connection.execute(sa.select(delivery).order_by(delivery.c.contact_id)).first()
        assert got is not None
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.contact_id == got.contact_id)
            .values(state=DeliveryState.DELIVERED)
        )
        pledge = got.occasion.partition("~")[0]
        forgotten = Claim("l", "thanks@one", 1, 1, (bytes(got.address_hash),), (pledge,))
        assert behind.doubt(connection, forgotten, NOW) == 0
    assert waiting(engine) == PEOPLE - 1


def test_a_list_that_comes_late_with_an_earlier_pledge_brings_no_second_thank_you(
    engine: sa.Engine, first: int, keys: Keys
) -> None:
    """Such as one that has the day alone of a pledge that another had with its hour."""
    while isinstance(taken := take_or_nothing(engine, first), ClaimedBatch):
        outcomes.record_accepted(engine, taken, "id", NOW)
    made = sa.select(pledge.c.address_hash, pledge.c.pledged_at)
    with engine.begin() as connection:
        address = "person0@example.org"
        of = sa.select(contact.c.id).where(contact.c.email == address)
        whose = connection.execute(of).scalar_one()
        add_pledge(connection, keys, whose, address, days_ago=2)
        pledges.mark_renewals(connection, {keys.address_hash(address)})
        assert len(connection.execute(made.where(pledge.c.contact_id == whose)).all()) == 2
    assert waiting(engine) == 0


def test_a_new_pledge_after_a_withdrawn_one_is_answered(
    engine: sa.Engine, first: int, keys: Keys
) -> None:
    while isinstance(taken := take_or_nothing(engine, first), ClaimedBatch):
        outcomes.record_accepted(engine, taken, "id", NOW)
    address = "person0@example.org"
    with engine.begin() as connection:
        whose = connection.execute(
            sa.select(contact.c.id).where(contact.c.email == address)
        ).scalar_one()
        pledges.withdraw_all(
            connection,
            keys.address_hash(address),
            pledges.PledgeWithdrawal("amy", "asked", NOW - timedelta(hours=1)),
        )
        add_pledge(connection, keys, whose, address, days_ago=0)
    assert waiting(engine) == 1
