"""Merge organisations and resources from an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.ledger.imports import Tally
from outreach.ledger.people import contact, organisation, resource
from outreach.ledger.people_merge import Merge
from outreach.ledger.suppression_merge import merge_suppressions
from outreach.records import OrganisationRecord, ResourceRecord

__all__ = ["link_contacts", "merge_organisations", "merge_resources", "merge_suppressions"]

_PAGE = 1_000


def merge_organisations(
    connection: sa.Connection, records: Sequence[OrganisationRecord], merge: Merge
) -> Tally:
    """Write organisations by ODS code; a value that is not empty updates."""
    rows = []
    for record in records:
        kind = record.subscriber_type
        rows.append(
            {
                "ods_code": record.ods_code,
                "name": record.name,
                "sector": record.sector,
                "ics_area": record.ics_area,
                "borough": record.borough,
                "postcode": record.postcode,
                "pcn_code": record.pcn_code,
                "pcn_name": record.pcn_name,
                "subscriber_type": kind.value if kind else "",
            }
        )
    stamps = _Stamps(
        {"updated_at": merge.now, "subscriber_type": "unknown"}, {"updated_at": merge.now}
    )
    return _upsert(connection, organisation, "ods_code", rows, stamps)


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


def link_contacts(engine: sa.Engine) -> int:
    """Tie contacts to the organisations whose ODS codes they carry; return how many."""
    linked, last = 0, 0
    known = sa.select(organisation.c.id).where(organisation.c.ods_code == contact.c.ods_code)
    while True:
        with engine.begin() as connection:
            ids = (
                connection.execute(
                    sa.select(contact.c.id)
                    .where(
                        contact.c.id > last,
                        contact.c.organisation_id.is_(None),
                        contact.c.ods_code != "",
                        known.correlate(contact).exists(),
                    )
                    .order_by(contact.c.id)
                    .limit(_PAGE)
                )
                .scalars()
                .all()
            )
            if not ids:
                return linked
            connection.execute(
                sa.update(contact)
                .where(contact.c.id.in_(ids))
                .values(organisation_id=known.correlate(contact).scalar_subquery())
            )
        linked, last = linked + len(ids), ids[-1]


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
