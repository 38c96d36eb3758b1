"""Merge resources and suppressions from an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.ledger.contacts import Target, cross_targets
from outreach.ledger.imports import Tally
from outreach.ledger.people import resource, suppression
from outreach.ledger.people_merge import Merge
from outreach.records import ResourceRecord, SuppressionRecord


def merge_resources(
    connection: sa.Connection, records: Sequence[ResourceRecord], merge: Merge
) -> Tally:
    """Write resources by their key; a value that is not empty updates."""
    rows = [
        {
            "resource_key": record.resource_key,
            "title": record.title,
            "url": record.url,
            "summary": record.summary,
            "sector": record.sector,
            "ics_area": record.ics_area,
            "published_at": record.published_at,
        }
        for record in records
    ]
    return _upsert(
        connection, resource, "resource_key", rows, _Stamps({"recorded_at": merge.now}, {})
    )


def merge_suppressions(
    connection: sa.Connection, records: Sequence[SuppressionRecord], merge: Merge
) -> Tally:
    """Add the suppressions that do not stand yet. None is lifted, changed or taken out.

    One that a person lifted stays lifted unless the row says it is from later. What is in
    flight to them right now is marked as crossed.
    """
    hashes = [
        merge.keys.domain_hash(r.target) if r.is_domain else merge.keys.address_hash(r.target)
        for r in records
    ]
    standing, lifted = _known_suppressions(connection, set(hashes))
    rows: list[dict[str, Any]] = []
    for record, target_hash in zip(records, hashes, strict=True):
        fact = (target_hash, record.reason.value, record.scope)
        lifted_at = lifted.get(fact)
        if fact in standing or (lifted_at and record.since and record.since <= lifted_at):
            continue
        standing.add(fact)
        rows.append(
            {
                "address_hash": None if record.is_domain else target_hash,
                "domain_hash": target_hash if record.is_domain else None,
                "scope": record.scope,
                "reason": record.reason.value,
                "detail": record.detail,
                "origin": f"import: {merge.source}",
                "created_at": record.since or merge.now,
            }
        )
    if rows:
        connection.execute(sa.insert(suppression), rows)
        targets = [Target(row["address_hash"], row["domain_hash"]) for row in rows]
        cross_targets(connection, targets, merge.now)
    return Tally(created=len(rows), unchanged=len(records) - len(rows))


_Fact = tuple[bytes, str, str]
"""Target's hash, reason, scope."""


def _known_suppressions(
    connection: sa.Connection, hashes: set[bytes]
) -> tuple[set[_Fact], dict[_Fact, datetime]]:
    """Return the suppressions that stand, and when those that do not were last lifted."""
    s = suppression.c
    rows = connection.execute(
        sa.select(s.address_hash, s.domain_hash, s.reason, s.scope, s.lifted_at)
        .where(sa.or_(s.address_hash.in_(hashes), s.domain_hash.in_(hashes)))
        .order_by(s.lifted_at)
    ).all()
    facts = [((r.address_hash or r.domain_hash, r.reason, r.scope), r.lifted_at) for r in rows]
    return (
        {fact for fact, lifted_at in facts if lifted_at is None},
        {fact: lifted_at for fact, lifted_at in facts if lifted_at is not None},
    )


@dataclass(frozen=True, slots=True)
class _Stamps:
    """Values that no row tells: for a new row, and for one that changed."""

    new: dict[str, Any]
    changed: dict[str, Any]


def _upsert(
    connection: sa.Connection,
    table: sa.Table,
    key: str,
    rows: Sequence[dict[str, Any]],
    stamps: _Stamps,
) -> Tally:
    found = connection.execute(sa.select(table).where(table.c[key].in_({r[key] for r in rows})))
    old = {row[key]: dict(row) for row in found.mappings()}
    new: dict[str, dict[str, Any]] = {}
    dirty: dict[str, dict[str, Any]] = {}
    created = changed = 0
    for row in rows:
        name = row[key]
        said = {field: value for field, value in row.items() if value}
        if name not in old and name not in new:
            new[name] = {**row, **stamps.new, **said}
            created += 1
        elif name in new:
            changed += _fill(new[name], said)
        elif name in dirty:
            changed += _fill(dirty[name], said)
        elif any(old[name][field] != value for field, value in said.items()):
            dirty[name] = {**old[name], **said, **stamps.changed}
            changed += 1
    if new:
        connection.execute(sa.insert(table), list(new.values()))
    for target in dirty.values():
        connection.execute(sa.update(table).where(table.c.id == target["id"]).values(target))
    return Tally(created, changed, len(rows) - created - changed)


def _fill(target: dict[str, Any], said: dict[str, Any]) -> bool:
    """Fill gaps only: within one import the first row about something wins."""
    gaps = {field: value for field, value in said.items() if not target[field]}
    target.update(gaps)
    return bool(gaps)
