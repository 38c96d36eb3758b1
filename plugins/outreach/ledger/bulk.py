"""Many rows at once, as each driver takes them fastest: columns in, rows found by their keys.

SQLite gets tuples; PostgreSQL gets COPY, and keys as one array.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

import sqlalchemy as sa

_SQLITE_KEYS = 10_000
_TOGETHER = 50
_ESCAPED = re.compile(r"[\\\t\n\r]")
_TAB = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def insert_columns(
    connection: sa.Connection, table: sa.Table, columns: Mapping[str, Iterable[Any]], number: int
) -> None:
    """Insert `number` rows given by column. Times come as `stored` returns them.

    A column may go on without end.
    """
    if not number:
        return
    if connection.dialect.name == "postgresql":
        _copy_together(connection, table, columns, number)
    else:
        for statement, groups in together(table.name, columns, number):
            connection.exec_driver_sql(statement, groups)


def _copy_together(
    connection: sa.Connection, table: sa.Table, columns: Mapping[str, Iterable[Any]], number: int
) -> None:
    """Insert many rows by COPY. A column that says the same in every row is written once."""
    same: dict[str, str] = {}
    own: dict[str, Sequence[str]] = {}
    for name, some in columns.items():
        values = list(islice(some, number))
        if values.count(values[0]) == number:
            same[name] = next(iter(_copied(table.c[name].type, values[:1])))
        else:
            own[name] = _copied(table.c[name].type, values)
    end = "\t".join(["", *same.values()] if own else same.values()) + "\n"
    rows = map("\t".join, zip(*own.values(), strict=True)) if own else [""] * number
    names = ", ".join((*own, *same))
    _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", end.join(rows) + end)


def together(
    table: str, columns: Mapping[str, Iterable[Any]], number: int
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Yield statements that insert `number` rows given by column, each with its values.

    Each inserts many rows: SQLite spends half of its time between statements. A column that says
    the same in every row is bound once for all of them, and so is the first of one that counts.
    """
    counting: dict[str, range] = {}
    same: dict[str, Any] = {}
    own: dict[str, Sequence[Any]] = {}
    for name, some in columns.items():
        values: Sequence[Any] = some if isinstance(some, Sequence) else list(islice(some, number))
        if isinstance(values, range) and values.step == 1:
            counting[name] = values
        elif values[0] == values[-1] and values.count(values[0]) == number:
            same[name] = values[0]
        else:
            own[name] = _quickly_bound(values)
    flat: list[Any] = [None] * (number * len(own))
    for place, values in enumerate(own.values()):
        flat[place :: len(own)] = values
    cells = tuple(flat)
    names = ", ".join((*counting, *same, *own))
    bound = tuple(same.values())
    whole = number - number % _TOGETHER
    for size, start, end in ((_TOGETHER, 0, whole), (1, whole, number)):
        groups = [cells[i * len(own) : (i + size) * len(own)] for i in range(start, end, size)]
        if bound or counting:
            groups = [
                (*(some[i] for some in counting.values()), *bound, *group)
                for i, group in zip(range(start, end, size), groups, strict=True)
            ]
        if groups:
            marks = _marks(len(counting), len(same), len(own), size)
            yield f"INSERT INTO {table} ({names}) VALUES {marks}", groups  # noqa: S608


def _quickly_bound(values: Sequence[Any]) -> Sequence[Any]:
    """Return values as Python's driver binds them at once: for bytes it looks for an adapter."""
    return list(map(bytearray, values)) if type(values[0]) is bytes else values


@lru_cache(maxsize=200)
def _marks(counting: int, same: int, own: int, rows: int) -> str:
    """Return the values of `rows` rows: what is bound once for all of them comes first.

    Only those have numbers: SQLite looks each number up among all it has met.
    """
    once = counting + same
    lines = []
    for row in range(rows):
        counted = [f"?{i + 1} + {row}" for i in range(counting)]
        shared = [f"?{i + 1}" for i in range(counting, once)]
        lines.append(f"({', '.join(counted + shared + ['?'] * own)})")
    return ", ".join(lines)


