"""Merge resources from an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.ledger.imports import Tally
from outreach.ledger.people import resource
from outreach.ledger.people_merge import Merge
from outreach.ledger.suppression_merge import merge_suppressions
from outreach.records import ResourceRecord

__all__ = ["merge_resources", "merge_suppressions"]


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
