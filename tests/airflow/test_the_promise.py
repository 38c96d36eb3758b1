"""Whatever is done in Airflow, or to it: no one twice, no one lost, every doubt listed.

One real Airflow for all: the scenarios run on it at the same time, each on its own campaign.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.ledger.engine import open_engine
from tests.airflow import outages
from tests.airflow.deployment import Deployment, deployed
from tests.airflow.scenarios import FILES, SCENARIOS

pytestmark = [pytest.mark.slow, pytest.mark.airflow]

CAMPAIGNS = {**FILES, **outages.FILES}


def airflow_database(server: str) -> str:
    """Make an empty database for Airflow itself; return its URL."""
    admin = open_engine(server).execution_options(isolation_level="AUTOCOMMIT")
    name = f"airflow{uuid.uuid4().hex}"
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = sa.make_url(server).set(drivername="postgresql+psycopg2", database=name)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Iterator[Deployment]:
    home: Path = tmp_path_factory.mktemp("promise")
    with deployed(home, CAMPAIGNS, airflow_database(postgres_server)) as deployment:
        wanted = [f"campaign_{slug.replace('-', '_')}" for slug in CAMPAIGNS]
        deployment.until(lambda: all(map(deployment.amy.is_there, wanted)), "the DAGs")
        for dag in wanted:
            deployment.amy.switch(dag, on=True)
        yield deployment


@pytest.fixture(scope="module")
def played(at: Deployment, request: pytest.FixtureRequest) -> dict[str, Future[None]]:
    """Every scenario that is asked for, under way."""
    chosen = {item.callspec.params["slug"] for item in request.session.items if _plays(item)}
    threads = ThreadPoolExecutor(len(SCENARIOS))
    return {slug: threads.submit(SCENARIOS[slug], at, slug) for slug in SCENARIOS if slug in chosen}


def _plays(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "played" in item.fixturenames


@pytest.mark.parametrize("slug", SCENARIOS)
def test_the_promise_holds_when(played: dict[str, Future[None]], slug: str) -> None:
    assert played[slug].result() is None


@pytest.mark.thorough
def test_the_promise_holds_when_supervisors_the_triggerer_and_the_dag_processor_are_killed(
    at: Deployment,
) -> None:
    assert outages.supervisors_triggerer_and_dag_processor(at)


@pytest.mark.thorough
def test_the_promise_holds_when_the_scheduler_is_killed_alone_and_with_all_under_it(
    at: Deployment,
) -> None:
    assert outages.scheduler_alone_and_with_all_under_it(at)
