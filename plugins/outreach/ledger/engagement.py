"""Counts of what became of editions, for people and machines apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import ACCEPTED_OR_LATER
from outreach.ledger.columns import UTCDateTime
from outreach.ledger.editions import batch, delivery, event, variant
from outreach.ledger.states import EFFECTIVE, WITH_BATCH

COUNTED: dict[str, sa.Column[datetime]] = {
    "delivered": delivery.c.delivered_at,
    "bounced": delivery.c.bounced_at,
    "opened": delivery.c.opened_at,
    "machine_opened": delivery.c.machine_opened_at,
    "clicked": delivery.c.clicked_at,
    "machine_clicked": delivery.c.machine_clicked_at,
    "unsubscribed": delivery.c.unsubscribed_at,
    "complained": delivery.c.complained_at,
}
"""Figure -> the time whose presence counts a person once."""


def totals(connection: sa.Connection, edition_id: int) -> dict[str, int]:
    """Return how many people of an edition each figure holds, `intended` and `accepted` too."""
    row = connection.execute(
        sa.select(*_figures()).select_from(WITH_BATCH).where(delivery.c.edition_id == edition_id)
    ).mappings()
    return {name: int(value) for name, value in row.one().items()}


def totals_by_arm(connection: sa.Connection, edition_id: int) -> dict[str, dict[str, int]]:
    """Return `totals` of each arm of an edition, by the arm's name; of no arm, nothing."""
    has_arms = sa.select(variant.c.id).where(
        variant.c.edition_id == edition_id, variant.c.arm != ""
    )
    if connection.execute(has_arms.limit(1)).first() is None:
        return {}  # Before every delivery is read a second time.
    rows = connection.execute(
        sa.select(variant.c.arm, *_figures())
        .select_from(WITH_BATCH.join(variant, variant.c.id == batch.c.variant_id))
        .where(delivery.c.edition_id == edition_id, variant.c.arm != "")
        .group_by(variant.c.arm)
        .order_by(variant.c.arm)
    ).mappings()
    return {r["arm"]: {name: int(r[name]) for name in r if name != "arm"} for r in rows}


def _figures() -> tuple[sa.ColumnElement[int], ...]:
    accepted = sa.case((EFFECTIVE.in_(sorted(ACCEPTED_OR_LATER)), 1))
    return (
        sa.func.count().label("intended"),
        sa.func.count(accepted).label("accepted"),
        *(sa.func.count(column).label(name) for name, column in COUNTED.items()),
    )


def has_simulated(connection: sa.Connection, edition_id: int | None = None) -> bool:
    """Whether simulated events stand in the figures (of one edition, or of any)."""
    query = sa.select(event.c.id).where(event.c.simulated)
    if edition_id is not None:
        query = query.where(event.c.edition_id == edition_id)
    return connection.execute(query.limit(1)).first() is not None


def by_hour(connection: sa.Connection) -> Iterator[tuple[str, datetime, int]]:
    """Yield (figure, an hour in UTC, people whose first such fact fell into it)."""
    for name, column in COUNTED.items():
        hour = _hour(connection, column)
        rows = connection.execute(
            sa.select(hour.label("hour"), sa.func.count())
            .where(column.is_not(None))
            .group_by("hour")
        )
        for at, people in rows:
            yield name, at, people


def accepted_deliveries(connection: sa.Connection, edition_id: int) -> list[tuple[int, datetime]]:
    """Return (contact id, when it was handed over) of what the provider took, in order."""
    rows = connection.execute(
        sa.select(delivery.c.contact_id, batch.c.claimed_at)
        .select_from(WITH_BATCH)
        .where(
            delivery.c.edition_id == edition_id,
            EFFECTIVE.in_(sorted(ACCEPTED_OR_LATER)),
            batch.c.claimed_at.is_not(None),
        )
        .order_by(delivery.c.contact_id)
    )
    return [(row.contact_id, row.claimed_at) for row in rows]


def _hour(connection: sa.Connection, column: sa.Column[datetime]) -> sa.ColumnElement[Any]:
    if connection.dialect.name == "postgresql":
        start = sa.func.date_trunc("hour", column, "UTC")
    else:
        start = sa.func.strftime("%Y-%m-%d %H:00:00.000000", column)
    return sa.type_coerce(start, UTCDateTime)
