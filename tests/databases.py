"""Databases on the tests' own PostgreSQL server: copied from a migrated one, and used again.

A copy costs the server a tenth of a second; to empty one that a test has used, some milliseconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import psycopg
import sqlalchemy as sa

Run = Callable[[str], None]

_STRUCTURE = """
SELECT md5(string_agg(concat(oid, relname, xmin, relacl), ',' ORDER BY oid))
FROM pg_class WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
"""
"""Changes with any table, column, index, sequence or grant."""

_TABLES = """
SELECT format('DELETE FROM %I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""
_COUNT_ANEW = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""
_ALONE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def named(server: str, database: str) -> str:
    """Return the URL of a database on the server."""
    return sa.make_url(server).set(database=database).render_as_string(hide_password=False)


class Postgres:
    """Migrated, empty databases of one server, lent one at a time to each test."""

    def __init__(self, server: str, run: Run, template: str) -> None:
        self._server, self._run, self._template = server, run, template
        self._clean: list[str] = []
        self._structures: dict[str, tuple[str, str]] = {}
        self._emptying = ""

    def lend(self) -> str:
        """Return the name of a database that is as the migrations leave it."""
        return self._clean.pop() if self._clean else self._copied()

    def take_back(self, name: str) -> None:
        """Empty a database for the next test, or drop it where more than its rows changed."""
        with self._connected(name) as connection:
            connection.execute(_ALONE)
            same = self._structure(connection) == self._structures[name]
            if same:
                self._empty(connection)
        if same:
            self._clean.append(name)
        else:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Drop every database that nobody has borrowed."""
        while self._clean:
            self._run(f"DROP DATABASE {self._clean.pop()} WITH (FORCE)")

    def _copied(self) -> str:
        name = f"t{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY FILE_COPY")
        with self._connected(name) as connection:
            self._structures[name] = self._structure(connection)
            if not self._emptying:
                deletes = [row[0] for row in connection.execute(_TABLES)]
                for one in deletes:
                    table = one.removeprefix("DELETE FROM ")
                    found = connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
                    assert found is None, f"the migrations leave rows in {table}"
                self._emptying = "; ".join(
                    ["BEGIN", "SET LOCAL session_replication_role = replica", *deletes]
                )
        return name

    def _empty(self, connection: psycopg.Connection) -> None:
        connection.execute(f"{self._emptying}; COMMIT")
        connection.execute(_COUNT_ANEW)

    def _structure(self, connection: psycopg.Connection) -> tuple[str, str]:
        version = connection.execute("SELECT string_agg(version_num, ',') FROM alembic_version")
        return connection.execute(_STRUCTURE).fetchone()[0], version.fetchone()[0]

    def _connected(self, name: str) -> psycopg.Connection:
        url = sa.make_url(named(self._server, name)).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
