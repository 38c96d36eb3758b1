"""How long an edition takes under the rates, what is said of it, and that it goes on by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.domain import EditionState
from outreach.errors import Refused
from outreach.flows import doctor, editions, pacing
from outreach.flows.opening import end_if_too_late, said_beforehand
from outreach.flows.pacing import Mail, forecast
from outreach.flows.progress import progress
from outreach.ledger import edition_store, rate_use
from outreach.ledger.editions import batch, edition
from outreach.limits import Limits
from outreach.rates import ProviderRates, Rate, Rates, WarmUp
from outreach.scheduling.closing import Closings, Freeze, QuietHours
from outreach.workspace import Workspace
from tests.fakes.deployment import CONTENT
from tests.ledger.seeds import NOW, add_people, make_edition

HOUR = timedelta(hours=1)
QUIET = Closings(QuietHours(time(19), time(8)))
NAME = "news@one"


def held_to(domains: dict[str, Rate] | None = None, **whole: Any) -> Limits:
    return Limits(rates=Rates({"outbox": ProviderRates(Rate(**whole), domains or {})}))


def paced(ws: Workspace, limits: Limits, closings: Closings | None = None) -> Workspace:
    hub = replace(ws.hub, limits=limits, closings=closings or ws.hub.closings)
    return replace(ws, hub=hub)


WARM = Limits(rates=Rates(warm_up=WarmUp("example.org", NOW.date())))
SLOW = {"nhs.net": Rate(per_second=1)}


@pytest.mark.parametrize(
    ("limits", "people", "closings", "takes", "words"),
    [
        (held_to(per_hour=100), {"": 90}, None, "under a minute", "held to 100 an hour by outbox"),
        (
            held_to(per_hour=100),
            {"": 10_000},
            None,
            "about 4 days",
            "held to 100 an hour by outbox",
        ),
        (held_to(per_second=10), {"": 6_000}, None, "about 10 minutes", "10 a second"),
        (
            held_to(SLOW, per_second=10),
            {"": 60, "nhs.net": 1200},
            None,
            "about 20 minutes",
            "to nhs.net",
        ),
        (held_to(SLOW), {"": 60}, None, "under a minute", ""),
        (held_to(per_hour=100), {"": 1_000}, QUIET, "about 22 hours", "100 an hour"),
        (WARM, {"": 700}, None, "about 3 days", "warm-up of example.org, day 1 of 14: 50 today"),
        (replace(WARM, emails_per_day=60), {"": 200}, None, "about 3 days", "day 1 of 14"),
        (
            held_to(per_hour=1),
            {"": 9_000},
            None,
            "more than 60 days",
            "held to 1 an hour by outbox",
        ),
    ],
)
def test_what_an_edition_takes_by_its_rates(
    limits: Limits, people: dict[str, int], closings: Closings | None, takes: str, words: str
) -> None:
    mail = Mail("news", "outbox", "hub@example.org", people)
    found = forecast(limits, mail, NOW, closings or Closings())
    assert found is not None
    assert found.takes == takes
    assert words in found.words


def test_nothing_is_said_where_no_rate_holds() -> None:
    elsewhere = Mail("news", "sendgrid", "hub@nhs.net", {"": 9_000})
    assert forecast(held_to(per_hour=1), elsewhere, NOW) is None
    assert forecast(WARM, elsewhere, NOW) is None


@pytest.fixture
def sending(ws: Workspace) -> Workspace:
    """An edition of nine people that is being sent; late four hours after it was to go."""
    add_people(ws.engine, ws.keys, 9)
    make_edition(ws.engine, batch_size=9, state=EditionState.SENDING, content=CONTENT)
    with ws.engine.begin() as connection:
        late = {"late_after": NOW + 4 * HOUR, "late_after_hours": 4, "started_at": NOW}
        connection.execute(sa.update(edition).values(**late))
    return ws


def record_of(ws: Workspace) -> edition_store.EditionRecord:
    with ws.engine.connect() as connection:
        return edition_store.get(connection, NAME)


def test_a_send_that_an_hour_holds_back_goes_on_by_itself_and_has_not_stood_still(
    sending: Workspace,
) -> None:
    slow = paced(sending, held_to(per_hour=4))
    report = editions.send(slow, NAME)
    assert (report.handed_over, report.finished) == (4, False)
    assert report.why == "it is held to 4 an hour by outbox"
    assert report.wait_until is not None
    assert report.wait_until > datetime.now(UTC) + HOUR
    assert record_of(slow).seen_at == report.wait_until
    shown = progress(slow, NAME)
    assert "Waiting: it is held to 4 an hour by outbox, until" in shown.words
    assert "It is held to 4 an hour by outbox; about 2 hours to go." in shown.words
    assert shown.seconds_left is not None
    assert 3_600 < shown.seconds_left < 3 * 3_600
    with slow.engine.begin() as connection:
        an_hour_on = batch.c.claimed_at < datetime.now(UTC)
        before = datetime.now(UTC) - rate_use.WINDOW
        connection.execute(sa.update(batch).where(an_hour_on).values(claimed_at=before))
    assert editions.send(slow, NAME).handed_over == 4


def test_an_edition_whose_pace_alone_makes_it_long_is_not_too_late_after_a_closing(
    sending: Workspace,
) -> None:
    closings = Closings(freezes=(Freeze(NOW + HOUR, NOW + 9 * HOUR, "an incident"),))
    slow, fast = (paced(sending, held_to(per_hour=n), closings) for n in (1, 100))
    after = NOW + 10 * HOUR
    record = record_of(sending)
    end_if_too_late(slow, record, after)
    assert record_of(sending).state is EditionState.SENDING
    with pytest.raises(Refused, match="too late: a freeze"):
        end_if_too_late(fast, record, after)
    assert record_of(sending).state is EditionState.CANCELLED


def test_an_approver_is_told_how_long_it_takes_and_what_that_means(sending: Workspace) -> None:
    closings = Closings(freezes=(Freeze(NOW + 2 * HOUR, NOW + 9 * HOUR, "an incident"),))
    slow = paced(sending, held_to({"example.org": Rate(per_hour=1)}), closings)
    record = record_of(slow)
    said = pacing.said_of_pace(slow, record, NOW)
    assert "it takes about 15 hours to send, held to 1 an hour to example.org" in said
    assert "that is after 23 November 2026, 14:00, when it would be late" in said
    assert "its pace does not make it late, and it goes on" in said
    assert "first at 23 November 2026, 12:00" in said
    assert "goes on by itself afterwards" in said_beforehand(slow, record, NOW)
    quick = paced(sending, held_to(per_hour=100), closings)
    assert pacing.said_of_pace(quick, record, NOW) == ""
    assert "is cancelled" in said_beforehand(quick, record, NOW)


def test_the_doctor_shows_rates_and_the_day_of_a_warm_up(ws: Workspace) -> None:
    today = datetime.now(UTC).date()
    limits = held_to(SLOW, per_second=10)
    begun = WarmUp("example.org", today - timedelta(days=3))
    over = WarmUp("example.org", today - timedelta(days=30))
    for plan, said, level in (
        (begun, "day 4 of 14: 400 today", doctor.OK),
        (over, "over since", doctor.ADVICE),
    ):
        there = paced(ws, replace(limits, rates=replace(limits.rates, warm_up=plan)))
        found = {one.what: one for one in doctor._rates(there)}
        assert found["rates of outbox"].found == "10 a second; nhs.net: 1 a second"
        assert said in found["warm-up of example.org"].found
        assert found["warm-up of example.org"].level == level
