"""What people read about editions: rows for pages, counts by effective state.

Read-only; each function takes a connection from `engine.reading`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState
from outreach.errors import NotFound
from outreach.ledger.edition_store import OPEN
from outreach.ledger.editions import audit, batch, campaign, delivery, edition
from outreach.ledger.states import EFFECTIVE, WITH_BATCH


@dataclass(frozen=True, slots=True)
class EditionRow:
    """One edition as the ledger holds it. Times are aware UTC; None where it has not happened."""

    id: int
    name: str
    campaign: str
    occurrence: str
    title: str
    purpose: str
    provider: str
    format: int
    state: EditionState
    control: str
    control_reason: str
    owner: str
    segment: str
    intended: int
    excluded: int
    faults: Any
    content_hash: str
    audience_hash: str
    approval_hash: str
    created_by: str
    created_at: datetime
    checked_at: datetime | None
    approved_by: str
    approved_via: str
    approved_at: datetime | None
    send_at: datetime | None
    late_after: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


_PLAIN = tuple(
    name for name in EditionRow.__dataclass_fields__ if name not in ("campaign", "state")
)


def editions(
    connection: sa.Connection, *, slug: str = "", limit: int, offset: int = 0
) -> tuple[EditionRow, ...]:
    """Return editions, newest first; of one campaign where `slug` is given."""
    query = _editions().order_by(edition.c.id.desc()).limit(limit).offset(offset)
    if slug:
        query = query.where(campaign.c.slug == slug)
    return tuple(_edition_row(row) for row in connection.execute(query).mappings())


def edition_named(connection: sa.Connection, name: str) -> EditionRow:
    """Return the edition called `name` ("<slug>@<occurrence>"). Raises NotFound."""
    row = connection.execute(_editions().where(edition.c.name == name)).mappings().first()
    if row is None:
        raise NotFound(f"There is no edition called {name!r}.")
    return _edition_row(row)


def edition_count(connection: sa.Connection, *, slug: str = "") -> int:
    """Return how many editions there are; of one campaign where `slug` is given."""
    query = sa.select(sa.func.count()).select_from(edition.join(campaign))
    if slug:
        query = query.where(campaign.c.slug == slug)
    return int(connection.execute(query).scalar_one())


def edition_names(connection: sa.Connection) -> dict[int, tuple[str, str]]:
    """Return (name, campaign slug) of every edition, by number."""
    query = sa.select(edition.c.id, edition.c.name, campaign.c.slug).join(campaign)
    return {number: (name, slug) for number, name, slug in connection.execute(query)}


def open_editions(connection: sa.Connection) -> tuple[EditionRow, ...]:
    """Return the editions in which something may still be sent, newest first."""
    query = _editions().where(edition.c.state.in_(OPEN)).order_by(edition.c.id.desc())
    rows = connection.execute(query).mappings()
    return tuple(_edition_row(row) for row in rows)


def latest_by_campaign(connection: sa.Connection) -> dict[str, EditionRow]:
    """Return the newest edition of each campaign that has one, by slug."""
    newest = (
        sa.select(sa.func.max(edition.c.id))
        .where(edition.c.again_of.is_(None))
        .group_by(edition.c.campaign_id)
    )
    rows = connection.execute(_editions().where(edition.c.id.in_(newest))).mappings()
    return {row.campaign: row for row in map(_edition_row, rows)}


def state_counts(
    connection: sa.Connection, edition_ids: Collection[int]
) -> dict[int, dict[DeliveryState, int]]:
    """Return, for each edition, how many deliveries stand in each effective state."""
    query = (
        sa.select(delivery.c.edition_id, EFFECTIVE.label("state"), sa.func.count().label("people"))
        .select_from(WITH_BATCH)
        .where(delivery.c.edition_id.in_(edition_ids))
        .group_by(delivery.c.edition_id, EFFECTIVE)
    )
    found: dict[int, dict[DeliveryState, int]] = defaultdict(dict)
    for edition_id, word, people in connection.execute(query):
        found[edition_id][DeliveryState(word)] = people
    return {number: found.get(number, {}) for number in edition_ids}


def doubts(connection: sa.Connection) -> dict[str, int]:
    """Return how many deliveries are in doubt, by edition name; only editions with some.

    Two narrow look-ups (own state, batch state) so that it stays quick with a long history.
    """
    unknown = DeliveryState.UNKNOWN.value
    in_batches = (
        sa.select(delivery.c.edition_id, sa.func.count().label("people"))
        .select_from(delivery.join(batch, batch.c.id == delivery.c.batch_id))
        .where(batch.c.state == unknown, delivery.c.state.is_(None))
        .group_by(delivery.c.edition_id)
    )
    by_themselves = (
        sa.select(delivery.c.edition_id, sa.func.count().label("people"))
        .where(delivery.c.state == unknown)
        .group_by(delivery.c.edition_id)
    )
    each = sa.union_all(in_batches, by_themselves).subquery()
    query = (
        sa.select(edition.c.name, sa.func.sum(each.c.people))
        .join(edition, edition.c.id == each.c.edition_id)
        .group_by(edition.c.id, edition.c.name)
        .order_by(edition.c.id.desc())
    )
    return {name: int(people) for name, people in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what, when and by which way; `detail` holds no personal data."""

    at: datetime
    who: str
    via: str
    action: str
    detail: str


def history(connection: sa.Connection, subject: str, *, limit: int) -> tuple[AuditRow, ...]:
    """Return what people did to `subject` (an edition's name), the latest first."""
    query = (
        sa.select(*(audit.c[name] for name in AuditRow.__dataclass_fields__))
        .where(audit.c.subject == subject)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return tuple(AuditRow(*row) for row in connection.execute(query))


def _editions() -> sa.Select[Any]:
    columns = [edition.c[name] for name in _PLAIN]
    return sa.select(*columns, edition.c.state, campaign.c.slug.label("campaign")).select_from(
        edition.join(campaign)
    )


def _edition_row(row: Mapping[Any, Any]) -> EditionRow:
    return EditionRow(**{**row, "state": EditionState(row["state"])})
