"""Bases: why a contact may be written to, given and withdrawn, for one purpose or for all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain import BasisKind
from outreach.ledger.edition_store import note
from outreach.ledger.people import basis
from outreach.records import BasisRecord


@dataclass(frozen=True, slots=True)
class Given:
    """A basis as somebody gives it. `purpose` '' means every purpose that its kind allows."""

    kind: BasisKind
    purpose: str
    evidence: str
    wording_version: str
    source: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who withdraws a basis, when and why."""

    by: str
    reason: str
    at: datetime


def withdraw(
    connection: sa.Connection,
    contact_id: int,
    how: Withdrawal,
    *,
    kinds: Collection[BasisKind],
    purpose: str = "",
) -> int:
    """Withdraw what stands of these kinds for a contact; return how many bases that is.

    With a purpose, one that stands for every purpose keeps standing for the others: the
    withdrawal is a row of its own, which `mailable` looks for.
    """
    found = connection.execute(
        sa.select(basis.c.id, basis.c.kind, basis.c.purpose, basis.c.withdrawn_at).where(
            basis.c.contact_id == contact_id, basis.c.kind.in_([kind.value for kind in kinds])
        )
    ).all()
    standing = [row for row in found if row.withdrawn_at is None]
    if not purpose:
        return _end(connection, [row.id for row in standing], how)
    ended = _end(connection, [row.id for row in standing if row.purpose == purpose], how)
    known = {row.kind for row in found if row.purpose == purpose}
    others = [row.kind for row in standing if row.purpose == "" and row.kind not in known]
    if others:
        row = {"contact_id": contact_id, "purpose": purpose, "recorded_at": how.at, **_values(how)}
        connection.execute(sa.insert(basis), [{**row, "kind": kind} for kind in others])
    return ended + len(others)


def _end(connection: sa.Connection, ids: Collection[int], how: Withdrawal) -> int:
    if ids:
        connection.execute(sa.update(basis).where(basis.c.id.in_(ids)).values(_values(how)))
    return len(ids)


def _values(how: Withdrawal) -> dict[str, object]:
    return {"withdrawn_at": how.at, "withdrawn_by": how.by, "withdrawn_reason": how.reason}


def give(connection: sa.Connection, contact_id: int, given: Given, now: datetime) -> bool:
    """Record a basis as a person gives it, again where it was withdrawn; return if it is new."""
    mine = sa.and_(
        basis.c.contact_id == contact_id,
        basis.c.kind == given.kind.value,
        basis.c.purpose == given.purpose,
    )
    known = connection.execute(sa.select(basis.c.id, basis.c.withdrawn_at).where(mine)).first()
    said = {
        "evidence": given.evidence,
        "wording_version": given.wording_version,
        "source": given.source,
        "recorded_at": now,
    }
    if known is None:
        row = {"contact_id": contact_id, "kind": given.kind.value, "purpose": given.purpose}
        connection.execute(sa.insert(basis).values(**row, **said))
        return True
    if known.withdrawn_at is None:
        return False
    connection.execute(sa.update(basis).where(basis.c.id == known.id).values(**said, **_STANDING))
    return True


_STANDING = {"withdrawn_at": None, "withdrawn_by": "", "withdrawn_reason": ""}


def give_again(
    connection: sa.Connection, contact_id: int, given: BasisRecord, source: str, now: datetime
) -> None:
    """Let a withdrawn consent stand again by a newer one; the audit keeps that it was withdrawn."""
    mine = sa.and_(
        basis.c.contact_id == contact_id,
        basis.c.kind == given.kind.value,
        basis.c.purpose == given.purpose,
    )
    said = {
        "evidence": given.evidence,
        "wording_version": given.wording_version,
        "source": source,
        "given_at": given.given_at,
        "recorded_at": now,
    }
    connection.execute(sa.update(basis).where(mine).values(**said, **_STANDING))
    note(
        connection,
        at=now,
        who=source,
        via="import",
        action="basis given again",
        subject=f"contact {contact_id}",
        detail=f"{given.kind.value}: a consent from after its withdrawal",
    )


def given_again(withdrawn_at: datetime, kind: BasisKind, given_at: datetime | None) -> bool:
    """Whether a row of an import may give a withdrawn basis again: newer consent alone may.

    Its own date must lie after the withdrawal. A public task was objected to: only a named
    person can put that right.
    """
    return kind is BasisKind.CONSENT and given_at is not None and given_at > withdrawn_at
