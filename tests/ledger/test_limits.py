"""The day's ceiling, emails per person, goals and pledges: asked again at every claim."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from outreach.journal import Claim
from outreach.keys import Keys
from outreach.ledger import behind, outcomes
from outreach.ledger.audience import Rule
from outreach.ledger.caps import Cap, midnight
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.claims import ClaimedBatch, Nothing, claim
from outreach.ledger.editions import batch
from outreach.ledger.people import pledge
from outreach.limits import Limits
from outreach.segments import Segment
from tests.ledger.seeds import EVERYONE, NOW, add_people, add_pledge, candidates, make_edition

LEASE = timedelta(minutes=5)
PLEDGED = Rule("thanks", EVERYONE.purpose, Segment.of(pledged_within_days=14), per_pledge=True)


def take(
    engine: sa.Engine, edition_id: int, limits: Limits, now: datetime = NOW, sender: str = "one"
) -> ClaimedBatch | Nothing:
    return claim(
        engine,
        edition_id,
        sender=sender,
        now=now,
        lease=LEASE,
        token_kid="k1",
        allowed=lambda _: True,
        limits=limits,
    )


def send_all(
    engine: sa.Engine, edition_id: int, limits: Limits, now: datetime = NOW
) -> tuple[list[int], Nothing]:
    """Claim and hand over until nothing is given; returns who, and why it ended."""
    seen: list[int] = []
    while isinstance(taken := take(engine, edition_id, limits, now), ClaimedBatch):
        seen += [person.contact_id for person in taken.people]
        outcomes.record_accepted(engine, taken, "id", now)
    return seen, taken


def account(engine: sa.Engine, name: str = "news@one") -> Certificate:
    with engine.connect() as connection:
        return certificate(connection, name)


def test_a_ceiling_cuts_a_large_batch_and_the_rest_goes_the_next_day(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 23)
    made = make_edition(engine, batch_size=1000)
    limits = Limits(emails_per_day=10)
    first, why = send_all(engine, made, limits)
    assert len(first) == 10
    assert "ceiling of 10 emails is reached" in why.why
    assert why.wait_until == midnight(NOW, 1)
    second, _ = send_all(engine, made, limits, NOW + timedelta(days=1))
    third, end = send_all(engine, made, limits, NOW + timedelta(days=2))
    assert (len(second), len(third), end.finished) == (10, 3, True)
    assert len({*first, *second, *third}) == 23
    assert account(engine).balanced


def test_a_ceiling_counts_every_edition_and_what_is_in_doubt_but_not_what_came_back(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 6)
    limits = Limits(emails_per_day=7)
    one, two = make_edition(engine), make_edition(engine, occurrence="two")
    doubted = take(engine, one, limits)
    assert isinstance(doubted, ClaimedBatch)
    outcomes.record_doubt(engine, doubted, "reset", NOW)
    released = take(engine, one, limits)
    assert isinstance(released, ClaimedBatch)
    outcomes.release(engine, released, "refused", NOW + timedelta(hours=1), NOW)
    seen, why = send_all(engine, two, limits)
    assert (len(seen), why.finished) == (4, False)


def test_a_ceiling_holds_under_senders_at_the_same_time(engine: sa.Engine, keys: Keys) -> None:
    add_people(engine, keys, 60)
    editions = [make_edition(engine, batch_size=7, occurrence=name) for name in ("one", "two")]
    limits = Limits(emails_per_day=50)
    seen: list[int] = []

    def work(edition_id: int) -> None:
        seen.extend(send_all(engine, edition_id, limits)[0])

    threads = [threading.Thread(target=work, args=(one,)) for one in editions * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 50


def test_midnight_is_londons(engine: sa.Engine) -> None:
    summer = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)  # half past midnight in London
    assert midnight(summer) == datetime(2026, 6, 1, 23, 0, tzinfo=UTC)
    long_day = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)
    assert midnight(long_day, 1) - midnight(long_day) == timedelta(days=1)  # wall clock
    assert midnight(long_day, 1).astimezone(UTC) == datetime(2026, 10, 26, 0, 0, tzinfo=UTC)


def test_nobody_gets_more_emails_than_the_limit_in_so_many_days(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 3)
    limits = Limits(emails_per_person=1, in_days=7)
    capped = replace(EVERYONE, capped=True)
    one = make_edition(engine, rule=capped)
    two = make_edition(engine, rule=capped, occurrence="two")
    exempt = make_edition(engine, occurrence="exempt")
    assert len(send_all(engine, one, limits)[0]) == 3
    assert send_all(engine, two, limits)[0] == []
    reasons = account(engine, "news@two").reasons["suppressed"]
    assert reasons == {"had 1 or more emails in the last 7 days": 3}
    assert len(send_all(engine, exempt, limits)[0]) == 3


def test_the_limit_per_person_is_shown_at_prepare_and_ends_with_its_days(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 2)
    send_all(engine, make_edition(engine), Limits(), NOW - timedelta(days=3))
    wanted = [(Cap(1, 4), 0), (Cap(1, 2), 2), (Cap(2, 4), 2)]
    for cap, left in wanted:
        rule = replace(EVERYONE, capped=True, cap=cap)
        found = candidates(engine, rule, "news@two")
        assert len([one for one in found if not one.why_not]) == left


def test_whoever_reached_the_goal_after_prepare_is_not_written_to(
    engine: sa.Engine, keys: Keys
) -> None:
    ids = add_people(engine, keys, 3)
    rule = replace(EVERYONE, segment=Segment.of(pledged=False), goal="pledged")
    made = make_edition(engine, rule=rule)
    with engine.begin() as connection:
        add_pledge(connection, keys, ids[1], "person1@example.org", days_ago=0)
    seen, _ = send_all(engine, made, Limits())
    assert sorted(seen) == [ids[0], ids[2]]
    assert account(engine).reasons["suppressed"] == {"goal reached: has pledged": 1}


def test_a_goal_reached_before_prepare_is_shown_there(engine: sa.Engine, keys: Keys) -> None:
    ids = add_people(engine, keys, 2)
    with engine.begin() as connection:
        add_pledge(connection, keys, ids[0], "person0@example.org", days_ago=1)
    found = candidates(engine, replace(EVERYONE, goal="pledged"))
    assert [one.why_not for one in found] == ["goal reached: has pledged", ""]


def test_a_pledge_withdrawn_after_prepare_is_not_answered(engine: sa.Engine, keys: Keys) -> None:
    ids = add_people(engine, keys, 3)
    with engine.begin() as connection:
        for place, contact_id in enumerate(ids):
            add_pledge(connection, keys, contact_id, f"person{place}@example.org", days_ago=2)
    made = make_edition(engine, rule=PLEDGED)
    with engine.begin() as connection:
        taken_back = sa.update(pledge).where(pledge.c.contact_id == ids[0])
        connection.execute(taken_back.values(withdrawn_at=NOW))
        # A second pledge does not take the first one's answer away.
        add_pledge(connection, keys, ids[1], "person1@example.org", days_ago=1)
    seen, _ = send_all(engine, made, Limits())
    assert sorted(seen) == [ids[1], ids[2]]
    assert account(engine, "thanks@one").reasons["suppressed"] == {"pledge withdrawn": 1}


def test_every_claim_keeps_how_many_people_it_took(engine: sa.Engine, keys: Keys) -> None:
    add_people(engine, keys, 5)
    send_all(engine, make_edition(engine), Limits())
    with engine.connect() as connection:
        kept = connection.execute(sa.select(batch.c.people).order_by(batch.c.number)).scalars()
        assert list(kept) == [3, 2]


def test_whom_only_the_journal_knows_to_have_been_written_to_counts_as_written_to(
    engine: sa.Engine, keys: Keys
) -> None:
    ids = add_people(engine, keys, 3)
    limits = Limits(emails_per_person=1, in_days=7)
    capped = replace(EVERYONE, capped=True)
    make_edition(engine, rule=capped)
    with engine.begin() as connection:
        forgotten = Claim("l", "news@one", 1, 1, (keys.address_hash("person0@example.org"),))
        assert behind.doubt(connection, forgotten, NOW) == 1
    two = make_edition(engine, rule=capped, occurrence="two")
    assert sorted(send_all(engine, two, limits)[0]) == ids[1:]
    found = candidates(engine, replace(capped, cap=Cap(1, 7)), "news@three")
    assert [bool(one.why_not) for one in found] == [True, True, True]


def test_a_ceiling_counts_on_the_day_of_the_recovery_whom_only_the_journal_knew(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 8)
    made = make_edition(engine, batch_size=2)
    with engine.begin() as connection:
        hashes = tuple(keys.address_hash(f"person{n}@example.org") for n in range(3))
        assert behind.doubt(connection, Claim("l", "news@one", 1, 1, hashes), NOW) == 3
    limits = Limits(emails_per_day=4)
    assert len(send_all(engine, made, limits)[0]) == 1
    later = NOW + timedelta(days=1)
    assert len(send_all(engine, made, limits, later)[0]) == 4
