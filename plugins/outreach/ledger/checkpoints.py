"""SQLite's write-ahead log, copied into the ledger's file beside whoever writes much.

What is committed is safe in the log. Copying it on takes as long again, most of it waiting for
the disk, and else falls to whoever commits. Nobody waits for it: readers and writers go on.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

_EVERY = 0.2
"""Seconds between two copies."""


@contextmanager
def log_copied(engine: sa.Engine) -> Iterator[None]:
    """Copy the log meanwhile, a few times a second. Does nothing but on SQLite.

    The log begins anew only where a writer finds all of it copied, so whoever commits still has
    the last bit to copy once in a while (`wal_autocheckpoint`), and all of it if this fails.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    over = threading.Event()
    copying = threading.Thread(target=_copy, args=(engine, over), daemon=True)
    copying.start()
    try:
        yield
    finally:
        over.set()
        copying.join()


def _copy(engine: sa.Engine, over: threading.Event) -> None:
    with suppress(sqlite3.Error, sa.exc.SQLAlchemyError):
        connection = engine.raw_connection()  # outside a transaction
        try:
            cursor = connection.cursor()
            while not over.wait(_EVERY):
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()
