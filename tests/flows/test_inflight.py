"""Several hand-overs at once, and answers for single recipients, through a provider of our own."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.errors import HandOverError, InDoubt, MustStop, NotSent, Rejected
from outreach.flows import accounts, doubts, editions
from outreach.flows.inflight import Flight, Flights
from outreach.flows.landing import REFUSED_IN_A_ROW
from outreach.flows.recovery import recover
from outreach.flows.sending import Sender
from outreach.journal import Claim, Journal
from outreach.ledger.claimed import ClaimedBatch
from outreach.ledger.editions import batch, delivery, fact
from outreach.providers.base import Handover, Otherwise, Receipt
from outreach.providers.registry import PROVIDERS, WRITERS
from outreach.workspace import Workspace
from tests.fakes.deployment import CONTENT, EDITION
from tests.ledger.seeds import add_people, make_edition

PEOPLE, BATCH = 24, 4
IN_FLIGHT = 3

Answer = Callable[[Handover], None]


@dataclass
class Wire:
    """Takes every batch but for whom `errors` names by address, and counts who was taken."""

    errors: dict[str, HandOverError] = field(default_factory=dict)
    before: Answer = lambda _: None
    took: Counter[str] = field(default_factory=Counter)
    out: int = 0
    most: int = 0
    name: str = "wire"
    batch_size: int = BATCH
    in_flight: int = IN_FLIGHT
    networked: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hand_over(self, handover: Handover) -> Receipt:
        with self.lock:
            self.out += 1
            self.most = max(self.most, self.out)
        try:
            self.before(handover)
        finally:
            with self.lock:
                self.out -= 1
        otherwise = []
        for n, one in enumerate(handover.recipients):
            if one.address in self.errors:
                otherwise.append(Otherwise(n, self.errors[one.address]))
            else:
                self.took[one.address] += 1
        return Receipt(handover.reference, tuple(otherwise))

    def close(self) -> None:
        """Nothing is open."""


def person(n: int) -> str:
    return f"person{n}@example.org"


@pytest.fixture
def wire(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    made = Wire()
    monkeypatch.setitem(PROVIDERS, "wire", lambda _settings: made)
    monkeypatch.setitem(WRITERS, "wire", WRITERS["outbox"])
    add_people(ws.engine, ws.keys, PEOPLE)
    make_edition(ws.engine, batch_size=BATCH, provider="wire", content=CONTENT)
    yield made
    assert made.out == 0
    assert max(made.took.values(), default=1) == 1, "somebody was written to twice"


def time_passes(ws: Workspace) -> None:
    with ws.engine.begin() as connection:
        connection.execute(sa.update(batch).values(not_before=None))
        connection.execute(sa.delete(fact).where(fact.c.name.like("hold:%")))


def test_as_many_batches_are_in_flight_as_the_provider_takes_and_no_more(
    ws: Workspace, wire: Wire
) -> None:
    together = threading.Barrier(IN_FLIGHT)
    wire.before = lambda _: together.wait(30) and None
    assert editions.send(ws, EDITION).finished
    assert wire.most == IN_FLIGHT
    assert len(wire.took) == PEOPLE


def test_nothing_is_claimed_that_no_thread_is_free_for(ws: Workspace, wire: Wire) -> None:
    claimed: list[int] = []
    go = threading.Event()

    def look(_: Handover) -> None:
        if wire.out == IN_FLIGHT:
            with ws.engine.connect() as connection:
                query = sa.select(sa.func.count()).where(batch.c.state == "claimed")
                claimed.append(connection.execute(query).scalar_one())
            go.set()
        go.wait(30)

    wire.before = look
    assert editions.send(ws, EDITION).finished
    assert claimed
    assert max(claimed) <= IN_FLIGHT


def test_each_recipient_is_recorded_as_what_they_came_to_and_tried_again_where_put_off(
    ws: Workspace, wire: Wire
) -> None:
    wire.errors = {
        person(0): Rejected("no such mailbox"),
        person(1): NotSent("come back later", retry_after=100),
        person(5): InDoubt("no reply to the message"),
        person(6): NotSent("mailbox full", retry_after=100),
    }
    report = editions.send(ws, EDITION)
    assert (report.handed_over, report.failed, report.in_doubt) == (PEOPLE - 4, 1, 1)
    account = editions.certificate(ws, EDITION)
    assert (account.accepted, account.failed, account.unknown) == (PEOPLE - 4, 1, 1)
    assert (account.planned, account.balanced) == (2, True)
    time_passes(ws)
    wire.errors = {}
    assert editions.send(ws, EDITION).finished
    account = editions.settle(ws, EDITION)
    assert (account.accepted, account.failed, account.unknown) == (PEOPLE - 2, 1, 1)
    assert account.reasons["failed"] == {"no such mailbox": 1}
    assert set(wire.took) == {person(n) for n in range(PEOPLE)} - {person(0), person(5)}
    assert recover(ws, by="amy", via="test").doubted == 0


def test_a_doubt_about_one_person_is_listed_shown_and_settled(ws: Workspace, wire: Wire) -> None:
    wire.errors = {person(5): InDoubt("no reply to the message")}
    editions.send(ws, EDITION)
    (doubt,) = doubts.doubts(ws, EDITION)
    assert (doubt.reason, doubt.batch_size) == ("no reply to the message", 1)
    message = accounts.message_to(ws, EDITION, person(5))
    assert (message.state, message.exact) == (DeliveryState.UNKNOWN, True)
    doubts.settle_batch(ws, EDITION, doubt.batch, by="amy", via="test", reason="not in its log")
    account = editions.settle(ws, EDITION)
    assert (account.accepted, account.failed, account.unknown) == (PEOPLE - 1, 1, 0)


def test_what_a_recipient_says_for_everybody_holds_all_senders(ws: Workspace, wire: Wire) -> None:
    wire.errors = {person(0): NotSent("slow down", retry_after=500, everyone=True)}
    wire.in_flight = 1
    report = editions.send(ws, EDITION)
    assert (report.handed_over, report.wait_until is not None) == (BATCH - 1, True)
    assert "asked to wait" in report.why


def test_people_refused_one_by_one_pause_the_edition(ws: Workspace, wire: Wire) -> None:
    wire.errors = {person(n): Rejected("our domain is blocked") for n in range(PEOPLE)}
    report = editions.send(ws, EDITION)
    account = editions.certificate(ws, EDITION)
    assert "our domain is blocked" in report.why
    assert REFUSED_IN_A_ROW <= account.failed <= REFUSED_IN_A_ROW + (IN_FLIGHT + 1) * BATCH
    assert account.accepted == 0


def test_a_few_people_refused_among_many_pause_nothing(ws: Workspace, wire: Wire) -> None:
    wire.errors = {person(n): Rejected("no such mailbox") for n in range(PEOPLE) if n % BATCH}
    assert editions.send(ws, EDITION).finished
    assert editions.certificate(ws, EDITION).failed == PEOPLE - PEOPLE // BATCH


BREAKS: dict[str, tuple[BaseException, type[BaseException] | None]] = {
    "an order to stop": (MustStop("the key was refused"), None),
    "a wish to wait": (NotSent("429", retry_after=500, everyone=True), None),
    "a fault of our own": (ValueError("made to break"), ValueError),
    "what ends a thread": (SystemExit(1), RuntimeError),
}


@pytest.mark.parametrize("name", BREAKS)
def test_whatever_one_batch_comes_to_the_others_in_flight_are_recorded(
    ws: Workspace, wire: Wire, name: str
) -> None:
    error, raised = BREAKS[name]
    together = threading.Barrier(IN_FLIGHT)
    first: list[str] = []

    def break_one(handover: Handover) -> None:
        if len(first) < IN_FLIGHT:
            first.append(handover.reference)
            if together.wait(30) == 0:
                raise error

    wire.before = break_one
    if raised:
        with pytest.raises(raised):
            editions.send(ws, EDITION)
    else:
        assert not editions.send(ws, EDITION).finished
    account = editions.certificate(ws, EDITION)
    assert account.claimed == 0
    assert account.accepted == len(wire.took)
    assert account.unknown == (BATCH if raised else 0)
    assert account.accepted >= (IN_FLIGHT - 1) * BATCH


def test_what_does_not_answer_when_the_process_ends_is_in_doubt(
    ws: Workspace, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outreach.flows.sending.LAST_WORDS", 0.2)
    go, out = threading.Event(), threading.Semaphore(0)
    append = Journal.append

    def stuck(_: Handover) -> None:
        out.release()
        go.wait(30)

    def interrupted(journal: Journal, claim: Claim) -> None:
        append(journal, claim)
        if claim.batch == IN_FLIGHT:
            assert out.acquire(timeout=30)
            assert out.acquire(timeout=30)
            raise KeyboardInterrupt

    wire.before = stuck
    monkeypatch.setattr(Journal, "append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        editions.send(ws, EDITION)
    go.set()
    account = editions.certificate(ws, EDITION)
    assert (account.unknown, account.accepted) == (2 * BATCH, 0)
    assert account.claimed == BATCH, "not handed over, and a doubt once its sender is gone"
    while wire.out:
        time.sleep(0.01)


def test_who_waits_for_a_turn_when_the_process_ends_was_not_sent(
    ws: Workspace, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_back, out = threading.Event(), threading.Semaphore(0)
    wire.hold_back = held_back.set  # type: ignore[attr-defined]

    def waits(_: Handover) -> None:
        out.release()
        assert held_back.wait(30)
        raise NotSent("sending ended")

    def interrupted(_journal: Journal, claim: Claim) -> None:
        if claim.batch == 2:
            assert out.acquire(timeout=30)
            raise KeyboardInterrupt

    wire.before = waits
    monkeypatch.setattr(Journal, "append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        editions.send(ws, EDITION)
    account = editions.certificate(ws, EDITION)
    assert (account.unknown, account.accepted) == (0, 0)
    assert account.planned == PEOPLE - BATCH


@pytest.mark.parametrize("at_once", [1, IN_FLIGHT])
def test_what_cannot_be_made_goes_back_and_says_why(
    ws: Workspace, wire: Wire, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    def broken(_self: Sender, _taken: ClaimedBatch) -> Handover:
        raise LookupError("a slot without a value")

    wire.in_flight = at_once
    monkeypatch.setattr(Sender, "_handover", broken)
    with pytest.raises(LookupError, match="slot"):
        editions.send(ws, EDITION)
    assert editions.certificate(ws, EDITION).planned == PEOPLE
    assert not wire.took


def test_a_hand_over_that_is_interrupted_itself_is_a_doubt_at_once(
    ws: Workspace, wire: Wire
) -> None:
    def interrupted(_: Handover) -> None:
        raise KeyboardInterrupt

    wire.in_flight = 1
    wire.before = interrupted
    with pytest.raises(KeyboardInterrupt):
        editions.send(ws, EDITION)
    account = editions.certificate(ws, EDITION)
    assert (account.unknown, account.planned) == (BATCH, PEOPLE - BATCH)


def test_a_batch_that_waited_too_long_for_its_thread_is_not_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Handover] = []
    flights = Flights(lambda one: asked.append(one) or Receipt(""), 2)
    late = Flight(None, lambda: None, began=-1e9)  # type: ignore[arg-type]
    flights.launch(late)
    (landed,) = flights.landed(30)
    flights.close()
    assert isinstance(landed.came_to, NotSent)
    assert asked == []


def test_no_claim_of_a_batch_cut_off_is_taken_for_another_by_recover(
    ws: Workspace, wire: Wire
) -> None:
    """The journal has a line of its own for it, and the ledger knows it."""
    wire.errors = {person(1): NotSent("later", retry_after=100), person(9): InDoubt("no reply")}
    editions.send(ws, EDITION)
    wire.errors = {}
    time_passes(ws)
    editions.send(ws, EDITION)
    done = recover(ws, by="amy", via="test")
    assert (done.missing, done.doubted) == (0, 0)
    with ws.engine.connect() as connection:
        claims = connection.execute(sa.select(sa.func.sum(batch.c.epoch))).scalar_one()
        people = connection.execute(sa.select(sa.func.count()).select_from(delivery)).scalar_one()
    assert (done.claims, people) == (claims, PEOPLE)
