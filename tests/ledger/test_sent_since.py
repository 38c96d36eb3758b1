"""A segment that asks about earlier sends is asked once more as each batch is claimed."""

from __future__ import annotations

import threading
from datetime import timedelta

import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.keys import Keys
from outreach.ledger.audience import Rule
from outreach.ledger.certificate import certificate
from outreach.ledger.claims import ClaimedBatch
from outreach.ledger.editions import delivery, edition
from outreach.segments import Segment, parse
from tests.ledger.seeds import NOW, add_people, make_edition
from tests.ledger.test_claims import take

ONCE = Rule(
    "news", Purpose.PUBLIC_TASK, Segment(parse('not sent campaign "news" in the last 60 days'))
)


def claimed(engine: sa.Engine, edition_id: int, **more) -> list[int]:
    seen: list[int] = []
    while isinstance(taken := take(engine, edition_id, **more), ClaimedBatch):
        seen += [person.contact_id for person in taken.people]
    return seen


def test_two_invitations_prepared_side_by_side_reach_each_person_once(
    engine: sa.Engine, keys: Keys
) -> None:
    people = add_people(engine, keys, 4)
    first, second = (make_edition(engine, rule=ONCE, occurrence=one) for one in ("one", "two"))
    assert first
    assert second
    assert claimed(engine, first) == people
    assert claimed(engine, second, now=NOW + timedelta(days=3)) == []
    with engine.connect() as connection:
        account = certificate(connection, "news@two")
    assert account.balanced
    assert account.reasons["suppressed"] == {
        "outside the audience: was sent the campaign news in the last 60 days": 4
    }


def test_both_sent_at_the_same_moment_reach_each_person_once(engine: sa.Engine, keys: Keys) -> None:
    people = add_people(engine, keys, 9)
    made = [make_edition(engine, rule=ONCE, occurrence=one) for one in ("one", "two")]
    reached: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one: reached.extend(claimed(engine, one or 0)))
        for one in made
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(reached) == people


def test_nobody_drops_out_because_an_approval_took_days(engine: sa.Engine, keys: Keys) -> None:
    """What had been so when it was frozen is not asked of the calendar again."""
    people = add_people(engine, keys, 2)
    earlier = make_edition(engine)
    assert earlier
    assert claimed(engine, earlier) == people
    with engine.begin() as connection:
        connection.execute(sa.update(delivery).values(state="accepted"))
    lately = Segment(parse('got campaign "news" in the last 7 days'))
    made = make_edition(engine, rule=Rule("more", Purpose.PUBLIC_TASK, lately))
    assert made
    assert claimed(engine, made, now=NOW + timedelta(days=8)) == people


def test_a_segment_that_asks_nothing_of_sends_keeps_nothing_to_ask(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 1)
    rule = Rule("news", Purpose.PUBLIC_TASK, Segment(parse("not pledged and role contains 'n'")))
    make_edition(engine, rule=rule)
    with engine.connect() as connection:
        assert connection.execute(sa.select(edition.c.asks)).scalar_one() == ""


def test_a_long_rule_narrowed_by_another_is_asked_again_as_well(
    engine: sa.Engine, keys: Keys
) -> None:
    """Printed, they are longer together than a person may write a rule."""
    people = add_people(engine, keys, 2)
    one = "not got campaign 'x' and not " + "not not " * 9 + "(got campaign 'y' and pledged)"
    tests = [f"not got campaign 'campaign-{n}'" for n in range(48)]
    both = Segment(parse(" and ".join(tests))).narrowed(Segment(parse(f"{one} and {tests[0]}")))
    rule = Rule("news", Purpose.PUBLIC_TASK, both.narrowed(Segment(parse(" or ".join(tests)))))
    assert len(rule.segment.about_sends) > 2000
    made = make_edition(engine, rule=rule)
    assert made
    assert claimed(engine, made) == people
