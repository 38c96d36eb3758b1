"""Rows about people, laid out as a small SQLite database of their own: a sheet.

Whoever reads a list lays rows out so, in another process where there is one. The process that
writes takes them into the ledger with one statement for each table, and meets none of them in
Python. A sheet is bytes in memory and is never written to a file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import compress, pairwise
from operator import not_
from typing import Any, NamedTuple

import sqlalchemy as sa

from outreach.ledger.bulk import as_sqlite_has_it, together
from outreach.ledger.folding import folded
from outreach.ledger.making import Made
from outreach.ledger.people import contact
from outreach.records import FACT_FIELDS, PERSON_FIELDS, Facts, PersonRow

NAMES = (
    *("address_hash", "row_number", "email", *PERSON_FIELDS, *FACT_FIELDS),
    *("said", "shared_mailbox", "domain_hash", "given_at"),
)
"""What is laid out of each row: `PersonRow`, `Made`, and when its basis was given."""

_PAGE = 16_384
_FEW = 4
"""Of so many rows, one may be about somebody known: those are slower out of a sheet."""


Group = tuple[int, list[PersonRow], list[int]]
"""A number of a row laid out, the rows it was folded from, and the numbers of those that told."""


class Sheet(NamedTuple):
    """People laid out by address, one row for each, and further rows to merge one by one.

    `image`: the table `person` with `number` rows and the columns that are not in `same`: what
    all of them share. `groups`: those of them about whom the list has several rows. `others`,
    sorted, and what is `made` of them: rows about leavers, with consent to tracking, or with
    several bases. Holds what `marshal` can write.
    """

    image: bytes
    number: int
    same: Mapping[str, Any]
    groups: list[Group]
    others: list[PersonRow]
    made: list[Made]


def takes_sheets(connection: sa.Connection, rows: int) -> bool:
    """Whether sheets pay for a list of `rows` people: most of them can be none that are known.

    Only SQLite takes them, and only a driver that can lay out its databases as bytes.
    """
    if connection.dialect.name != "sqlite" or not hasattr(sqlite3.Connection, "deserialize"):
        return False
    few = sa.select(contact.c.id).limit(rows // _FEW + 1).subquery()
    return (connection.scalar(sa.select(sa.func.count()).select_from(few)) or 0) <= rows // _FEW


def lay_out(rows: list[PersonRow], making: Callable[[list[PersonRow]], list[Made]]) -> Sheet:
    """Return sorted rows about contacts as a sheet. `making` makes of rows what is kept of them."""
    rows, groups, others = _sorted_out(rows)
    columns = _columns(rows, making(rows)) if rows else {}
    # People are looked up by their hashes, and even one person needs a column.
    same = {n: some[0] for n, some in columns.items() if n != "address_hash" and _is_same(some)}
    own = {name: some for name, some in columns.items() if name not in same}
    made = making(others) if others else []
    return Sheet(_image(own, len(rows)) if rows else b"", len(rows), same, groups, others, made)


def _sorted_out(rows: list[PersonRow]) -> tuple[list[PersonRow], list[Group], list[PersonRow]]:
    """Return one row for each person, how those of several were made, and the other rows."""
    hashes = [row[0] for row in rows]
    facts = [row[4] for row in rows]
    apart = {one for one, next_one in pairwise(hashes) if one == next_one}
    special = {one for one in set(facts) if one[0] == "yes" or one[1]}
    if special:
        apart.update(compress(hashes, map(special.__contains__, facts)))
    if not apart:
        return rows, [], []
    is_apart = [one in apart for one in hashes]
    met: dict[bytes, list[PersonRow]] = {}
    for row in compress(rows, is_apart):
        met.setdefault(row[0], []).append(row)
    plain = list(compress(rows, map(not_, is_apart)))
    others: list[PersonRow] = []
    several: list[tuple[PersonRow, set[int]]] = []
    for some in met.values():
        one, told, further = folded(some)
        if further or not special.isdisjoint(row[4] for row in some):
            others += some
        else:
            several.append((one, told))
    plain += [one for one, _ in several]
    plain.sort()
    number = {row[0]: i for i, row in enumerate(plain, 1)} if several else {}
    groups = [(number[one[0]], met[one[0]], [*told]) for one, told in several]
    return plain, groups, others


def _columns(rows: Sequence[PersonRow], made: Sequence[Made]) -> dict[str, Sequence[Any]]:
    hashes, numbers, emails, values, facts, _ = zip(*rows, strict=True)
    given = {one: _given(one) for one in set(facts)}
    columns = (
        *(hashes, numbers, emails, *zip(*values, strict=True), *zip(*facts, strict=True)),
        *(*zip(*made, strict=True), [given[one] for one in facts]),
    )
    return dict(zip(NAMES, columns, strict=True))


def _given(facts: Facts) -> str | None:
    return as_sqlite_has_it(datetime.fromisoformat(facts[6])) if facts[6] else None


def _is_same(values: Sequence[Any]) -> bool:
    return bool(values[0] == values[-1] and values.count(values[0]) == len(values))


def _image(columns: Mapping[str, Sequence[Any]], number: int) -> bytes:
    made = sqlite3.connect(":memory:", isolation_level=None)
    try:
        made.execute(f"PRAGMA page_size={_PAGE}")
        made.execute("PRAGMA journal_mode=OFF")
        made.execute("BEGIN")
        made.execute(f"CREATE TABLE person ({', '.join(columns)})")
        for statement, groups in together("person", columns, number):
            made.executemany(statement, groups)
        made.execute("COMMIT")
        return made.serialize()
    finally:
        made.close()


@contextmanager
def laid_out(connection: sa.Connection, sheet: Sheet) -> Iterator[None]:
    """Let the transactions of a connection see a sheet, as the table `sheet.person`.

    Foreign keys are not looked up meanwhile: nothing but `merge_span` may write. The connection
    is in no transaction where this begins and ends.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("ATTACH DATABASE ':memory:' AS sheet")
    try:
        if sheet.number:
            driver.deserialize(sheet.image, name="sheet")
        driver.execute("PRAGMA foreign_keys=OFF")
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.execute("DETACH DATABASE sheet")
