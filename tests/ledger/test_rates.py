"""Rates by provider, domain and day: never more than allowed, whoever sends, and nobody lost."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.keys import Keys
from outreach.ledger import outcomes, rate_use, rates
from outreach.ledger.certificate import certificate
from outreach.ledger.claims import ClaimedBatch, Nothing, claim
from outreach.ledger.editions import batch
from outreach.limits import Limits
from outreach.rates import ProviderRates, Rate, Rates, WarmUp
from tests.ledger.seeds import NOW, add_contact, add_people, make_edition

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def held_to(domains: dict[str, Rate] | None = None, **whole: float) -> Limits:
    return Limits(rates=Rates({"outbox": ProviderRates(Rate(**whole), domains or {})}))


def warming(*per_day: int) -> Limits:
    return Limits(rates=Rates(warm_up=WarmUp("example.org", NOW.date(), per_day)))


@dataclass
class Clock:
    """The one clock of the ledger; each sender has its own beside it."""

    now: datetime = NOW


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(rate_use, "ledger_clock", lambda _: found.now)
    return found


def take(
    engine: sa.Engine, edition_id: int, limits: Limits, now: datetime, sender: str = "one"
) -> ClaimedBatch | Nothing:
    return claim(
        engine,
        edition_id,
        sender=sender,
        now=now,
        lease=timedelta(minutes=5),
        token_kid="k1",
        allowed=lambda _: True,
        limits=limits,
    )


def send_all(
    engine: sa.Engine, edition_id: int, limits: Limits, now: datetime
) -> tuple[list[str], Nothing]:
    """Hand over whatever may go at a moment; return to whom, and what the rest waits for."""
    went: list[str] = []
    while isinstance(taken := take(engine, edition_id, limits, now), ClaimedBatch):
        went += [person.address for person in taken.people]
        outcomes.record_accepted(engine, taken, "id", now)
    return went, taken


def add_at(engine: sa.Engine, keys: Keys, domain: str, number: int) -> None:
    with engine.begin() as connection:
        for n in range(number):
            add_contact(connection, keys, f"p{n}@{domain}")


@pytest.mark.parametrize(
    ("rate", "at_once", "then", "wait"),
    [
        ({"per_second": 4}, 4, 4, SECOND),
        ({"per_second": 0.5}, 1, 1, 2 * SECOND),
        ({"per_second": 2.5}, 2, 2, 0.8 * SECOND),
        ({"per_hour": 5}, 5, 5, rate_use.WINDOW),
        ({"per_second": 5, "per_hour": 10}, 5, 5, SECOND),
    ],
)
def test_so_many_go_at_once_and_the_next_when_they_may(
    engine: sa.Engine,
    keys: Keys,
    clock: Clock,
    rate: dict[str, float],
    at_once: int,
    then: int,
    wait: timedelta,
) -> None:
    add_people(engine, keys, 12)
    made = make_edition(engine, batch_size=100)
    limits = held_to(**rate)
    went, why = send_all(engine, made, limits, NOW)
    assert (len(went), why.wait_until - NOW, why.finished) == (at_once, wait, False)
    assert "held to" in why.why
    clock.now += wait - timedelta(milliseconds=1)
    assert send_all(engine, made, limits, clock.now)[0] == []
    clock.now += timedelta(milliseconds=1)
    assert len(send_all(engine, made, limits, clock.now)[0]) == then


def test_only_the_people_of_a_slow_domain_wait_and_each_is_moved_once(
    engine: sa.Engine, keys: Keys, clock: Clock
) -> None:
    add_people(engine, keys, 10)
    add_at(engine, keys, "mail.nhs.net", 6)
    add_at(engine, keys, "nhs.net", 7)
    add_at(engine, keys, "notnhs.net", 2)
    made = make_edition(engine, batch_size=100)
    limits = held_to({"nhs.net": Rate(per_second=5)})
    went, why = send_all(engine, made, limits, NOW)
    slow = [one for one in went if one.endswith(("@nhs.net", "@mail.nhs.net"))]
    assert (len(went), len(slow), why.why) == (17, 5, "it is held to 5 a second to nhs.net")
    with engine.connect() as connection:
        sizes = sa.select(batch.c.size).where(batch.c.gateway == "nhs.net")
        assert sorted(connection.execute(sizes).scalars()) == [3, 5, 5]
    everyone = list(went)
    for _ in range(2):
        clock.now += SECOND
        everyone += send_all(engine, made, limits, clock.now)[0]
    assert len(everyone) == len(set(everyone)) == 25
    with engine.connect() as connection:
        account = certificate(connection, "news@one")
    assert (account.balanced, account.accepted) == (True, 25)


def test_a_batch_put_off_is_tried_again_before_a_domain_that_waits_for_longer(
    engine: sa.Engine, keys: Keys, clock: Clock
) -> None:
    add_at(engine, keys, "nhs.net", 4)
    add_people(engine, keys, 2)
    made = make_edition(engine, batch_size=6)
    limits = held_to({"nhs.net": Rate(per_hour=2)})
    first = take(engine, made, limits, NOW)
    assert isinstance(first, ClaimedBatch)
    others = next(
        one
        for one in iter(lambda: take(engine, made, limits, NOW), None)
        if isinstance(one, ClaimedBatch) and one.people[0].address.endswith("example.org")
    )
    outcomes.release(engine, others, "busy", NOW + 30 * SECOND, NOW)
    why = take(engine, made, limits, NOW)
    assert why == Nothing("the rest waits for another try", NOW + 30 * SECOND)


def test_what_came_back_unsent_gives_its_hour_back_and_what_was_refused_does_not(
    engine: sa.Engine, keys: Keys, clock: Clock
) -> None:
    add_people(engine, keys, 9)
    made, limits = make_edition(engine, batch_size=3), held_to(per_hour=6)
    one, two = (take(engine, made, limits, NOW) for _ in range(2))
    assert isinstance(one, ClaimedBatch)
    assert isinstance(two, ClaimedBatch)
    assert isinstance(take(engine, made, limits, NOW), Nothing)
    outcomes.record_failed(engine, one, "refused", NOW)
    assert isinstance(take(engine, made, limits, NOW), Nothing)
    outcomes.release(engine, two, "no connection", NOW, NOW)
    assert isinstance(take(engine, made, limits, NOW), ClaimedBatch)
    assert isinstance(take(engine, made, limits, NOW), Nothing)


def test_a_claim_whose_sender_was_killed_counts_as_sent(
    engine: sa.Engine, keys: Keys, clock: Clock
) -> None:
    add_people(engine, keys, 6)
    made, limits = make_edition(engine, batch_size=3), held_to(per_hour=3)
    assert isinstance(take(engine, made, limits, NOW), ClaimedBatch)
    assert outcomes.doubt_the_dead(engine, NOW, lambda _: False) == 1
    clock.now += HOUR
    assert isinstance(take(engine, made, limits, clock.now), Nothing)
    clock.now = NOW + rate_use.WINDOW
    assert isinstance(take(engine, made, limits, clock.now), ClaimedBatch)


def test_an_hour_that_frees_up_bit_by_bit_is_given_out_in_portions(
    engine: sa.Engine, keys: Keys, clock: Clock
) -> None:
    add_people(engine, keys, 60)
    small = make_edition(engine, batch_size=1)
    large = make_edition(engine, batch_size=60, occurrence="two")
    limits = held_to(per_hour=36)
    for _ in range(36):
        assert isinstance(take(engine, small, limits, clock.now), ClaimedBatch)
        clock.now += 10 * SECOND
    why = take(engine, large, limits, clock.now)
    assert isinstance(why, Nothing)
    assert why.wait_until == NOW + 20 * SECOND + rate_use.WINDOW
    clock.now = why.wait_until
    taken = take(engine, large, limits, clock.now)
    assert isinstance(taken, ClaimedBatch)
    assert len(taken.people) == 3


def test_a_clock_that_was_set_back_costs_a_burst_and_not_the_time(
    engine: sa.Engine, keys: Keys, clock: Clock
) -> None:
    add_people(engine, keys, 4)
    made, limits = make_edition(engine, batch_size=2), held_to(per_second=2)
    assert isinstance(take(engine, made, limits, NOW), ClaimedBatch)
    clock.now -= HOUR
    why = take(engine, made, limits, clock.now)
    assert isinstance(why, Nothing)
    assert why.wait_until == clock.now + SECOND


def most_in(went: list[tuple[datetime, int]], window: timedelta) -> int:
    """Return the most that went in any time of that length."""
    return max(sum(n for at, n in went if start <= at < start + window) for start, _ in went)


@pytest.mark.parametrize("seed", range(2))
def test_two_machines_with_clocks_apart_never_send_more_than_allowed(
    engine: sa.Engine, keys: Keys, clock: Clock, seed: int
) -> None:
    dice = random.Random(seed)
    add_people(engine, keys, 60)
    add_at(engine, keys, "nhs.net", 30)
    editions = [
        make_edition(engine, batch_size=dice.choice((4, 50)), occurrence=name)
        for name in ("one", "two")
    ]
    slow = Rate(per_second=1.5, per_hour=25)
    limits = held_to({"nhs.net": slow}, per_second=4, per_hour=60)
    skews = {"fast": timedelta(seconds=20), "slow": timedelta(seconds=-25)}
    went: list[tuple[datetime, int]] = []
    to_nhs: list[tuple[datetime, int]] = []
    for _ in range(110):
        clock.now += dice.choice((0.05, 0.3, 1, 7, 500)) * SECOND
        sender = dice.choice(list(skews))
        now = clock.now + skews[sender]
        taken = take(engine, dice.choice(editions), limits, now, sender)
        if isinstance(taken, Nothing):
            assert taken.finished or taken.wait_until > now
            continue
        fate = dice.random()
        if fate < 0.1:
            outcomes.release(engine, taken, "no connection", now, now)
            continue
        if fate < 0.9:  # else it was killed: its claim stands
            outcomes.record_accepted(engine, taken, "id", now)
        went.append((clock.now, len(taken.people)))
        nhs = sum(one.address.endswith("@nhs.net") for one in taken.people)
        to_nhs += [(clock.now, nhs)] if nhs else []
    assert went
    assert to_nhs
    for seconds in (1, 5, 60, 1800):
        assert most_in(went, seconds * SECOND) <= 4 + 4 * seconds
        assert most_in(to_nhs, seconds * SECOND) <= 1 + 1.5 * seconds
    assert most_in(went, HOUR) <= 60
    assert most_in(to_nhs, HOUR) <= 25


def test_senders_at_the_same_moment_share_one_rate(
    engine: sa.Engine, keys: Keys, clock: Clock
) -> None:
    add_people(engine, keys, 40)
    editions = [make_edition(engine, batch_size=7, occurrence=name) for name in ("one", "two")]
    limits = held_to(per_second=11, per_hour=30)
    went: list[str] = []
    threads = [
        threading.Thread(target=lambda e=one: went.extend(send_all(engine, e, limits, NOW)[0]))
        for one in editions * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 5 <= len(went) <= 11


def test_the_clock_of_a_sender_moves_no_rate(engine: sa.Engine, keys: Keys) -> None:
    add_people(engine, keys, 4)
    made, limits = make_edition(engine, batch_size=1), held_to(per_second=0.01)
    now = datetime.now(UTC)
    assert isinstance(take(engine, made, limits, now), ClaimedBatch)
    assert isinstance(take(engine, made, limits, now + 25 * SECOND, "ahead"), Nothing)
    off = take(engine, made, limits, now + 100 * SECOND, "far ahead")
    assert isinstance(off, Nothing)
    assert "set it" in off.why
    with engine.connect() as connection:
        assert abs(rate_use.ledger_clock(connection) - datetime.now(UTC)) < 5 * SECOND


@pytest.mark.parametrize(
    ("day", "goes", "until"),
    [(-2, 0, 0), (-1, 0, 0), (0, 2, 1), (1, 5, 2), (2, 12, None)],
)
def test_a_new_domain_warms_up_by_its_plan(
    engine: sa.Engine, keys: Keys, day: int, goes: int, until: int | None
) -> None:
    add_people(engine, keys, 12)
    made = make_edition(engine, batch_size=10, provider="sendgrid")
    limits = warming(2, 5)
    went, why = send_all(engine, made, limits, NOW + timedelta(days=day))
    assert len(went) == goes
    if until is None:
        assert why.finished
    else:
        midnight = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(days=until)
        assert why.wait_until.astimezone(UTC) == midnight
        assert "the warm-up of example.org" in why.why


def test_a_warm_up_counts_every_edition_from_its_domain_and_no_other(
    engine: sa.Engine, keys: Keys
) -> None:
    add_people(engine, keys, 4)
    one, two = make_edition(engine), make_edition(engine, occurrence="two")
    limits = warming(6)
    assert len(send_all(engine, one, limits, NOW)[0]) == 4
    assert len(send_all(engine, two, limits, NOW)[0]) == 2
    elsewhere = Limits(rates=Rates(warm_up=WarmUp("mail.example.org", NOW.date(), (1,))))
    assert len(send_all(engine, two, elsewhere, NOW)[0]) == 2


def test_without_a_rate_a_claim_asks_nothing_more(engine: sa.Engine, keys: Keys) -> None:
    add_people(engine, keys, 2)
    made = make_edition(engine)
    other = Limits(rates=Rates({"sendgrid": ProviderRates(Rate(per_hour=1))}))

    def asked(limits: Limits) -> int:
        with engine.begin() as connection:
            said: list[str] = []
            sa.event.listen(connection, "before_cursor_execute", lambda *a: said.append(a[2]))
            room = rates.room(connection, made, limits, NOW)
            assert room.pick(lambda _: None) is None
            assert room.left(None, 7) == 7 if limits is Limits() else True
            return len(said)

    assert (asked(Limits()), asked(other)) == (0, 1)
