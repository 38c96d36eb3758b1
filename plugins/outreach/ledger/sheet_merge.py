"""Take people whom nobody knows into the ledger from a sheet, by the table.

What is written is what `merge_people` writes for the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from outreach.ledger.bulk import next_ids, stored
from outreach.ledger.imports import Tally
from outreach.ledger.making import Made
from outreach.ledger.people import contact
from outreach.ledger.people_merge import Merge
from outreach.ledger.sheets import NAMES, Sheet
from outreach.records import PERSON_FIELDS, PersonRow

_VALUES, _FACTS, _MADE = map(NAMES.index, ("first_name", "tracking_consent", "said"))


Pair = tuple[PersonRow, Made]


def merge_span(
    connection: sa.Connection, sheet: Sheet, span: range, merge: Merge
) -> tuple[Tally, list[Pair]]:
    """Insert people `span` of a sheet that is `laid_out`, numbered from 1, if nobody knows them.

    Returns the rows about the others too: known, or erased, they are for `merge_people`. The
    caller's transaction holds `lock_people`.
    """
    known = _take_known(connection, sheet, span)
    groups = {one[1][0][0]: one for one in sheet.groups if one[0] in span}
    others: list[Pair] = []
    for row, made in known:
        _, rows, _ = groups.pop(row[0], (0, [row], []))
        others += zip(rows, merge.made(rows) if len(rows) > 1 else [made], strict=True)
    new = len(span) - len(known)
    if new:
        _write(connection, sheet, span, merge)
    further = sum(len(rows) - 1 for _, rows, _ in groups.values())
    told = sum(len(told) for _, _, told in groups.values())
    return Tally(new, told, further - told), others


def _take_known(connection: sa.Connection, sheet: Sheet, span: range) -> list[Pair]:
    """Take people who are known, or erased, from the table; return what was laid out of them."""
    ends = {"first": span[0], "last": span[-1]}
    if not connection.exec_driver_sql(_NEARBY, ends).scalar():
        return []  # as in any first import of a list
    names = [name for name in NAMES if name not in sheet.same]
    chosen = ", ".join(f"r.{name}" for name in ("rowid", *names))
    found = connection.exec_driver_sql(f"SELECT {chosen} {_KNOWN}", ends).all()
    if found:
        gone = [(row[0],) for row in found]
        connection.exec_driver_sql("DELETE FROM sheet.person WHERE rowid = ?", gone)
    return [_row({**sheet.same, **dict(zip(names, row[1:], strict=True))}) for row in found]


_SPAN = """
    BETWEEN (SELECT address_hash FROM sheet.person WHERE rowid = :first)
    AND (SELECT address_hash FROM sheet.person WHERE rowid = :last)
"""
_NEARBY = (
    f"SELECT EXISTS (SELECT 1 FROM contact WHERE address_hash {_SPAN}) "  # noqa: S608
    f"OR EXISTS (SELECT 1 FROM suppression WHERE address_hash {_SPAN})"
)
_KNOWN = """
    FROM sheet.person AS r WHERE r.rowid BETWEEN :first AND :last AND (
        EXISTS (SELECT 1 FROM contact AS k WHERE k.address_hash = r.address_hash)
        OR EXISTS (SELECT 1 FROM suppression AS k WHERE k.address_hash = r.address_hash)
    )
"""


def _row(said: Mapping[str, Any]) -> Pair:
    """Return a row, and what was made of it, as they were before they were laid out."""
    cells = [said[name] for name in NAMES]
    values, facts = tuple(cells[_VALUES:_FACTS]), tuple(cells[_FACTS:_MADE])
    row: Any = (*cells[:_VALUES], values, facts, None)
    text, shared, domain_hash = cells[_MADE : _MADE + 3]
    return row, (text, bool(shared), domain_hash)


def _write(connection: sa.Connection, sheet: Sheet, span: range, merge: Merge) -> None:
    """Insert everybody of a span who is left in the table.

    Foreign keys need no look-up: whom a statement or basis is about was inserted from the same
    row of the same table just before, and an organisation's number comes from its own row.
    """
    told = {
        **sheet.same,
        "before": next_ids(connection, contact, 1)[0] - span[0],
        "source": merge.source,
        "first": span[0],
        "last": span[-1],
        "import_id": merge.import_id,
        "now": stored(connection, merge.now),
    }
    for statement in _statements(frozenset(sheet.same), bool(sheet.same.get("basis", True))):
        connection.exec_driver_sql(statement, told)


@lru_cache(maxsize=50)
def _statements(same: frozenset[str], with_basis: bool) -> list[str]:
    """Return what inserts into each table, where the sheet has no columns for those in `same`."""
    cell = {name: f":{name}" if name in same else f"r.{name}" for name in NAMES}
    number = ":before + r.rowid"
    as_is = ("email", "address_hash", "domain_hash", *PERSON_FIELDS, "shared_mailbox")
    contacts = {
        "id": number,
        **{name: cell[name] for name in as_is},
        "organisation_id": "o.id",
        "organisation_how": "CASE WHEN o.id IS NULL THEN '' ELSE 'code' END",
        "source": ":source",
        "tracking_consent": "0",
        "created_at": ":now",
        "updated_at": ":now",
    }
    code = cell["ods_code"]
    coded = f"LEFT JOIN organisation AS o ON {code} <> '' AND o.ods_code = {code}"
    said = {
        "contact_id": number,
        "source": ":source",
        "import_id": ":import_id",
        "stated_at": ":now",
        "said": cell["said"],
    }
    bases = {
        "contact_id": number,
        "kind": cell["basis"],
        "purpose": cell["basis_purpose"],
        **{name: cell[name] for name in ("evidence", "wording_version", "given_at")},
        "source": ":source",
        "recorded_at": ":now",
    }
    found = [_copying("contact", contacts, coded), _copying("statement", said)]
    if with_basis:
        found.append(_copying("basis", bases, f"WHERE {cell['basis']} <> ''"))
    return found


def _copying(table: str, columns: Mapping[str, str], more: str = "") -> str:
    """Return what copies `columns` (name -> from where) of a span of the sheet."""
    span = "r.rowid BETWEEN :first AND :last"
    where = f"{more} AND {span}" if more.startswith("WHERE") else f"{more} WHERE {span}"
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 - our own names
        f"SELECT {', '.join(columns.values())} FROM sheet.person AS r {where}"
    )
