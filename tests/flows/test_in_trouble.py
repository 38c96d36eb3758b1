"""Several hand-overs in flight when the ledger, the machine or every reply is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from outreach.errors import InDoubt, NotSent, Refused
from outreach.flows import editions, insisting, sending
from outreach.flows.inflight import Flight, Flights
from outreach.ledger import claims, outcomes
from outreach.ledger.claims import ClaimedBatch, Nothing
from outreach.ledger.editions import batch
from outreach.providers.base import Handover, Receipt
from outreach.workspace import Workspace
from tests.fakes.deployment import EDITION
from tests.flows.test_inflight import BATCH, IN_FLIGHT, PEOPLE, Wire, person, wire

__all__ = ["wire"]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes are shorter, in their usual order: replies are waited for less than the ledger."""
    monkeypatch.setattr(sending, "LAST_REPLIES", 0.2)
    monkeypatch.setattr(insisting, "RECORDING", 30.0)
    monkeypatch.setattr(insisting, "AGAIN", 0.02)


def away() -> sa.exc.OperationalError:
    return sa.exc.OperationalError("", None, Exception("gone"))


def test_receipts_outlast_a_ledger_that_is_away_longer_than_replies_take(
    ws: Workspace, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else everybody whose receipt has come would be a doubt."""
    claim, record = claims.claim, outcomes.record_receipts
    gone, tries, asked = threading.Event(), iter(range(100)), iter(range(1, 100))

    def claims_until_gone(*about: object, **more: object) -> ClaimedBatch | Nothing:
        if next(asked) >= IN_FLIGHT:
            gone.set()
            raise away()
        return claim(*about, **more)  # type: ignore[arg-type]

    def back_after_a_while(*about: object) -> int:
        if gone.is_set() and next(tries) < 20:
            raise away()
        return record(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "claim", claims_until_gone)
    monkeypatch.setattr(outcomes, "record_receipts", back_after_a_while)
    wire.before = lambda _: gone.wait(30) and None
    with pytest.raises(sa.exc.OperationalError):
        editions.send(ws, EDITION)
    account = editions.certificate(ws, EDITION)
    assert (account.accepted, account.claimed, account.unknown) == (len(wire.took), 0, 0)
    assert account.accepted >= BATCH


def test_a_ledger_that_stays_away_is_waited_for_once_not_once_for_each(
    ws: Workspace, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []
    together = threading.Barrier(IN_FLIGHT)
    ends: list[float] = []

    def never(_: object, some: object, __: object) -> int:
        tries.append(some)
        ends.append(time.monotonic())
        raise away()

    monkeypatch.setattr(insisting, "RECORDING", 0.3)
    monkeypatch.setattr(outcomes, "record_receipts", never)
    wire.before = lambda _: together.wait(30) and None
    with pytest.raises(sa.exc.OperationalError):
        editions.send(ws, EDITION)
    alone = [str(one) for one in tries if len(one) == 1]  # type: ignore[arg-type]
    often = sorted(alone.count(one) for one in {*alone})
    assert often[0] <= 4, "one of them waited; the others were tried, and tried at the end"


def test_where_the_machine_gives_no_more_threads_those_there_are_must_do(
    ws: Workspace, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = threading.Thread.start, []

    def none_left(thread: threading.Thread) -> None:
        if thread.name.startswith("hand-over"):
            if started:
                raise RuntimeError("can't start new thread")
            started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", none_left)
    wire.before = lambda _: time.sleep(0.02)
    report = editions.send(ws, EDITION)
    assert (report.finished, report.handed_over, report.in_doubt) == (True, PEOPLE, 0)


def test_without_any_thread_the_sender_hands_over_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    flights = Flights(lambda _: Receipt("by itself"), 8)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none)
        flights.launch(Flight(None, lambda: None, time.monotonic()))  # type: ignore[arg-type]
    (landed,) = flights.landed()
    assert landed.came_to == Receipt("by itself")


def test_after_a_lost_reply_one_batch_at_a_time_goes_out(ws: Workspace, wire: Wire) -> None:
    """A provider that answers nobody costs as few doubts as with one batch in flight."""
    together = threading.Barrier(IN_FLIGHT)
    out: list[int] = []

    def lost(_: Handover) -> None:
        out.append(wire.out)
        if len(out) <= IN_FLIGHT:
            together.wait(30)
        time.sleep(0.05)
        raise InDoubt("no reply")

    wire.before = lost
    assert editions.send(ws, EDITION).in_doubt == PEOPLE
    assert wire.most == IN_FLIGHT
    assert set(out[IN_FLIGHT:]) == {1}


def test_receipts_that_accept_nobody_do_not_keep_a_sender_waiting_for_good(
    ws: Workspace, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.5)
    wire.errors = {person(n): NotSent(f"later, {n % 2}", retry_after=0.3) for n in range(PEOPLE)}
    wire.before = until_asked_often(wire)
    assert not editions.send(ws, EDITION).finished
    assert not wire.took


def until_asked_often(wire: Wire) -> Callable[[Handover], None]:
    """Take everybody at last, so that a sender that never gives up fails its test."""
    asked: list[Handover] = []

    def count(one: Handover) -> None:
        asked.append(one)
        if len(asked) > 20 * PEOPLE:
            wire.errors = {}

    return count


def test_a_ledger_restored_while_a_sender_waits_is_noticed(ws: Workspace, wire: Wire) -> None:
    """The journal has not grown meanwhile, and yet the ledger is behind it."""
    asked: list[Handover] = []

    def restored() -> None:
        time.sleep(0.3)
        with ws.engine.begin() as connection:
            connection.execute(
                sa.update(batch).values(
                    state="planned", epoch=0, claimed_at=None, not_before=None, sender=""
                )
            )

    def last_one_waits(one: Handover) -> None:
        asked.append(one)
        if len(asked) == PEOPLE // BATCH:
            threading.Thread(target=restored).start()
            raise NotSent("busy", retry_after=3)

    wire.before = last_one_waits
    with pytest.raises(Refused, match="outreach recover"):
        editions.send(ws, EDITION)
    assert len(asked) == PEOPLE // BATCH
