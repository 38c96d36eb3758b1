"""Whatever comes together in a transaction, what is known afterwards is as if it came singly."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.fakes.ledger import SENT_AT, Ledger, happened, post

from outreach.domain import DeliveryState, Event, EventType
from outreach.engagement.facts import apply, fact_key, objection_in, with_engagement
from outreach.errors import TokenError
from outreach.flows.events import drain, store_raw
from outreach.ledger.editions import delivery
from outreach.ledger.events import Fact, add, engagement_of
from outreach.ledger.standings import Standing, save, standings
from outreach.providers.registry import event_source

PEOPLE = 12
WORDS = ["delivered", "open", "click", "bounce", "deferred", "dropped", "processed", "spamreport"]
WORDS += ["unsubscribe", "group_resubscribe", "a strange word"]
Key = tuple[int, int]


class Singly:
    """The reference: one event at a time, with nothing but the rules for one."""

    def __init__(self, ledger: Ledger, edition: int) -> None:
        self._keys = ledger.ws.keys
        self.deliveries = {
            one.key: one
            for one in (
                Standing(edition, ledger.contact_id(n), ledger.hash(n), None, DeliveryState.CLAIMED)
                for n in range(PEOPLE)
            )
        }
        self.facts: set[bytes] = set()
        self.suppressed: set[tuple[bytes, str]] = set()
        self._prints: set[str] = set()
        self._engaged: dict[Key, list[tuple[EventType, datetime, bool]]] = {}

    def take(self, event: Event) -> None:
        fact = fact_key(event, b"" if event.delivery_id else self._keys.address_hash(event.address))
        if fact in self.facts or event.fingerprint in self._prints:
            return
        self.facts.add(fact)
        self._prints |= {event.fingerprint} - {""}
        try:
            key = self._keys.open_delivery_id(event.delivery_id)
        except TokenError:
            key = (0, 0)
        if key in self.deliveries:
            self._move(key, event)
        reason = objection_in(event)
        if reason:
            known = self.deliveries.get(key)
            who = known.address_hash if known else self._keys.address_hash(event.address)
            self.suppressed.add((who, reason.value))

    def _move(self, key: Key, event: Event) -> None:
        if event.type in (EventType.OPENED, EventType.CLICKED):
            one = (event.type, event.occurred_at, event.machine)
            self._engaged.setdefault(key, []).append(one)
        moved = apply(self.deliveries[key], event)
        self.deliveries[key] = with_engagement(moved, self._engaged.get(key, []))


def a_stream(ids: list[str], draw: random.Random, number: int) -> list[dict[str, Any]]:
    """Events in any order, some of them again under the same id or a new one, some not ours."""
    made: list[dict[str, Any]] = []
    for place in range(number):
        if made and draw.random() < 0.2:
            again = draw.choice(made)
            made.append(
                again if draw.random() < 0.5 else {**again, "sg_event_id": f"n{number}-{place}"}
            )
            continue
        word = draw.choice(WORDS)
        who = draw.choice([*ids, *ids, "forged", "a" * 26, ids[0].upper(), ids[0] + "\n"])
        more: dict[str, Any] = {"sg_event_id": f"e{number}-{place}"} if draw.random() < 0.8 else {}
        if word == "click":
            more["url"] = f"https://example.org/{draw.randrange(2)}"
        if word in ("bounce", "deferred", "dropped"):
            more |= {"reason": f"é {draw.randrange(2)}", "type": draw.choice(["bounce", "blocked"])}
        after = draw.choice([1, 5, 8, 12, 30, 3600])
        machine = draw.random() < 0.2
        email = f"stranger{draw.randrange(3)}@example.org"
        made.append(happened(word, who, after, email=email, sg_machine_open=machine, **more))
    return made


@pytest.mark.parametrize("seed", range(3))
def test_taken_in_together_events_say_what_they_say_one_by_one(ledger: Ledger, seed: int) -> None:
    edition = ledger.edition(people=PEOPLE, state=DeliveryState.CLAIMED)
    ids = [ledger.delivery_id(edition, n) for n in range(PEOPLE)]
    draw = random.Random(seed)
    singly = Singly(ledger, edition)
    for size in (1, 40, 90, 2, 600):
        body = post(*a_stream(ids, draw, size))
        for event in event_source("sendgrid").parse(body):
            assert isinstance(event, Event)
            singly.take(event)
        store_raw(ledger.ws, "sendgrid", body)
        if size != 40:
            drain(ledger.ws)
    with ledger.ws.engine.begin() as c:
        assert standings(c, singly.deliveries.keys()) == singly.deliveries
    assert {bytes(row.fact_key) for row in ledger.events()} == singly.facts
    assert len(ledger.events()) == len(singly.facts)
    found = [(bytes(row.address_hash), row.reason) for row in ledger.suppressions()]
    assert sorted(found) == sorted(singly.suppressed)


def test_only_what_changed_of_a_delivery_is_written(ledger: Ledger) -> None:
    edition = ledger.edition(people=2)
    keys = [(edition, ledger.contact_id(n)) for n in range(2)]
    with ledger.ws.engine.begin() as c:
        before = standings(c, keys)
        # What somebody else writes meanwhile, which no lock of these rows allows.
        c.execute(sa.update(delivery).values(reason="theirs"))
        opened = before[keys[0]]._replace(opened_at=SENT_AT)
        save(c, before, [opened, before[keys[1]]])
        after = standings(c, keys)
    assert after[keys[0]] == opened._replace(reason="theirs")
    assert after[keys[1]] == before[keys[1]]._replace(reason="theirs")


def test_more_facts_than_one_statement_holds_are_each_new_once(ledger: Ledger) -> None:
    edition = ledger.edition(people=1)
    key = (edition, ledger.contact_id(0))
    moments = [SENT_AT + timedelta(seconds=n) for n in range(120)]
    facts = [
        Fact(Event(EventType.OPENED, at, machine=n % 2 == 0), key, n.to_bytes(16), 0)
        for n, at in enumerate(moments)
    ]
    with ledger.ws.engine.begin() as c:
        assert len(add(c, facts[:70], SENT_AT)) == 70
        assert add(c, facts, SENT_AT) == {n.to_bytes(16) for n in range(70, 120)}
        told = sorted(engagement_of(c, [key])[key], key=lambda one: one[1])
    assert told == [(EventType.OPENED, at, n % 2 == 0) for n, at in enumerate(moments)]


def test_a_time_without_a_zone_is_refused(ledger: Ledger) -> None:
    naive = Event(EventType.OPENED, SENT_AT.replace(tzinfo=None))
    with ledger.ws.engine.begin() as c, pytest.raises(ValueError, match="zone"):
        add(c, [Fact(naive, None, b"k" * 16, 0)], SENT_AT)
