"""Recipients of an accepted batch who came to something else: counted, listed and tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState
from outreach.keys import Keys
from outreach.ledger import doubt_store, edition_store, outcomes, views, watching
from outreach.ledger.apart import Apart
from outreach.ledger.caps import Cap, at_cap, sent_on_the_day
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.certificate_rows import account_rows
from outreach.ledger.claims import ClaimedBatch, Nothing, claim
from outreach.ledger.editions import batch, delivery, edition
from outreach.ledger.outcomes import Accepted
from outreach.ledger.progress import figures
from outreach.ledger.watching import Watched
from outreach.limits import NO_LIMITS
from tests.ledger.seeds import NOW, add_people, make_edition, suppress

S = DeliveryState
LATER = NOW + timedelta(seconds=30)


@pytest.fixture
def sent_to(engine: sa.Engine, keys: Keys) -> int:
    add_people(engine, keys, 6)
    made = make_edition(engine, batch_size=6)
    assert made
    with engine.begin() as connection:
        connection.execute(sa.update(edition).values(state=EditionState.SENDING))
    return made


def take(engine: sa.Engine, edition_id: int, now=NOW) -> ClaimedBatch | Nothing:
    return claim(
        engine,
        edition_id,
        sender="host|1",
        now=now,
        lease=timedelta(minutes=5),
        token_kid="k1",
        allowed=lambda _: True,
    )


@pytest.fixture
def taken(engine: sa.Engine, sent_to: int) -> ClaimedBatch:
    found = take(engine, sent_to)
    assert isinstance(found, ClaimedBatch)
    return found


def groups(taken: ClaimedBatch, *states: DeliveryState) -> tuple[Apart, ...]:
    """Give the batch's people these states, one each from the first; each its own reason."""
    ids = [person.contact_id for person in taken.people]
    found = []
    for state in dict.fromkeys(states):
        reasons = {ids[n]: f"{one} {n}" for n, one in enumerate(states) if one is state}
        found.append(Apart(state, reasons, LATER if state is S.PLANNED else None))
    return tuple(found)


def record(engine: sa.Engine, taken: ClaimedBatch, *states: DeliveryState) -> int:
    receipt = Accepted(taken, "id", groups(taken, *states))
    return outcomes.record_receipts(engine, [receipt], NOW)


def account(engine: sa.Engine) -> Certificate:
    with engine.connect() as connection:
        return certificate(connection, "news@one")


def counts(engine: sa.Engine) -> tuple[int, ...]:
    """Accepted, failed, in doubt, planned, cancelled."""
    found = account(engine)
    assert found.balanced
    return found.accepted, found.failed, found.unknown, found.planned, found.cancelled


MIXED = (S.FAILED, S.FAILED, S.UNKNOWN, S.PLANNED)


def test_the_certificate_the_lists_and_the_limits_see_each_as_what_they_came_to(
    engine: sa.Engine, sent_to: int, taken: ClaimedBatch
) -> None:
    assert record(engine, taken, *MIXED) == 1
    assert counts(engine) == (2, 2, 1, 1, 0)
    reasons = account(engine).reasons
    assert reasons["failed"] == {"failed 0": 1, "failed 1": 1}
    assert reasons["unknown"] == {"unknown 2": 1}
    with engine.connect() as connection:
        assert views.doubts(connection) == {"news@one": 1}
        (doubt,) = doubt_store.doubts(connection, sent_to)
        rows = {row.state: row for row in account_rows(connection, sent_to)}
        assert sent_on_the_day(connection, NOW) == 3
        people = figures(
            connection, sent_to, limits=NO_LIMITS, since=NOW - timedelta(minutes=2), now=NOW
        ).people
        (refused,) = watching.refusals(connection, Watched(1, "news", None, ""))
        capped = at_cap(connection, Cap(1, 7), NOW + timedelta(hours=1))
    assert (doubt.contact_id, doubt.reason) == (taken.people[2].contact_id, "unknown 2")
    assert doubt.batch
    assert (doubt.batch.claimed_at, doubt.batch.sender) == (NOW, "host|1")
    assert rows["accepted"].message_id == "id"
    assert people == {S.ACCEPTED: 2, S.FAILED: 2, S.UNKNOWN: 1, S.PLANNED: 1}
    assert (refused.tried, refused.refused) == (5, 2)
    assert capped == {taken.people[n].contact_id for n in (2, 4, 5)}


def test_whoever_was_put_off_is_tried_again_at_their_time_and_nobody_else(
    engine: sa.Engine, sent_to: int, taken: ClaimedBatch
) -> None:
    record(engine, taken, *MIXED)
    waiting = take(engine, sent_to)
    assert isinstance(waiting, Nothing)
    assert waiting.wait_until == LATER
    again = take(engine, sent_to, LATER)
    assert isinstance(again, ClaimedBatch)
    assert [person.contact_id for person in again.people] == [taken.people[3].contact_id]
    assert (again.epoch, again.attempts) == (1, 2)
    assert again.number != taken.number
    assert outcomes.record_accepted(engine, again, "id2", LATER)
    assert counts(engine) == (3, 2, 1, 0, 0)


