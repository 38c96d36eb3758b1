"""What one sender did, and why it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from outreach.domain import EditionState
from outreach.ledger import edition_store
from outreach.ledger.edition_store import EditionRecord
from outreach.scheduling.closing import Closed
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SendReport:
    """What one sender did. `finished` says that nothing is planned any more; else `why`.

    `wait_until` is set where what is left may be sent from then on.
    """

    edition: str
    batches: int
    handed_over: int
    in_doubt: int
    failed: int
    finished: bool
    why: str
    wait_until: datetime | None = None


@dataclass(slots=True)
class Tally:
    """What a sender has done so far."""

    batches: int = 0
    handed_over: int = 0
    in_doubt: int = 0
    failed: int = 0

    def report(
        self, edition: str, finished: bool, why: str, wait_until: datetime | None = None
    ) -> SendReport:
        """Return it as the report on `edition`."""
        done = (self.batches, self.handed_over, self.in_doubt, self.failed)
        return SendReport(edition, *done, finished, why, wait_until)


def not_now(ws: Workspace, record: EditionRecord, closed: Closed) -> SendReport:
    """Report that sending is closed; an edition under way is not late because of it."""
    if record.state is EditionState.SENDING:
        with ws.engine.begin() as connection:
            edition_store.seen(connection, record.id, closed.until)
    return SendReport(record.name, 0, 0, 0, 0, False, closed.words, closed.until)
