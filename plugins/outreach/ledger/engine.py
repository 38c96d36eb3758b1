"""Opening the ledger: SQLite (WAL) by default, PostgreSQL in production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url

from outreach.errors import ConfigError
from outreach.ledger.checkpoints import log_copied

DatabaseTrouble = (sa.exc.OperationalError, sa.exc.InternalError)
"""The database is locked, full, read-only or gone: nothing about what was asked of it.

PostgreSQL's driver counts a database that has become read-only among the second kind.
"""

DatabaseError = sa.exc.DatabaseError
"""Anything that a database says against what was asked of it: also that it is none."""

_IN_MEMORY = "outreach_temp_store_in_memory"

_KILOBYTES_HELD = (-24_000, -2_000)
"""How much of the ledger a connection holds, negative as SQLite has it, while much is written
and else: an index that is written all over is else read from the file page by page."""

_PAGES_AHEAD = (12_000, 1_000)
"""Pages that the write-ahead log may be ahead of the ledger's file, while much is written and
else. Most of them are in the file by then: see `log_copied`."""


def open_engine(url: str) -> sa.Engine:
    """Return an engine for `url`, set up for one careful writer.

    SQLite: WAL, synchronous=FULL, `BEGIN IMMEDIATE` and a 30 s wait for the writer.
    PostgreSQL: psycopg 3. Parameters and rows stay out of error texts: they hold personal data.
    Raises ConfigError for any other database.
    """
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(
            "OUTREACH_DATABASE_URL is not the address of a database, such as "
            "postgresql://user:password@host/outreach"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(parsed, connect_args={"timeout": 30}, hide_parameters=True)
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        event.listen(engine, "checkin", _sqlite_checkin)
        return engine
    if parsed.get_backend_name() == "postgresql":
        live = parsed.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(live, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "handle_error", _without_rows)
        return engine
    raise ConfigError(
        f"OUTREACH_DATABASE_URL names {parsed.get_backend_name()}; use sqlite or postgresql"
    )


def _without_rows(context: sa.engine.ExceptionContext) -> None:
    """Leave of an error what went wrong: PostgreSQL's details quote the row, and so a person."""
    driver, ours = context.original_exception, context.sqlalchemy_exception
    said = getattr(getattr(driver, "diag", None), "message_primary", None)
    if said and ours is not None:
        ours.args = (f"({type(driver).__name__}) {said}", *ours.args[1:])
        driver.args = (said,)


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for reading only: on SQLite it never waits for a writer."""
    with engine.connect().execution_options(outreach_reading=True) as connection:
        yield connection


def drop_old_pages(engine: sa.Engine) -> None:
    """Empty SQLite's write-ahead log, which holds pages as they were before an erasure.

    PostgreSQL clears its old rows away by itself (autovacuum).
    """
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()  # outside a transaction
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


@contextmanager
def writing_much(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for many transactions of thousands of rows each. Sort nothing large in them.

    SQLite keeps the pages that a statement of many rows changes until it has succeeded, by
    default in a file: here in memory. It also holds more of the ledger's pages than for others,
    from one transaction to the next.
    """
    much = engine.connect().execution_options(outreach_writing_much=True)
    with much as connection, log_copied(engine):
        yield connection


def answers(engine: sa.Engine) -> bool:
    """Whether the database can be reached and answers."""
    try:
        with reading(engine) as connection:
            return connection.execute(sa.text("SELECT 1")).scalar() == 1
    except sa.exc.SQLAlchemyError:
        return False


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # What was erased is written over with zeros, not only given free.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    reading_only = connection.get_execution_options().get("outreach_reading")
    much = connection.get_execution_options().get("outreach_writing_much")
    if much and not connection.info.get(_IN_MEMORY):
        connection.info[_IN_MEMORY] = True
        connection.exec_driver_sql("PRAGMA temp_store=MEMORY")
        connection.exec_driver_sql(f"PRAGMA cache_size={_KILOBYTES_HELD[0]}")
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={_PAGES_AHEAD[0]}")
    connection.exec_driver_sql("BEGIN" if reading_only else "BEGIN IMMEDIATE")


def _sqlite_checkin(connection: Any, record: Any) -> None:
    if connection is not None and record.info.pop(_IN_MEMORY, False):
        connection.execute("PRAGMA temp_store=DEFAULT")
        connection.execute(f"PRAGMA cache_size={_KILOBYTES_HELD[1]}")
        connection.execute(f"PRAGMA wal_autocheckpoint={_PAGES_AHEAD[1]}")
        connection.execute("PRAGMA foreign_keys=ON")
