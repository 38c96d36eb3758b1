"""Every edition there ever was, as far as it takes to say why somebody was or was not in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import EditionState
from outreach.ledger.editions import edition


@dataclass(frozen=True, slots=True)
class EditionFact:
    """One edition. `again_of` is the id of the edition whose settled deliveries it sends again."""

    id: int
    name: str
    title: str
    provider: str
    state: EditionState
    created_at: datetime
    again_of: int | None


def all_editions(connection: sa.Connection) -> list[EditionFact]:
    """Return every edition, newest first."""
    rows = connection.execute(
        sa.select(*(edition.c[name] for name in EditionFact.__dataclass_fields__)).order_by(
            edition.c.id.desc()
        )
    )
    return [
        EditionFact(
            r.id, r.name, r.title, r.provider, EditionState(r.state), r.created_at, r.again_of
        )
        for r in rows
    ]