NOBODY = {
    "failed and in doubt": (*[S.FAILED] * 2, *[S.UNKNOWN] * 4),
    "failed and put off": (*[S.FAILED] * 5, S.PLANNED),
    "in doubt and put off": (*[S.UNKNOWN] * 5, S.PLANNED),
    "of each": (*[S.FAILED] * 2, *[S.UNKNOWN] * 2, *[S.PLANNED] * 2),
    "all put off": (S.PLANNED,) * 6,
    "all failed": (S.FAILED,) * 6,
}


@pytest.mark.parametrize("states", NOBODY.values(), ids=NOBODY.keys())
@pytest.mark.parametrize("times", [1, 2])
def test_where_nobody_was_accepted_no_batch_reads_as_if_and_a_second_record_changes_nothing(
    engine: sa.Engine, taken: ClaimedBatch, states: Sequence[DeliveryState], times: int
) -> None:
    for _ in range(times):
        record(engine, taken, *states)
    expected = tuple(states.count(one) for one in (S.FAILED, S.UNKNOWN, S.PLANNED))
    assert counts(engine) == (0, *expected, 0)
    with engine.connect() as connection:
        sizes = dict(connection.execute(sa.select(batch.c.state, batch.c.size)).all())
        people = connection.execute(sa.select(sa.func.count()).select_from(delivery)).scalar_one()
    assert sizes == {one: states.count(one) for one in set(states)}
    assert people == 6


def test_recording_it_twice_changes_nothing(engine: sa.Engine, taken: ClaimedBatch) -> None:
    """As where the answer of the commit was lost."""
    record(engine, taken, *MIXED)
    assert record(engine, taken, *MIXED) == 0
    assert counts(engine) == (2, 2, 1, 1, 0)


def test_whoever_was_put_off_is_cancelled_where_the_edition_has_ended_meanwhile(
    engine: sa.Engine, sent_to: int, taken: ClaimedBatch
) -> None:
    with engine.begin() as connection:
        edition_store.close(connection, sent_to, EditionState.CANCELLED, "cancelled by amy", NOW)
    record(engine, taken, *MIXED)
    assert counts(engine) == (2, 2, 1, 0, 1)
    assert account(engine).reasons["cancelled"] == {"cancelled by amy": 1}


def test_in_a_batch_that_is_in_doubt_by_now_nobody_is_planned_again(
    engine: sa.Engine, sent_to: int, taken: ClaimedBatch
) -> None:
    """Its doubts may have been settled and sent again: a late "not sent" must not send twice."""
    assert outcomes.record_doubt(engine, taken, "no reply", NOW)
    settled = taken.people[3].contact_id
    with engine.begin() as connection:
        doubt_store.set_failed(connection, sent_to, settled, "settled by amy: not in the log")
        proven = taken.people[4].contact_id
        doubt_store.set_failed(connection, sent_to, proven, "settled by amy: not in the log")
    record(engine, taken, S.FAILED, S.UNKNOWN, S.PLANNED, S.PLANNED)
    assert counts(engine) == (2, 2, 2, 0, 0)
    assert account(engine).reasons["failed"] == {
        "failed 0": 1,
        "settled by amy: not in the log": 1,
    }


def test_a_claim_that_was_fenced_off_changes_nothing(
    engine: sa.Engine, sent_to: int, taken: ClaimedBatch
) -> None:
    assert outcomes.release(engine, taken, "held up", NOW, NOW)
    newer = take(engine, sent_to)
    assert isinstance(newer, ClaimedBatch)
    assert record(engine, taken, *MIXED) == 0
    assert account(engine).claimed == 6
    assert record(engine, newer, *MIXED) == 1
    assert counts(engine) == (2, 2, 1, 1, 0)


def test_several_receipts_are_recorded_at_once_each_with_whom_it_crossed(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 6)
    made = make_edition(engine, batch_size=2)
    assert made
    several = [take(engine, made) for _ in range(3)]
    gone = outcomes.release(engine, several[1], "held up", LATER, NOW)  # type: ignore[arg-type]
    with engine.begin() as connection:
        for n in (0, 5):
            suppress(connection, keys, f"person{n}@example.org")
    receipts = [Accepted(one, f"id{n}") for n, one in enumerate(several)]  # type: ignore[arg-type]
    assert gone
    assert outcomes.record_receipts(engine, receipts[::-1], NOW) == 2
    with engine.connect() as connection:
        ids = connection.execute(sa.select(batch.c.message_id).order_by(batch.c.number)).scalars()
        assert list(ids) == ["id0", "", "id2"]
    found = account(engine)
    assert (found.accepted, found.planned, found.crossed) == (4, 2, 2)
