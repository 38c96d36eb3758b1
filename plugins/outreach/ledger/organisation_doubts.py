"""Names whose organisation is in doubt, or was settled, with what they may mean."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.errors import NotFound
from outreach.ledger.organisation_views import COLUMNS, OrganisationRow, row_of
from outreach.ledger.people import organisation, organisation_match


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation that a name may mean, with its likeness from 0 to 100."""

    row: OrganisationRow
    likeness: int


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A name at a postcode, how many say it, what it may mean, and what a person settled."""

    id: int
    name: str
    postcode: str
    people: int
    state: str
    candidates: tuple[Candidate, ...]
    organisation: OrganisationRow | None = None
    settled_by: str = ""
    settled_at: datetime | None = None
    settled_reason: str = ""


def doubtful_count(connection: sa.Connection) -> int:
    """Return how many names wait for a person to say which organisation they mean."""
    query = sa.select(sa.func.count()).where(organisation_match.c.state == "doubtful")
    return int(connection.execute(query).scalar_one())


def matches(
    connection: sa.Connection, states: Collection[str], *, after: int = 0, limit: int = 50
) -> tuple[Doubtful, ...]:
    """Return judgements in these states with their candidates, by number."""
    m = organisation_match.c
    query = (
        sa.select(organisation_match)
        .where(m.state.in_(states), m.id > after)
        .order_by(m.id)
        .limit(limit)
    )
    return _with_candidates(connection, connection.execute(query).mappings().all())


def match(connection: sa.Connection, number: int) -> Doubtful:
    """Return one judgement with its candidates. Raises NotFound."""
    query = sa.select(organisation_match).where(organisation_match.c.id == number)
    found = _with_candidates(connection, connection.execute(query).mappings().all())
    if not found:
        raise NotFound("there is no such match; see the list of doubtful matches")
    return found[0]


def _with_candidates(
    connection: sa.Connection, rows: Sequence[sa.RowMapping]
) -> tuple[Doubtful, ...]:
    ids = {number for row in rows for number, _ in row["candidates"]}
    ids |= {row["organisation_id"] for row in rows if row["organisation_id"]}
    query = sa.select(*COLUMNS).where(organisation.c.id.in_(ids))
    known = {row["id"]: row_of(row) for row in connection.execute(query).mappings()}
    return tuple(
        Doubtful(
            id=row["id"],
            name=row["name"],
            postcode=row["postcode"],
            people=row["people"],
            state=row["state"],
            candidates=tuple(
                Candidate(known[number], likeness)
                for number, likeness in row["candidates"]
                if number in known
            ),
            organisation=known.get(row["organisation_id"]),
            settled_by=row["settled_by"],
            settled_at=row["settled_at"],
            settled_reason=row["settled_reason"],
        )
        for row in rows
    )
