"""What people read about resources: the list, how many were told, and what a person was told of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState, state_words
from outreach.errors import NotFound
from outreach.ledger.caps import HANDED_OVER
from outreach.ledger.columns import chunks
from outreach.ledger.digests import NEWEST, carried_by
from outreach.ledger.editions import batch, delivery, edition, variant
from outreach.ledger.resources import resource, variant_resource
from outreach.ledger.states import EFFECTIVE, WITH_BATCH


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One resource as the ledger knows it; empty `sectors` or `ics_areas` are everybody."""

    id: int
    title: str
    url: str
    summary: str
    kind: str
    sectors: tuple[str, ...]
    ics_areas: tuple[str, ...]
    source: str
    published_at: datetime | None
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_reason: str


@dataclass(frozen=True, slots=True)
class Search:
    """Which resources are listed; empty sets no rule. A place finds what is for readers there."""

    text: str = ""
    sector: str = ""
    ics_area: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One resource that an edition brought a person. `state` is that delivery's."""

    resource_id: int
    title: str
    url: str
    edition: str
    state: DeliveryState
    at: datetime | None

    @property
    def words(self) -> str:
        """The state as people read it."""
        return state_words(self.state)


COLUMNS = tuple(resource.c[field.name] for field in fields(ResourceRow))


def resource_count(connection: sa.Connection, wanted: Search) -> int:
    """Return how many resources a search finds."""
    query = sa.select(sa.func.count()).select_from(resource).where(*_rules(wanted))
    return int(connection.execute(query).scalar_one())


def resources(
    connection: sa.Connection, wanted: Search, *, limit: int, offset: int = 0
) -> tuple[ResourceRow, ...]:
    """Return a page of what a search finds, the newest first."""
    query = sa.select(*COLUMNS).where(*_rules(wanted)).order_by(NEWEST.desc(), resource.c.id.desc())
    rows = connection.execute(query.limit(limit).offset(offset)).mappings()
    return tuple(_row(row) for row in rows)


def resource_numbered(connection: sa.Connection, number: int) -> ResourceRow:
    """Return the resource with this number. Raises NotFound."""
    query = sa.select(*COLUMNS).where(resource.c.id == number)
    found = connection.execute(query).mappings().first()
    if found is None:
        raise NotFound(f"there is no resource {number}; see the list of resources")
    return _row(found)


def _row(found: Any) -> ResourceRow:
    values = {field.name: found[field.name] for field in fields(ResourceRow)}
    places = {name: tuple(values[name]) for name in ("sectors", "ics_areas")}
    return ResourceRow(**{**values, **places})


def _rules(wanted: Search) -> list[sa.ColumnElement[bool]]:
    r = resource.c
    out = r.withdrawn_at.is_not(None)
    rules: list[sa.ColumnElement[bool]] = [out if wanted.withdrawn else ~out]
    for column, place in ((r.sectors, wanted.sector), (r.ics_areas, wanted.ics_area)):
        if place:
            told = sa.cast(column, sa.Text)
            rules.append(sa.or_(told == "[]", told.contains(json.dumps(place), autoescape=True)))
    if text := wanted.text.strip().lower():
        rules.append(
            sa.or_(
                *(
                    sa.func.lower(column).contains(text, autoescape=True)
                    for column in (r.title, r.url, r.summary, r.kind)
                )
            )
        )
    return rules


def told_counts(connection: sa.Connection, ids: Sequence[int]) -> Mapping[int, int]:
    """Return resource -> how many people were told of it, or may have been."""
    carried = carried_by(connection, ids)
    told: Counter[int] = Counter()
    for some in chunks(sorted(carried)):
        rows = connection.execute(
            sa.select(batch.c.variant_id, sa.func.count())
            .select_from(WITH_BATCH)
            .where(batch.c.variant_id.in_(some), EFFECTIVE.in_(HANDED_OVER))
            .group_by(batch.c.variant_id)
        )
        for variant_id, people in rows:
            told.update(dict.fromkeys(carried[variant_id], people))
    return told


def told_of(connection: sa.Connection, contact_id: int, limit: int = 100) -> tuple[Told, ...]:
    """Return what a contact was told of, or may have been, the latest first."""
    rows = connection.execute(
        sa.select(
            resource.c.id,
            resource.c.title,
            resource.c.url,
            edition.c.name,
            EFFECTIVE.label("effective"),
            batch.c.claimed_at,
        )
        .select_from(
            WITH_BATCH.join(edition, edition.c.id == delivery.c.edition_id)
            .join(variant_resource, variant_resource.c.variant_id == batch.c.variant_id)
            .join(resource, resource.c.id == variant_resource.c.resource_id)
        )
        .where(delivery.c.contact_id == contact_id, EFFECTIVE.in_(HANDED_OVER))
        .order_by(edition.c.id.desc(), variant_resource.c.place)
        .limit(limit)
    )
    return tuple(
        Told(row[0], row[1], row[2], row[3], DeliveryState(row.effective), row.claimed_at)
        for row in rows
    )


def open_editions_with(connection: sa.Connection, number: int) -> tuple[str, ...]:
    """Return the names of editions that carry a resource and may still be sent."""
    rows = connection.execute(
        sa.select(edition.c.name)
        .join(variant, variant.c.edition_id == edition.c.id)
        .join(variant_resource, variant_resource.c.variant_id == variant.c.id)
        .where(
            variant_resource.c.resource_id == number,
            edition.c.state.in_(
                [EditionState.PREPARED, EditionState.APPROVED, EditionState.SENDING]
            ),
        )
        .distinct()
        .order_by(edition.c.name)
    )
    return tuple(rows.scalars())


def set_withdrawn(
    connection: sa.Connection, number: int, at: datetime | None, *, by: str, reason: str
) -> None:
    """Keep that a resource is withdrawn from `at` on, or with None that it is not any more."""
    values = (
        {"withdrawn_by": by, "withdrawn_reason": reason}
        if at
        else dict.fromkeys(("withdrawn_by", "withdrawn_reason"), "")
    )
    connection.execute(
        sa.update(resource).where(resource.c.id == number).values(withdrawn_at=at, **values)
    )
