"""Whatever is done in Airflow, or to it: no one twice, no one lost, every doubt listed.

One real Airflow for all: the scenarios run on it at the same time, each on its own campaign.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.airflow.deployment import Deployment, deployed
from tests.airflow.scenarios import FILES, SCENARIOS

pytestmark = [pytest.mark.slow, pytest.mark.airflow, pytest.mark.xdist_group("airflow")]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    home: Path = tmp_path_factory.mktemp("promise")
    with deployed(home, FILES) as deployment:
        wanted = [f"campaign_{slug.replace('-', '_')}" for slug in FILES]
        deployment.until(lambda: all(map(deployment.amy.is_there, wanted)), "the DAGs")
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
    played[slug].result()
