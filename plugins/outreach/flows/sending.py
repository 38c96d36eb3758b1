"""The sender: claim a batch, journal it, hand it over, record the receipt, again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from outreach.domain import EditionState
from outreach.errors import InDoubt, MustStop, NotSent, Rejected, TooLarge
from outreach.flows.composing import Made, handover, recipients
from outreach.flows.insisting import insist
from outreach.flows.opening import closed_now, end_if_too_late
from outreach.flows.patience import PATIENCE, seconds_to_wait
from outreach.flows.pausing import REFUSED, pause_by_itself, pause_if_stood_still
from outreach.flows.readiness import must_be_ready
from outreach.flows.recovery import JournalGuard
from outreach.flows.sendreport import SendReport, not_now
from outreach.flows.side_messages.seeding import send_copies
from outreach.flows.starting import may_start
from outreach.flows.watching import watch
from outreach.journal import Claim, Journal
from outreach.ledger import claims, edition_store, holds, outcomes
from outreach.ledger.claims import ClaimedBatch, Nothing
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import DatabaseTrouble, reading
from outreach.ledger.migrate import ledger_id
from outreach.providers.allowlist import allowed
from outreach.providers.base import Content, Handover, Provider
from outreach.providers.registry import open_provider
from outreach.rendering import frozen
from outreach.senders import alive, sender_name
from outreach.workspace import Workspace

LEASE = timedelta(minutes=5)
"""How long a claim stands on a host that cannot see whether its sender lives."""

TO_FIRST_BYTE = 5.0
"""Seconds from claim to hand-over; a sender that was held up longer lets the batch go."""

REFUSED_IN_A_ROW = 10
"""So many people refused one after another are not the cause: the edition is paused."""

WATCH_EVERY = 5.0
"""Seconds between two looks at complaints, bounces and refusals while sending."""

SEEN_EVERY = 30.0
"""Seconds between two notes that a sender is at work on an edition."""


class _Held(NotSent):
    """An order came between claim and hand-over: the batch goes back, to be had at `until`."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.until = until


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
        with reading(ws.engine) as connection:
            self._ledger_id = ledger_id(connection)
            self._contents: dict[int, Content] = {
                v.id: frozen.from_json(v.content, v.format)
                for v in edition_store.variants(connection, record.id)
            }
        self._watched = self._seen = time.monotonic()
        self._batches = self._people = self._doubts = self._failed = self._in_a_row = 0

    def run(self, progress: Progress | None = None) -> SendReport:
        """Send until nothing is planned, a person ordered otherwise, or waiting is useless."""
        waited = 0.0
        self._guard.check()
        self._journal.begin()
        while True:
            self._guard.check()
            began = time.monotonic()
            taken = self._claim()
            if isinstance(taken, Nothing):
                pause = seconds_to_wait(taken)
                if pause is None or waited + pause > PATIENCE:
                    self._leave(taken)
                    return self._report(taken.finished, taken.why, taken.wait_until)
                time.sleep(pause)
                waited += pause
                continue
            if self._hand_over(taken, began):
                waited = 0.0
            self._keep_watch()
            if progress:
                progress(self._report(False, "sending"))

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
            allowed=lambda address: not self._provider.networked or allowed(address, ws.settings),
            limits=ws.hub.limits,
        )

    def _hand_over(self, taken: ClaimedBatch, began: float) -> bool:
        """Take one batch from claim to recorded outcome; returns whether it was accepted."""
        engine = self._ws.engine
        try:
            batch = self._made_ready(taken, began)
            receipt = self._provider.hand_over(batch)
        except _Held as order:
            until, why = order.until, order.reason
            insist(lambda: outcomes.release(engine, taken, why, until, datetime.now(UTC)))
        except NotSent as error:
            self._release(taken, error)
        except (Rejected, TooLarge) as error:
            self._refused(taken, error.reason)
        except MustStop as error:
            self._stop(taken, error)
        except InDoubt as error:
            self._doubts += len(taken.people)
            reason = error.reason
            insist(lambda: outcomes.record_doubt(engine, taken, reason, datetime.now(UTC)))
        else:
            message_id = receipt.message_id
            insist(lambda: outcomes.record_accepted(engine, taken, message_id, datetime.now(UTC)))
            self._in_a_row = 0
            self._batches += 1
            self._people += len(taken.people)
            return True
        return False

    def _made_ready(self, taken: ClaimedBatch, began: float) -> Handover:
        """Do all that comes before the first byte: where it fails, nothing was sent."""
        try:
            batch = self._handover(taken)
            self._journal.append(self._journalled(taken))
            self._may_leave(taken, began)
        except (NotSent, _Held):
            raise
        except DatabaseTrouble as error:
            raise NotSent("the ledger could not be asked right before the hand-over") from error
        except Exception:
            now, engine = datetime.now(UTC), self._ws.engine
            insist(lambda: outcomes.release(engine, taken, "could not be made ready", now, now))
            raise
        return batch

    def _may_leave(self, taken: ClaimedBatch, began: float) -> None:
        """Look once more right before bytes leave: an order is as sharp as can be."""
        engine, now = self._ws.engine, datetime.now(UTC)
        if not outcomes.still_mine(engine, taken) or time.monotonic() - began > TO_FIRST_BYTE:
            raise NotSent("the sender was held up between claim and hand-over")
        closed = closed_now(self._ws, self._record, now)
        if closed is not None:
            raise _Held(closed.words, closed.until)
        with reading(engine) as connection:
            order = holds.held(connection, taken.edition_id, now)
        if order is not None:
            raise _Held(order.why, order.wait_until or now)

    def _release(self, taken: ClaimedBatch, error: NotSent) -> None:
        now = datetime.now(UTC)
        backoff = min(300.0, 2.0 ** min(taken.attempts, 9))
        seconds = error.retry_after or backoff * random.uniform(0.5, 1.5)  # noqa: S311
        until = now + timedelta(seconds=seconds)
        engine, provider = self._ws.engine, self._record.provider
        if error.everyone:
            insist(lambda: outcomes.hold_provider(engine, provider, until, now))
        insist(lambda: outcomes.release(engine, taken, error.reason, until, now))

    def _refused(self, taken: ClaimedBatch, reason: str) -> None:
        """One bad row never costs the others: halve the batch until it stands alone."""
        now, engine = datetime.now(UTC), self._ws.engine
        if len(taken.people) > 1:
            insist(lambda: outcomes.split(engine, taken, now))
            return
        self._failed += 1
        self._in_a_row += 1
        insist(lambda: outcomes.record_failed(engine, taken, reason, now))
        if self._in_a_row >= REFUSED_IN_A_ROW:
            self._in_a_row = 0
            self._pause(f"{REFUSED_IN_A_ROW} people one after another were refused: {reason}")

    def _stop(self, taken: ClaimedBatch, error: MustStop) -> None:
        """Pause the edition for every sender, saying what a person must mend."""
        now, engine = datetime.now(UTC), self._ws.engine
        insist(lambda: outcomes.release(engine, taken, error.reason, now, now))
        self._pause(error.reason)

    def _pause(self, reason: str) -> None:
        pause_by_itself(self._ws, self._record, REFUSED, reason)

    def _handover(self, taken: ClaimedBatch) -> Handover:
        ws = self._ws
        ids = ws.keys.delivery_ids(taken.edition_id, [p.contact_id for p in taken.people])
        made = Made(ws.keys.signing_kid, ws.settings.public_url, taken.claimed_at)
        addresses, values = [p.address for p in taken.people], [p.values for p in taken.people]
        people = recipients(ws, ids, addresses, values, made)
        content = self._contents[taken.variant_id]
        return handover(ws, self._record, taken.number, content, people, taken.claimed_at)

    def _journalled(self, taken: ClaimedBatch) -> Claim:
        occasions = tuple([p.occasion for p in taken.people])
        same = occasions.count(self._record.name) == len(occasions)
        return Claim(
            ledger_id=self._ledger_id,
            edition=self._record.name,
            batch=taken.number,
            epoch=taken.epoch,
            address_hashes=tuple([p.address_hash for p in taken.people]),
            occasions=() if same else occasions,
            edition_id=taken.edition_id,
            contact_ids=tuple([p.contact_id for p in taken.people]),
        )

    def _report(self, finished: bool, why: str, wait_until: datetime | None = None) -> SendReport:
        return SendReport(
            edition=self._record.name,
            batches=self._batches,
            handed_over=self._people,
            in_doubt=self._doubts,
            failed=self._failed,
            finished=finished,
            why=why,
            wait_until=wait_until,
        )


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
