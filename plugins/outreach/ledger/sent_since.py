"""Whom other editions have reached since an audience was frozen: its segment, asked once more.

A segment such as "not sent in the last 60 days" holds when its edition is prepared. Two editions
prepared side by side would both keep that and break it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from outreach.ledger.audience import outside
from outreach.ledger.columns import chunks
from outreach.ledger.editions import edition
from outreach.ledger.people import contact, organisation
from outreach.ledger.segment_sql import Moment, condition
from outreach.segments import reread
from outreach.segments.tree import parts_of


def asks_of_others(connection: sa.Connection, edition_id: int) -> bool:
    """Whether a claim of this edition depends on what other editions have sent by then."""
    return bool(connection.execute(_ASKS, {"edition": edition_id}).scalar_one())


_ASKS = sa.select(sa.or_(edition.c.asks != "", edition.c.again_of.is_not(None))).where(
    edition.c.id == sa.bindparam("edition")
)


def no_longer_meant(
    connection: sa.Connection, contact_ids: Sequence[int], asks: str, frozen_at: datetime
) -> dict[int, str]:
    """Return who of these `asks`, a rule of the segment language, leaves out now, and why.

    Times count back from `frozen_at`: only what was sent since can change an answer, and nobody
    drops out because an approval took days.
    """
    if not asks:
        return {}
    found: dict[int, str] = {}
    for part in parts_of(reread(asks)):
        meant = condition(part, Moment(frozen_at))
        for some in chunks(contact_ids, 1000):
            gone = connection.execute(
                sa.select(contact.c.id)
                .select_from(contact.outerjoin(organisation))
                .where(contact.c.id.in_(some), ~meant)
            ).scalars()
            found |= dict.fromkeys(gone, outside(part))
    return found
