"""Merge a sheet of rows about contacts: whom nobody knows by the table, others row by row.

It comes to what `merge_people` comes to with the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from outreach.ledger.bulk import next_ids, stored
from outreach.ledger.imports import Tally
from outreach.ledger.making import Made
from outreach.ledger.people import contact
from outreach.ledger.people_merge import Merge, merge_people
from outreach.ledger.sheets import NAMES, Group, Sheet
from outreach.records import PERSON_FIELDS, PersonRow

_VALUES, _FACTS, _MADE = map(NAMES.index, ("first_name", "tracking_consent", "said"))


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a sheet that is laid out: its people `first` to `last`, and some of its others."""

    first: int
    last: int
    same: Mapping[str, Any]
    groups: dict[bytes, Group]
    others: list[PersonRow]
    made: list[Made]

    @property
    def rows(self) -> int:
        """How many rows of the list these are."""
        folded = sum(len(rows) - 1 for _, rows, _ in self.groups.values())
        return self.last - self.first + 1 + folded + len(self.others)


def pieces(sheet: Sheet, size: Callable[[], int]) -> Iterator[Piece]:
    """Yield a sheet in pieces of about `size()` rows; others about one person stay together."""
    others, made, first, start = sheet.others, sheet.made, 1, 0
    while first <= sheet.number or start < len(others):
        rows = size()
        last = min(first + rows - 1, sheet.number)
        end = start
        if last == sheet.number:
            # Others come after the rest, which else would have to be looked up among them. They
            # take more time.
            end = min(start + max(rows // 4, 1), len(others))
        while 0 < end < len(others) and others[end][0] == others[end - 1][0]:
            end += 1
        groups = {one[1][0][0]: one for one in sheet.groups if first <= one[0] <= last}
        yield Piece(first, last, sheet.same, groups, others[start:end], made[start:end])
        first, start = last + 1, end


def merge_piece(connection: sa.Connection, piece: Piece, merge: Merge) -> Tally:
    """Write what a piece says. The caller's transaction holds `lock_people`."""
    new = piece.last - piece.first + 1
    known = _take_known(connection, piece) if new else []
    groups = dict(piece.groups)
    others = [*zip(piece.others, piece.made, strict=True)]
    for row, made in known:
        _, rows, _ = groups.pop(row[0], (0, [row], []))
        others += zip(rows, merge.made(rows) if len(rows) > 1 else [made], strict=True)
    others.sort(key=lambda pair: pair[0][:2])
    tally = merge_people(connection, [row for row, _ in others], merge, [one for _, one in others])
    new -= len(known)
    if new:
        _write(connection, piece, merge)
    further = sum(len(rows) - 1 for _, rows, _ in groups.values())
    told = sum(len(told) for _, _, told in groups.values())
    return replace(
        tally,
        created=tally.created + new,
        changed=tally.changed + told,
        unchanged=tally.unchanged + further - told,
    )


def _take_known(connection: sa.Connection, piece: Piece) -> list[tuple[PersonRow, Made]]:
    """Take people who are known, or erased, from the table, and return what was laid out of them."""
    span = {"first": piece.first, "last": piece.last}
    if not connection.exec_driver_sql(_NEARBY, span).scalar():
        return []  # as in any first import of a list
    names = [name for name in NAMES if name not in piece.same]
    chosen = ", ".join(f"r.{name}" for name in ("rowid", *names))
    found = connection.exec_driver_sql(f"SELECT {chosen} {_KNOWN}", span).all()  # noqa: S608
    if found:
        gone = [(row[0],) for row in found]
        connection.exec_driver_sql("DELETE FROM sheet.person WHERE rowid = ?", gone)
    return [_row({**piece.same, **dict(zip(names, row[1:], strict=True))}) for row in found]


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


def _row(said: Mapping[str, Any]) -> tuple[PersonRow, Made]:
    """Return a row, and what was made of it, as they were before they were laid out."""
    cells = [said[name] for name in NAMES]
    values, facts = tuple(cells[_VALUES:_FACTS]), tuple(cells[_FACTS:_MADE])
    row: Any = (*cells[:_VALUES], values, facts, None)
    text, shared, domain_hash = cells[_MADE : _MADE + 3]
    return row, (text, bool(shared), domain_hash)


def _write(connection: sa.Connection, piece: Piece, merge: Merge) -> None:
    """Insert everybody who is left in the table."""
    told = {
        **piece.same,
        "before": next_ids(connection, contact, 1)[0] - piece.first,
        "source": merge.source,
        "first": piece.first,
        "last": piece.last,
        "import_id": merge.import_id,
        "now": stored(connection, merge.now),
    }
    for statement in _statements(frozenset(piece.same), bool(piece.same.get("basis", True))):
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
