"""What readers did, counted for people."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.fakes.ledger import Ledger, happened, post

from outreach.engagement.rollup import engagement, engagement_by_day
from outreach.errors import NotFound
from outreach.flows.events import drain, store_raw


def take(ledger: Ledger, *events: object) -> None:
    store_raw(ledger.ws, "sendgrid", post(*events))
    drain(ledger.ws)


def test_each_person_counts_once_and_rates_say_of_whom(ledger: Ledger) -> None:
    edition = ledger.edition(people=5)
    ids = [ledger.delivery_id(edition, n) for n in range(5)]
    take(
        ledger,
        *(happened("delivered", one, 10) for one in ids[:4]),
        happened("bounce", ids[4], type="bounce"),
        *(happened("open", ids[0], after) for after in (600, 700, 800)),
        happened("open", ids[1], 500, sg_machine_open=True),
        happened("click", ids[0], 900, url="https://example.org/a"),
        happened("click", ids[0], 901, url="https://example.org/b"),
        happened("unsubscribe", ids[2], 950),
    )
    found = engagement(ledger.ws, "news@2026-11-23")
    assert (found.intended, found.accepted, found.delivered, found.bounced) == (5, 5, 4, 1)
    assert (found.opened, found.machine_opened, found.clicked) == (1, 1, 1)
    assert (found.unsubscribed, found.complained, found.simulated) == (1, 0, False)
    rate = found.rates["opened"]
    assert (rate.part, rate.whole, rate.of, rate.share) == (1, 4, "delivered", 0.25)
    assert found.rates["delivered"].of == "accepted"


def test_without_deliveries_there_is_no_rate(ledger: Ledger) -> None:
    ledger.edition(people=1)
    assert engagement(ledger.ws, "news@2026-11-23").rates["opened"].share is None


def test_an_edition_that_does_not_exist_is_told(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        engagement(ledger.ws, "nothing@2026-11-23")


def test_simulated_events_are_declared(ledger: Ledger) -> None:
    edition = ledger.edition()
    one = ledger.delivery_id(edition, 0)
    take(ledger, happened("delivered", one, outreach_simulated="true"))
    assert engagement(ledger.ws, "news@2026-11-23").simulated


def test_days_are_londons(ledger: Ledger) -> None:
    edition = ledger.edition(people=3, claimed_at=datetime(2026, 7, 1, 8, tzinfo=UTC))
    ids = [ledger.delivery_id(edition, n) for n in range(3)]

    def at(text: str) -> dict[str, int]:
        return {"timestamp": int(datetime.fromisoformat(text).timestamp())}

    take(
        ledger,
        {**happened("delivered", ids[0]), **at("2026-07-01T22:59:59+00:00")},  # 23:59 in London
        {**happened("delivered", ids[1]), **at("2026-07-01T23:00:00+00:00")},  # midnight there
        {**happened("delivered", ids[2]), **at("2026-12-01T23:30:00+00:00")},
        {**happened("open", ids[0]), **at("2026-07-02T09:00:00+00:00")},
    )
    days = engagement_by_day(ledger.ws)
    assert [(day.day, day.delivered, day.opened) for day in days] == [
        (date(2026, 7, 1), 1, 0),
        (date(2026, 7, 2), 1, 1),
        (date(2026, 12, 1), 1, 0),
    ]
