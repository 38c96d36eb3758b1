"""Empty ledgers by the dozen: made once by the migrations, then copied."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from outreach.ledger.engine import open_engine
from outreach.ledger.migrate import run_migrations
from tests import databases

KEYS = {
    "OUTREACH_ADDRESS_KEY": "an address key for tests",
    "OUTREACH_TOKEN_KEYS": "k1:a token key for tests",
}


class Sqlite:
    """Files in a folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        _migrate(f"sqlite:///{self._template}")

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of an empty ledger."""
        file = self._folder / f"{uuid.uuid4().hex}.db"
        shutil.copy(self._template, file)
        yield f"sqlite:///{file}"
        self._remove(file)

    @contextmanager
    def backup(self, url: str) -> Iterator[str]:
        """A backup of a ledger that may be in use, as `sqlite3 FILE ".backup COPY"` makes one."""
        copy = self._folder / f"{uuid.uuid4().hex}.backup"
        with closing(_opened(url)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        yield str(copy)
        copy.unlink()

    def restore(self, url: str, backup: str) -> None:
        """Put a backup in the ledger's place; nobody may have it open."""
        file = Path(str(sa.make_url(url).database))
        self._remove(file)
        shutil.copy(backup, file)

    def _remove(self, file: Path) -> None:
        for rest in self._folder.glob(f"{file.name}*"):
            rest.unlink()


class Postgres:
    """Databases of one real server."""

    name = "postgresql"

    def __init__(self, server: str) -> None:
        self._server = sa.make_url(server)
        self.admin = open_engine(server).execution_options(isolation_level="AUTOCOMMIT")
        self._template = f"f{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {self._template}")
        _migrate(self._url(self._template))
        self._lent = databases.Postgres(server, self.run, self._template)

    def run(self, *statements: str) -> None:
        """Execute statements as the server's administrator."""
        with self.admin.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of an empty ledger."""
        name = self._lent.lend()
        yield self._url(name)
        self._lent.take_back(name)

    @contextmanager
    def backup(self, url: str) -> Iterator[str]:
        """A copy of a ledger that nobody uses; the drill has pg_dump instead, which is slower."""
        name = f"b{uuid.uuid4().hex}"
        self._copy(str(sa.make_url(url).database), name)
        yield name
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def restore(self, url: str, backup: str) -> None:
        """Put a backup in the ledger's place."""
        name = str(sa.make_url(url).database)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")
        self._copy(backup, name)

    def _copy(self, source: str, target: str) -> None:
        self.run(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE datname = '{source}'",
            f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY FILE_COPY",
        )

    def close(self) -> None:
        """Remove the databases that were lent, and the template."""
        self._lent.close()
        self.run(f"DROP DATABASE {self._template} WITH (FORCE)")
        self.admin.dispose()

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)


Databases = Sqlite | Postgres


def _opened(url: str) -> sqlite3.Connection:
    return sqlite3.connect(str(sa.make_url(url).database))


def _migrate(url: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        run_migrations(connection)
    engine.dispose()
    if url.startswith("sqlite"):
        with sa.create_engine(url).connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
