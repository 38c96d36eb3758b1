"""What the ledger knows of the people whom some rows are about."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from outreach.domain import SuppressionReason
from outreach.ledger.bulk import moment_of, select_among, select_between
from outreach.ledger.folding import Basis
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


def known_among(
    connection: sa.Connection, hashes: Sequence[bytes], source: str
) -> tuple[dict[bytes, Met], set[bytes]]:
    """Return the contacts of these addresses, and those addresses whose person was erased.

    The hashes come sorted.
    """
    if not connection.exec_driver_sql(_nearby(connection), (hashes[0], hashes[-1]) * 2).scalar():
        return {}, set()  # as in any first import of a list
    rows = _near(connection, _MET, hashes, source)
    # A scalar from a subquery: joined, a planner that knows no better reads every statement.
    known = {bytes(row.address_hash): Met(row.id, row.said or "") for row in rows}
    gone = {bytes(row.address_hash) for row in rows if row.erased}
    return known, (gone | _suppressed(connection, hashes)).intersection(hashes)


def erased_among(connection: sa.Connection, hashes: Collection[bytes]) -> set[bytes]:
    """Return those of these address hashes whose person was erased."""
    keys = sorted(hashes)
    if not keys:
        return set()
    gone = _near(
        connection,
        "SELECT address_hash FROM contact WHERE erased_at IS NOT NULL AND address_hash",
        keys,
    )
    return ({bytes(row[0]) for row in gone} | _suppressed(connection, keys)).intersection(keys)


def _suppressed(connection: sa.Connection, keys: Sequence[bytes]) -> set[bytes]:
    """Return addresses that a suppression says were erased: these, and perhaps others."""
    rows = _near(
        connection,
        "SELECT address_hash FROM suppression WHERE reason = :? AND lifted_at IS NULL "
        "AND address_hash",
        keys,
        SuppressionReason.ERASED.value,
    )
    return {bytes(row[0]) for row in rows}


_MET = (
    "SELECT contact.address_hash, contact.id, contact.erased_at IS NOT NULL AS erased, "
    "(SELECT max(statement.said) FROM statement WHERE statement.contact_id = contact.id "
    "AND statement.source = :? AND statement.replaced_at IS NULL) AS said "
    "FROM contact WHERE contact.address_hash"
)


def _nearby(connection: sa.Connection) -> str:
    """Ask whether there is anything at all between two addresses' hashes."""
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    return " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE address_hash BETWEEN {mark} AND {mark})"  # noqa: S608
        for table in ("contact", "suppression")
    ).join(("SELECT ", ""))


def _near(
    connection: sa.Connection, statement: str, keys: Sequence[bytes], *more: str
) -> list[sa.Row[Any]]:
    if connection.dialect.name == "postgresql":
        # Takes them as one array, in one round.
        return select_among(connection, statement, keys, *more)
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
    told = sorted(select_among(connection, _STATEMENTS, ids), key=itemgetter(0))
    for number, contact_id, source, stated_at, said, replaced_at in told:
        at = moment_of(stated_at)
        assert at is not None
        words = json.loads(said or "{}")
        statements[contact_id].append(Statement(source, at, words, replaced_at is None, number))
    for number, one in found.items():
        one.statements = statements[number]
    return found


def _held(row: sa.Row[Any]) -> Held:
    updated_at = moment_of(row.updated_at)
    assert updated_at is not None
    return Held(
        row.id,
        dict(zip(PERSON_FIELDS, row[2:], strict=False)),
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