def update_rows(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Set the columns `names` of rows, each given as (their values..., id)."""
    if not rows:
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    put = ", ".join(f"{name} = {mark}" for name in names)
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {put} WHERE id = {mark}",  # noqa: S608 - our own names
        rows,
    )


def select_among(
    connection: sa.Connection,
    statement: str,
    keys: Sequence[bytes] | Sequence[int] | Sequence[str],
    *more: str | int,
    then: str = "",
) -> list[sa.Row[Any]]:
    """Return the rows of a query that ends in the column to find `keys` in.

    `more` are values for its marks, each written `:?`, which stand before the keys. `then` is
    what the query says after them, such as their order.
    """
    if not keys:
        return []
    if connection.dialect.name == "postgresql":
        kind, array = _array(keys)
        text = f"{statement} = ANY(CAST(%s AS {kind}[])) {then}".replace(":?", "%s")
        return list(connection.exec_driver_sql(text, (*more, array)).all())
    found: list[sa.Row[Any]] = []
    for start in range(0, len(keys), _SQLITE_KEYS):
        some = keys[start : start + _SQLITE_KEYS]
        text = f"{statement} IN ({', '.join('?' * len(some))}) {then}".replace(":?", "?")
        found += connection.exec_driver_sql(text, (*more, *some)).all()
    return found


def select_between(
    connection: sa.Connection, statement: str, keys: Sequence[bytes], *more: str
) -> list[sa.Row[Any]] | None:
    """Like `select_among`, of keys that are sorted and of which most lie close together.

    Returns rows of other keys between them too, and None where there would be many of those.
    """
    table, column = statement.rsplit(" FROM ", 1)[1].split()[0], statement.rsplit(maxsplit=1)[1]
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    ends = (keys[0], keys[-1])
    limit = 2 * len(keys)
    count = (
        f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {column} BETWEEN {mark} AND {mark} "  # noqa: S608
        f"LIMIT {limit}) AS few"
    )
    if (connection.exec_driver_sql(count, ends).scalar() or 0) >= limit:
        return None
    text = f"{statement} BETWEEN {mark} AND {mark}".replace(":?", mark)
    return list(connection.exec_driver_sql(text, (*more, *ends)).all())


def next_ids(connection: sa.Connection, table: sa.Table, number: int) -> Sequence[int]:
    """Return ids for rows about to be inserted; the caller's transaction holds the writer."""
    if not number:
        return ()
    if connection.dialect.name == "postgresql":
        # In a subquery the sequence is looked for once, not for each number.
        drawn = (
            f"SELECT nextval((SELECT pg_get_serial_sequence('{table.name}', 'id'))::regclass) "  # noqa: S608
            "AS n FROM generate_series(1, %s)"
        )
        first, end = connection.exec_driver_sql(
            f"SELECT min(n), max(n) + 1 FROM ({drawn}) AS drawn",  # noqa: S608
            (number,),
        ).one()
        if end - first == number:
            return range(first, end)
        # Someone else drew numbers meanwhile; those drawn here are left out.
        return list(connection.exec_driver_sql(drawn, (number,)).scalars())
    last = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    return range(last + 1, last + 1 + number)


def stored(connection: sa.Connection, moment: datetime | None) -> str | None:
    """Return an instant as the database's own column holds it."""
    if moment is None:
        return None
    if connection.dialect.name == "postgresql":
        return moment.astimezone(UTC).isoformat()
    return as_sqlite_has_it(moment)


def as_sqlite_has_it(moment: datetime) -> str:
    """Return an instant as a column of SQLite holds it."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds")[:26]


@lru_cache(maxsize=1_000)
def moment_of(value: datetime | str | None) -> datetime | None:
    """Return the instant that a row of `select_among` holds."""
    if value is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _array(keys: Sequence[bytes] | Sequence[int] | Sequence[str]) -> tuple[str, object]:
    if isinstance(keys[0], str):
        return "text", list(keys)
    if isinstance(keys[0], bytes):
        hexed = '","'.join("\\\\x" + key.hex() for key in keys)  # type: ignore[union-attr]
        return "bytea", f'{{"{hexed}"}}'
    return "bigint", f"{{{','.join(map(str, keys))}}}"


def _copied(kind: sa.types.TypeEngine[Any], values: Sequence[Any]) -> Sequence[str]:
    """Return a column as COPY reads it."""
    if isinstance(kind, sa.LargeBinary):
        return [f"\\\\x{value.hex()}" for value in values]
    if isinstance(kind, sa.Text):
        # Looked through as one: hardly any text has something to escape.
        return [v.translate(_TAB) for v in values] if _ESCAPED.search("".join(values)) else values
    return ["\\N" if value is None else str(value) for value in values]


def _copy(connection: sa.Connection, statement: str, lines: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(lines)
    except connection.dialect.loaded_dbapi.Error as error:
        # What the driver says in full quotes the row, and with it a person.
        quiet = type(error)(error.diag.message_primary or "the connection was lost")
        raise sa.exc.DBAPIError.instance(
            statement,
            None,
            quiet,
            connection.dialect.loaded_dbapi.Error,
            hide_parameters=True,
            dialect=connection.dialect,
        ) from None
