"""One server, one host of senders and two kinds of database for all trials of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.running import FakeSendGrid, running
from tests.faults.databases import Databases, Postgres, Sqlite
from tests.faults.senders import Host, hosting


@pytest.fixture(scope="session")
def taking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeSendGrid]:
    with running(tmp_path_factory.mktemp("server") / "accepted.jsonl") as server:
        yield server


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with hosting() as one:
        yield one


@pytest.fixture(scope="session")
def postgres(postgres_server: str) -> Iterator[Databases]:
    databases = Postgres(postgres_server)
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Both kinds, one after the other."""
    name = "sqlite" if request.param == "sqlite" else "postgres"
    found: Databases = request.getfixturevalue(name)
    return found
