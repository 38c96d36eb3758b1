"""Numbers of editions: never the same one twice, not even in a ledger that was restored."""

from __future__ import annotations

import time

import sqlalchemy as sa

from outreach.ledger.editions import edition


def next_edition_id(connection: sa.Connection) -> int:
    """Return the number for an edition about to be inserted: the time, in milliseconds.

    Delivery ids that went out in messages hold it. A restored ledger that counted on from its
    own last number would give an edition the number of one it has forgotten, and take that one's
    late events, unsubscribe links and views to be about other people. The caller holds what
    makes two editions come one after the other (`lock_people`).
    """
    last = connection.execute(sa.select(sa.func.max(edition.c.id))).scalar()
    return max(int(last or 0) + 1, int(time.time() * 1000))
