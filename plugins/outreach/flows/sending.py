"""The sender: claim a batch, journal it, hand it over, record the receipt, again.

Several batches are in flight at once. One thread does everything with the ledger and claims; the
others only hand over (see `inflight`). What came of each is recorded by `landing`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from outreach.domain import EditionState
from outreach.errors import NotSent
from outreach.flows.composing import Made, handover, recipients
from outreach.flows.inflight import Flight, Flights, short_turns
from outreach.flows.insisting import recording_ends
from outreach.flows.landing import Held, Landing
from outreach.flows.opening import closed_now, end_if_too_late
from outreach.flows.patience import LOOK_AGAIN, PATIENCE, seconds_to_wait
from outreach.flows.pausing import pause_if_stood_still
from outreach.flows.readiness import must_be_ready
from outreach.flows.recovery import JournalGuard
from outreach.flows.sendreport import SendReport, Tally, not_now
from outreach.flows.side_messages.seeding import send_copies
from outreach.flows.starting import may_start
from outreach.flows.watching import watch
from outreach.journal import Claim, Journal
from outreach.ledger import claims, edition_store, holds, outcomes
from outreach.ledger.claims import ClaimedBatch, Nothing
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import DatabaseTrouble, reading
from outreach.ledger.migrate import ledger_id
from outreach.providers.allowlist import allowed_by, everybody
from outreach.providers.base import Content, Handover, Provider, Queueing
from outreach.providers.registry import open_provider
from outreach.rendering import frozen
from outreach.senders import alive, sender_name
from outreach.workspace import Workspace

LEASE = timedelta(minutes=5)
"""How long a claim stands on a host that cannot see whether its sender lives."""

WATCH_EVERY = 5.0
"""Seconds between two looks at complaints, bounces and refusals while sending."""

SEEN_EVERY = 30.0
"""Seconds between two notes that a sender is at work on an edition."""


LAST_REPLIES = 150.0
"""Seconds that replies still out are waited for when sending breaks off: longer than a provider
takes. Each is then recorded as what it came to."""

LAST_WORDS = 3.0
"""The same where the process is told to end: it is killed some seconds later."""


Progress = Callable[[SendReport], None]


class Sender:
    """One sender of one edition, in this process. Use `run` once."""

    def __init__(self, ws: Workspace, record: EditionRecord, provider: Provider) -> None:
        self._ws = ws
        self._record = record
        self._provider = provider
        self._name = sender_name()
        self._journal = Journal(ws.settings.journal)
        self._guard = JournalGuard(self._journal, ws.engine)
        self._allowed = allowed_by(ws.settings) if provider.networked else everybody
        with reading(ws.engine) as connection:
            self._ledger_id = ledger_id(connection)
            self._contents: dict[int, Content] = {
                v.id: frozen.from_json(v.content, v.format)
                for v in edition_store.variants(connection, record.id)
            }
        self._watched = self._seen = time.monotonic()
        self._tally = Tally()
        self._flights = Flights(provider.hand_over, provider.in_flight)
        self._landing = Landing(ws, record, self._tally)
        self._progress: Progress | None = None
        self._waited = 0.0
        self._news = False

    def run(self, progress: Progress | None = None) -> SendReport:
        """Send until nothing is planned, a person ordered otherwise, or waiting is useless.

        Whatever ends it, nothing in flight is left without an outcome in the ledger.
        """
        self._progress = progress
        self._guard.check()
        self._journal.begin()
        try:
            with short_turns():
                return self._run()
        except BaseException as error:
            self._bring_home(error)
            raise
        finally:
            self._flights.close()

    def _run(self) -> SendReport:
        wait_for_reply = 0.0
        while True:
            self._land(wait_for_reply)
            self._tell()
            wait_for_reply = LOOK_AGAIN
            # In trouble one batch at a time; else as many as there are replies to wait for.
            if not self._flights.room(1 if self._landing.careful else None):
                continue
            self._guard.check()
            nothing = self._launch_next()
            if nothing is None:
                wait_for_reply = 0.0
                continue
            # What is in flight may come back: until then nobody knows that nothing is left.
            pause = seconds_to_wait(nothing)
            if self._flights:
                wait_for_reply = pause or LOOK_AGAIN
            elif pause is None or self._waited + pause > PATIENCE:
                self._leave(nothing)
                return self._report(nothing.finished, nothing.why, nothing.wait_until)
            else:
                time.sleep(pause)
                self._waited += pause

    def _land(self, seconds: float = 0.0) -> None:
        """Record what came of batches in flight; waits up to `seconds` where nothing did."""
        landed = self._flights.landed(seconds)
        if landed:
            self._news = True
            if self._landing.record(landed, self._flights.done):
                self._waited = 0.0

    def _tell(self) -> None:
        """Judge the campaign now and then, and say how far it is."""
        self._keep_watch()
        if self._news and self._progress:
            self._progress(self._report(False, "sending"))
        self._news = False

    def _bring_home(self, error: BaseException) -> None:
        """Record what is in flight when sending breaks off; what does not answer is in doubt."""
        killed_soon = not isinstance(error, Exception)
        until = time.monotonic() + (LAST_WORDS if killed_soon else LAST_REPLIES)
        self._landing.give_up_at(until if killed_soon else recording_ends())
        if isinstance(self._provider, Queueing):
            self._provider.hold_back()
        while self._flights and (left := until - time.monotonic()) > 0:
            for flight in self._flights.landed(left):
                self._land_last(flight, error)
        for flight in self._flights:
            self._land_last(flight, error)

    def _land_last(self, flight: Flight, error: BaseException) -> None:
        """Record one outcome, or at least a doubt; else it is one once this sender is gone."""
        try:
            if flight.came_to is None:
                self._landing.doubt(flight.taken, "the sender was stopped before the reply came")
            else:
                self._landing.record([flight], self._flights.done)
        except Exception as another:
            error.add_note(f"besides, with a batch in flight: {type(another).__name__}")
        self._flights.done(flight)

    def _leave(self, nothing: Nothing) -> None:
        """Note that the rest waits for its time, such as midnight: until then nothing is late."""
        if nothing.wait_until is None:
            return
        with suppress(*DatabaseTrouble), self._ws.engine.begin() as connection:
            edition_store.seen(connection, self._record.id, nothing.wait_until)

    def _keep_watch(self) -> None:
        """Judge the campaign now and then. Where the ledger is away, the next batch will say."""
        now = time.monotonic()
        if now < self._watched + WATCH_EVERY:
            return
        self._watched = now
        with suppress(*DatabaseTrouble):
            if now > self._seen + SEEN_EVERY:
                self._seen = now
                with self._ws.engine.begin() as connection:
                    edition_store.seen(connection, self._record.id, datetime.now(UTC))
            watch(self._ws)

    def _claim(self) -> ClaimedBatch | Nothing:
        ws = self._ws
        closed = closed_now(ws, self._record, datetime.now(UTC))
        if closed is not None:
            return Nothing(closed.words, wait_until=closed.until)
        return claims.claim(
            ws.engine,
            self._record.id,
            sender=self._name,
            now=datetime.now(UTC),
            lease=LEASE,
            token_kid=ws.keys.signing_kid,
            link_base=ws.settings.public_url,
            allowed=self._allowed,
            limits=ws.hub.limits,
        )

    def _launch_next(self) -> Nothing | None:
        """Take one batch from claim to launch; returns why where there is none."""
        began = time.monotonic()
        taken = self._claim()
        if isinstance(taken, Nothing):
            return taken
        try:
            # On disk before the first byte: where what follows fails, nothing was sent.
            self._journal.append(self._journalled(taken))
            # A reply that came meanwhile may say to stop.
            self._land()
            flight = Flight(taken, partial(self._handover, taken), began)
            self._may_leave(flight)
        except NotSent as error:
            self._landing.release(taken, error)
        except DatabaseTrouble:
            away = "the ledger could not be asked right before the hand-over"
            self._landing.release(taken, NotSent(away))
        except Exception:
            self._landing.back_at_once(taken, "could not be made ready")
            raise
        else:
            self._flights.launch(flight)
        return None

    def _may_leave(self, flight: Flight) -> None:
        """Look once more right before bytes leave: an order is as sharp as can be."""
        taken, now = flight.taken, datetime.now(UTC)
        with reading(self._ws.engine) as connection:
            if not outcomes.still_mine(connection, taken) or flight.held_up():
                raise NotSent("the sender was held up between claim and hand-over")
            closed = closed_now(self._ws, self._record, now)
            if closed is not None:
                raise Held(closed.words, closed.until)
            order = holds.held(connection, taken.edition_id, now)
        if order is not None:
            raise Held(order.why, order.wait_until or now)

    def _handover(self, taken: ClaimedBatch) -> Handover:
        """Return what is handed over. Runs beside the ledger's work, and does none itself."""
        ws = self._ws
        claimed = taken.people
        ids = ws.keys.delivery_ids(taken.edition_id, claimed.contact_ids)
        made = Made(ws.keys.signing_kid, ws.settings.public_url, taken.claimed_at)
        people = recipients(ws, ids, claimed.addresses, claimed.values, made)
        content = self._contents[taken.variant_id]
        return handover(ws, self._record, taken.number, content, people, taken.claimed_at)

    def _journalled(self, taken: ClaimedBatch) -> Claim:
        people = taken.people
        same = people.occasions.count(self._record.name) == len(people)
        return Claim(
            ledger_id=self._ledger_id,
            edition=self._record.name,
            batch=taken.number,
            epoch=taken.epoch,
            address_hashes=tuple(people.address_hashes),
            occasions=() if same else tuple(people.occasions),
            edition_id=taken.edition_id,
            contact_ids=tuple(people.contact_ids),
        )

    def _report(self, finished: bool, why: str, wait_until: datetime | None = None) -> SendReport:
        return self._tally.report(self._record.name, finished, why, wait_until)


def send(ws: Workspace, edition: str, *, progress: Progress | None = None) -> SendReport:
    """Send an approved edition until nothing of it is planned; several may run at once.

    Claims of senders that died are put in doubt first. Raises NotFound; raises Refused where
    the edition is not approved, comes too late, or the ledger is behind its journal; raises
    ConfigError where the deployment is not ready (see `readiness`). In quiet hours and freezes
    nothing is begun: the report says until when.
    """
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
    may_start(ws, record, now)
    end_if_too_late(ws, record, now)
    closed = closed_now(ws, record, datetime.now(UTC))
    if closed is not None and record.state is not EditionState.SENT:
        return not_now(ws, record, closed)
    outcomes.doubt_the_dead(ws.engine, now, alive, record.id)
    provider = open_provider(record.provider, ws.settings)
    try:
        must_be_ready(ws, provider)
        sender = Sender(ws, record, provider)
        pause_if_stood_still(ws, record, datetime.now(UTC))
        with ws.engine.begin() as connection:
            edition_store.start(connection, record.id, now)
            edition_store.seen(connection, record.id, datetime.now(UTC))
        send_copies(ws, record)
        return sender.run(progress)
    finally:
        provider.close()
