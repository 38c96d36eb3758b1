"""Keep the ledger and its claim journal in step."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from outreach.errors import Refused
from outreach.journal import Claim, Entry, Journal
from outreach.ledger import behind
from outreach.ledger.behind import Recovery
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.lost import numbers
from outreach.workspace import Workspace

_LOOKED_AT = 16
"""Claims at the journal's end that are compared: more than there are senders at once."""


class JournalGuard:
    """Refuses to send while the ledger is behind its journal.

    Checking reads of the journal only what it has grown by since the last time. The ledger is
    asked even where that is nothing: it may be restored while a sender waits.
    """

    def __init__(self, journal: Journal, engine: sa.Engine) -> None:
        self._journal = journal
        self._engine = engine
        self._newest: list[Entry] = []
        self._read_to = 0

    def check(self) -> None:
        """Raise Refused where one of the journal's newest claims is unknown to the ledger, or
        where a ledger with claims has no journal at all.

        Not the very newest alone: two senders may have claimed in one order and journalled in
        the other just as a backup was taken.
        """
        size = self._journal.size()
        with reading(self._engine) as connection:
            # In this order: a sender begins the journal before it first claims.
            if not size and behind.ever_claimed(connection) and not self._journal.exists():
                raise Refused(
                    "the claim journal is gone: OUTREACH_JOURNAL names no file, and this ledger "
                    "has claims. Put the journal back. Where it is lost, and the ledger is not an "
                    "older one from a backup, `outreach recover` begins a new journal. Where both "
                    "are lost, nobody can say who was written to since the backup: cancel what "
                    "was being sent before you run `outreach recover`"
                )
            if not behind.knows_all(connection, self._newest_claims(size)):
                raise Refused(
                    "the ledger is behind its claim journal, as after restoring a backup: "
                    "people may have been written to whom it does not know of. Run "
                    "`outreach recover`, which lists them as doubts, then send again"
                )

    def _newest_claims(self, size: int) -> list[Entry]:
        if size == self._read_to:
            return self._newest
        new = self._journal.after(self._read_to) if 0 < self._read_to <= size else None
        if new is None:
            self._newest, self._read_to = self._journal.newest(_LOOKED_AT), size
        else:
            entries, self._read_to = new
            self._newest = [*reversed(entries), *self._newest][:_LOOKED_AT]
        return self._newest


def recover(ws: Workspace, *, by: str, via: str) -> Recovery:
    """Put everyone in doubt whom the journal knows as claimed and the ledger does not.

    Nobody in doubt is written to again by itself. Safe to repeat. Begins a journal where there
    is none.
    """
    now = datetime.now(UTC)
    journal = Journal(ws.settings.journal)
    journal.begin()
    claims = missing = doubted = 0
    editions: dict[str, None] = {}
    last: Claim | None = None
    with reading(ws.engine) as connection:
        known = numbers(connection, journal.claims())
    for claim in journal.claims():
        claims, last = claims + 1, claim
        with ws.engine.begin() as connection:
            if behind.knows(connection, claim):
                continue
            missing += 1
            doubted += behind.doubt(connection, claim, now, known)
            editions[claim.edition] = None
    with ws.engine.begin() as connection:
        if last is not None:
            behind.recovered_to(connection, last, now)
        note(
            connection,
            who=by,
            via=via,
            action="recover",
            subject="claim journal",
            at=now,
            detail=f"{missing} claims of {claims} were missing; {doubted} people put in doubt",
        )
    return Recovery(claims, missing, doubted, tuple(editions))
