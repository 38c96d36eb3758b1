"""What the ledger knows of the people whom some rows are about."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from outreach.domain import SuppressionReason
from outreach.ledger.bulk import moment_of, select_among, select_between
from outreach.ledger.folding import Basis
from outreach.ledger.people import suppression
from outreach.ledger.precedence import Statement
from outreach.records import PERSON_FIELDS


class Met(NamedTuple):
    """A contact that exists, and what this source said of it last ('' for nothing)."""

    id: int
    said: str


class Standing(NamedTuple):
    """A basis that a contact has: whose word it is, and when it was withdrawn."""

    id: int
    source: str
    withdrawn_at: datetime | None


@dataclass(slots=True)
class Held:
    """All that the ledger holds of one contact."""

    id: int
    fields: dict[str, str]
    addressless: bool
    source: str
    updated_at: datetime
    tracking: bool
    left_at: datetime | None
    organisation_id: int | None
    organisation_how: str
    bases: dict[Basis, Standing] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    chose: bool = False


def met(connection: sa.Connection, hashes: Sequence[bytes], source: str) -> dict[bytes, Met]:
    """Return the contacts of these addresses, whose hashes come sorted."""
    rows = _near(
        connection,
        "SELECT contact.address_hash, contact.id, statement.said FROM contact LEFT JOIN statement "
        "ON statement.contact_id = contact.id AND statement.source = :? "
        "AND statement.replaced_at IS NULL WHERE contact.address_hash",
        hashes,
        source,
    )
    return {bytes(row.address_hash): Met(row.id, row.said or "") for row in rows}


def erased_among(connection: sa.Connection, hashes: Collection[bytes]) -> set[bytes]:
    """Return those of these address hashes whose person was erased."""
    keys = sorted(hashes)
    if not keys:
        return set()
    suppressed = _near(
        connection,
        "SELECT address_hash FROM suppression WHERE reason = :? AND lifted_at IS NULL "
        "AND address_hash",
        keys,
        SuppressionReason.ERASED.value,
    )
    gone = _near(
        connection,
        "SELECT address_hash FROM contact WHERE erased_at IS NOT NULL AND address_hash",
        keys,
    )
    return {bytes(row[0]) for row in (*suppressed, *gone)}.intersection(keys)


def anybody_erased(connection: sa.Connection) -> bool:
    """Whether the ledger knows of an erasure at all."""
    erased = suppression.c.reason == SuppressionReason.ERASED.value
    return (
        connection.execute(sa.select(suppression.c.id).where(erased).limit(1)).first() is not None
    )


def _near(
    connection: sa.Connection, statement: str, keys: Sequence[bytes], *more: str
) -> list[sa.Row[Any]]:
    rows = select_between(connection, statement, keys, *more)
    return select_among(connection, statement, keys, *more) if rows is None else rows


def held(connection: sa.Connection, ids: Sequence[int]) -> dict[int, Held]:
    """Return everything held of these contacts, by id."""
    found = {row.id: _held(row) for row in select_among(connection, _CONTACTS, ids)}
    for row in select_among(connection, _BASES, ids):
        standing = Standing(row.id, row.source, moment_of(row.withdrawn_at))
        found[row.contact_id].bases[row.kind, row.purpose] = standing
    for row in select_among(connection, _CHOICES, ids):
        found[row.contact_id].chose = True
    statements: dict[int, list[Statement]] = defaultdict(list)
    for row in sorted(select_among(connection, _STATEMENTS, ids), key=lambda row: row.id):
        at = moment_of(row.stated_at)
        assert at is not None
        words = json.loads(row.said or "{}")
        statements[row.contact_id].append(
            Statement(row.source, at, words, row.replaced_at is None, row.id)
        )
    for number, one in found.items():
        one.statements = statements[number]
    return found


def _held(row: sa.Row[Any]) -> Held:
    updated_at = moment_of(row.updated_at)
    assert updated_at is not None
    return Held(
        row.id,
        {name: row._mapping[name] for name in PERSON_FIELDS},
        row.email is None,
        row.source,
        updated_at,
        bool(row.tracking_consent),
        moment_of(row.left_at),
        row.organisation_id,
        row.organisation_how,
    )


_CONTACTS = (
    f"SELECT id, email, {', '.join(PERSON_FIELDS)}, organisation_id, organisation_how, source, "  # noqa: S608
    "tracking_consent, updated_at, left_at FROM contact WHERE id"
)
_BASES = (
    "SELECT id, contact_id, kind, purpose, source, withdrawn_at FROM basis WHERE basis.contact_id"
)
_CHOICES = "SELECT DISTINCT contact_id FROM tracking_choice WHERE contact_id"
_STATEMENTS = (
    "SELECT id, contact_id, source, stated_at, said, replaced_at FROM statement WHERE contact_id"
)
