"""Merge suppressions from an import: another tool's unsubscribes, bounces and domains.

Nothing that stands is lifted, changed or taken out here, and what a person lifted stays lifted
unless a row says it is from later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from outreach.domain import SuppressionReason
from outreach.ledger import leavers
from outreach.ledger.columns import chunks
from outreach.ledger.imports import Tally
from outreach.ledger.people import contact, suppression
from outreach.ledger.suppressing import ALL, Target, cross_targets
from outreach.records import SuppressionRecord

if TYPE_CHECKING:
    from outreach.ledger.people_merge import Merge

TO_ERASE = "asked to be erased, as the source says; erase them here too"

_Fact = tuple[bytes, str, str]
"""Target's hash, reason, scope."""


def merge_suppressions(
    connection: sa.Connection, records: Sequence[SuppressionRecord], merge: Merge
) -> Tally:
    """Add the suppressions that do not stand yet. None is lifted, changed or taken out.

    One that a person lifted stays lifted unless the row says it is from later. What is in
    flight to them right now is marked as crossed. Whoever is told to have left is marked.
    """
    hashes = [
        merge.keys.domain_hash(r.target) if r.is_domain else merge.keys.address_hash(r.target)
        for r in records
    ]
    records = _erasures_by_hand(connection, records, hashes)
    standing, lifted = _known(connection, records, hashes)
    rows: list[dict[str, Any]] = []
    for record, target_hash in zip(records, hashes, strict=True):
        fact = (target_hash, record.reason.value, record.scope)
        lifted_at = lifted.get(fact)
        if fact in standing or (*fact[:2], ALL) in standing:
            continue
        if lifted_at and (record.since is None or record.since <= lifted_at):
            continue
        standing.add(fact)
        rows.append(_row(record, target_hash, merge))
    if rows:
        connection.execute(sa.insert(suppression), rows)
        targets = [Target(row["address_hash"], row["domain_hash"]) for row in rows]
        cross_targets(connection, targets, merge.now)
        _mark_left(connection, rows)
    return Tally(created=len(rows), unchanged=len(records) - len(rows))


def _row(record: SuppressionRecord, target_hash: bytes, merge: Merge) -> dict[str, Any]:
    return {
        "address_hash": None if record.is_domain else target_hash,
        "domain_hash": target_hash if record.is_domain else None,
        "scope": record.scope,
        "reason": record.reason.value,
        "detail": record.detail,
        "origin": f"import: {merge.source}",
        "import_id": merge.import_id,
        "created_at": record.since or merge.now,
    }


def _erasures_by_hand(
    connection: sa.Connection, records: Sequence[SuppressionRecord], hashes: Sequence[bytes]
) -> Sequence[SuppressionRecord]:
    """Let an erasure that a row tells of stop mail to a contact we hold, but not pass for one.

    Erasing reaches files too and gives proof: a person does it. Of an address that is no
    contact nothing is held, and it never may be.
    """
    erased = {
        h
        for record, h in zip(records, hashes, strict=True)
        if record.reason is SuppressionReason.ERASED and not record.is_domain
    }
    if not erased:
        return records
    held: set[bytes] = set()
    for some in chunks(sorted(erased)):
        query = sa.select(contact.c.address_hash)
        held |= set(
            connection.execute(
                query.where(contact.c.address_hash.in_(some), contact.c.erased_at.is_(None))
            ).scalars()
        )
    return [
        replace(record, reason=SuppressionReason.OBJECTED, detail=TO_ERASE)
        if record.reason is SuppressionReason.ERASED and (record.is_domain or h in held)
        else record
        for record, h in zip(records, hashes, strict=True)
    ]


def _mark_left(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    left: dict[bytes, datetime] = {}
    for row in rows:
        mine = row["reason"] == SuppressionReason.LEFT.value and row["scope"] == ALL
        if mine and row["address_hash"]:
            left.setdefault(row["address_hash"], row["created_at"])
    leavers.mark_each(connection, left)


def _known(
    connection: sa.Connection, records: Sequence[SuppressionRecord], hashes: Sequence[bytes]
) -> tuple[set[_Fact], dict[_Fact, datetime]]:
    """Return the suppressions that stand, and when those that do not were last lifted."""
    domains = {h for record, h in zip(records, hashes, strict=True) if record.is_domain}
    standing: set[_Fact] = set()
    lifted: dict[_Fact, datetime] = {}
    # Each by its own index: an OR of the two may read the whole table.
    s = suppression.c
    for column, wanted in ((s.address_hash, {*hashes} - domains), (s.domain_hash, domains)):
        for some in chunks(sorted(wanted)):
            rows = connection.execute(
                sa.select(column.label("target"), s.reason, s.scope, s.lifted_at)
                .where(column.in_(some))
                .order_by(s.lifted_at)
            )
            for row in rows:
                fact = (bytes(row.target), row.reason, row.scope)
                if row.lifted_at is None:
                    standing.add(fact)
                else:
                    lifted[fact] = row.lifted_at
    return standing, lifted
