"""Merge resources from an import: one that is known by its key or its page is not new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.ledger.columns import chunks
from outreach.ledger.imports import Tally
from outreach.ledger.people_merge import Merge
from outreach.ledger.resources import resource, resource_name, variant_resource
from outreach.ledger.suppression_merge import merge_suppressions
from outreach.records import ResourceRecord

__all__ = ["merge_resources", "merge_suppressions"]

BY_ITS_SOURCE = "withdrawn by its source"
SAME_PAGE = "it moved to a page that another resource leads to"


def merge_resources(
    connection: sa.Connection, records: Sequence[ResourceRecord], merge: Merge
) -> Tally:
    """Write resources; a value that is not empty updates. Within an import the first row wins."""
    known = _Known.of(connection, records)
    created = changed = 0
    for record in records:
        number = known.number_of(connection, record, merge)
        if number is None:
            known.add(connection, record, merge)
            created += 1
        elif known.update(connection, number, record, merge):
            changed += 1
        known.name(connection, record)
    return Tally(created, changed, len(records) - created - changed)


def key_name(key: str) -> str:
    """Return the name that a key of a resource stands for."""
    return f"key {key}"


def page_name(page: str) -> str:
    """Return the name that a page (see `webaddress.page_of`) stands for."""
    return f"page {page}"


def _names(record: ResourceRecord) -> tuple[str, str]:
    return key_name(record.resource_key), page_name(record.page or record.url)


@dataclass(slots=True)
class _Known:
    """What is known of the resources that some rows tell of: by name, and by number.

    `settled` are the fields that a row of this import has given.
    """

    names: dict[str, int]
    rows: dict[int, dict[str, Any]]
    settled: dict[int, set[str]]

    @classmethod
    def of(cls, connection: sa.Connection, records: Sequence[ResourceRecord]) -> _Known:
        wanted = list({name for record in records for name in _names(record)})
        names: dict[str, int] = {}
        rows: dict[int, dict[str, Any]] = {}
        for some in chunks(wanted):
            found = sa.select(resource_name).where(resource_name.c.name.in_(some))
            names |= {row.name: row.resource_id for row in connection.execute(found)}
        for some_ids in chunks(sorted(set(names.values()))):
            query = sa.select(resource).where(resource.c.id.in_(some_ids))
            rows |= {row["id"]: dict(row) for row in connection.execute(query).mappings()}
        return cls(names, rows, {})

    def number_of(
        self, connection: sa.Connection, record: ResourceRecord, merge: Merge
    ) -> int | None:
        """Return which resource a row tells of, None for a new one.

        Where its key means one and its page another, the two have become one: the page's.
        """
        by_key, by_page = (self.names.get(name) for name in _names(record))
        if by_key is None or by_page is None or by_key == by_page:
            return by_page if by_key is None else by_key
        _become_one(connection, by_key, by_page, merge)
        self.names = {n: by_page if r == by_key else r for n, r in self.names.items()}
        return by_page

    def add(self, connection: sa.Connection, record: ResourceRecord, merge: Merge) -> None:
        row = {
            "resource_key": record.resource_key,
            "source": merge.source,
            "recorded_at": merge.now,
            "published_at": None,
            **_said(record, merge),
        }
        number = int(
            connection.execute(
                sa.insert(resource).values(**row).returning(resource.c.id)
            ).scalar_one()
        )
        self.rows[number] = {column.name: "" for column in resource.c} | row
        self.settled[number] = set(_said(record, merge))
        for name in _names(record):
            self.names.setdefault(name, number)
            self._write(connection, name, number)

    def update(
        self, connection: sa.Connection, number: int, record: ResourceRecord, merge: Merge
    ) -> bool:
        row, settled = self._row(connection, number), self.settled.setdefault(number, set())
        said = _said(record, merge)
        if row["withdrawn_at"]:
            # Who withdrew it, and why, stands.
            said = {name: value for name, value in said.items() if "withdrawn" not in name}
        new = {n: v for n, v in said.items() if n not in settled and row[n] != v}
        settled |= set(said)
        if new:
            connection.execute(sa.update(resource).where(resource.c.id == number).values(**new))
            row |= new
        return bool(new)

    def name(self, connection: sa.Connection, record: ResourceRecord) -> None:
        """Know the resource of a row by that row's key and page, too."""
        number = next(self.names[n] for n in _names(record) if n in self.names)
        for name in _names(record):
            if name not in self.names:
                self.names[name] = number
                self._write(connection, name, number)

    def _row(self, connection: sa.Connection, number: int) -> dict[str, Any]:
        if number not in self.rows:
            query = sa.select(resource).where(resource.c.id == number)
            self.rows[number] = dict(connection.execute(query).mappings().one())
        return self.rows[number]

    @staticmethod
    def _write(connection: sa.Connection, name: str, number: int) -> None:
        connection.execute(sa.insert(resource_name).values(name=name, resource_id=number))


def _said(record: ResourceRecord, merge: Merge) -> Mapping[str, Any]:
    """Return what a row says, without what it leaves empty."""
    said: dict[str, Any] = {
        "title": record.title,
        "url": record.url,
        "summary": record.summary,
        "kind": record.kind,
        "sectors": list(record.sectors),
        "ics_areas": list(record.ics_areas),
        "published_at": record.published_at,
        "withdrawn_at": record.withdrawn_at,
    }
    if record.withdrawn_at:
        said |= {"withdrawn_by": merge.source, "withdrawn_reason": BY_ITS_SOURCE}
    return {name: value for name, value in said.items() if value}


def _become_one(connection: sa.Connection, old: int, kept: int, merge: Merge) -> None:
    """Have `kept` stand for `old` too: whoever was told of the one was told of both."""
    has = sa.select(variant_resource.c.variant_id).where(variant_resource.c.resource_id == kept)
    v = variant_resource.c
    connection.execute(
        sa.insert(variant_resource).from_select(
            ["variant_id", "resource_id", "place"],
            sa.select(v.variant_id, sa.literal(kept, v.resource_id.type), v.place).where(
                v.resource_id == old, v.variant_id.not_in(has)
            ),
        )
    )
    connection.execute(
        sa.update(resource_name).where(resource_name.c.resource_id == old).values(resource_id=kept)
    )
    connection.execute(
        sa.update(resource)
        .where(resource.c.id == old, resource.c.withdrawn_at.is_(None))
        .values(withdrawn_at=merge.now, withdrawn_by=merge.source, withdrawn_reason=SAME_PAGE)
    )
