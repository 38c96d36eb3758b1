"""What the ledger knows of the people whom some rows are about."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
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


def anybody_erased(connection: sa.Connection) -> bool:
    """Whether the ledger knows of an erasure at all."""
    erased = suppression.c.reason == SuppressionReason.ERASED.value
    return (
        connection.execute(sa.select(suppression.c.id).where(erased).limit(1)).first() is not None
    )


def _near(
    connection: sa.Connection, statement: str, keys: Sequence[bytes], *more: str
) -> list[sa.Row[Any]]:
    if connection.dialect.name == "postgresql":
        # Takes them as one array, in one round.
        return select_among(connection, statement, keys, *more)
    rows = select_between(connection, statement, keys, *more)
    return select_among(connection, statement, keys, *more) if rows is None else rows


def held(
    connection: sa.Connection, ids: Sequence[int], *, standings: bool = True, choices: bool = True
) -> dict[int, Held]:
    """Return what is held of contacts, by id; bases and own choices only where asked for."""
    found = {row.id: _held(row) for row in select_among(connection, _CONTACTS, ids)}
    bases: list[Any] = select_among(connection, _BASES, ids if standings else ())
    for number, contact_id, kind, purpose, source, withdrawn_at in bases:
        found[contact_id].bases[kind, purpose] = Standing(number, source, moment_of(withdrawn_at))
    for row in select_among(connection, _CHOICES, ids if choices else ()):
        found[row.contact_id].chose = True
    told: list[Any] = sorted(select_among(connection, _STATEMENTS, ids), key=itemgetter(0))
    for number, contact_id, source, stated_at, said, replaced_at in told:
        at = moment_of(stated_at)
        assert at is not None
        words = _decode(said or "{}")[0]
        one = Statement(source, at, words, replaced_at is None, number)
        found[contact_id].statements.append(one)
    return found


def _held(row: Any) -> Held:
    number, email, source, updated_at, tracking, left_at, employer, how, *fields = row
    at = moment_of(updated_at)
    assert at is not None
    named = dict(zip(PERSON_FIELDS, fields, strict=True))
    left = moment_of(left_at)
    return Held(number, named, email is None, source, at, bool(tracking), left, employer, how)


_decode = json.JSONDecoder().raw_decode

_CONTACTS = (
    "SELECT id, email, source, updated_at, tracking_consent, left_at, organisation_id, "  # noqa: S608
    f"organisation_how, {', '.join(PERSON_FIELDS)} FROM contact WHERE id"
)
_BASES = (
    "SELECT id, contact_id, kind, purpose, source, withdrawn_at FROM basis WHERE basis.contact_id"
)
_CHOICES = "SELECT DISTINCT contact_id FROM tracking_choice WHERE contact_id"
_STATEMENTS = (
    "SELECT id, contact_id, source, stated_at, said, replaced_at FROM statement WHERE contact_id"
)
