"""A run that only sends colleagues a test: nothing is prepared, and clearing it sends nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from outreach.ledger import edition_store
from outreach.settings import ROOT
from outreach.workspace import Workspace
from tests.flows.approving import deployed, letters


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is sent is proven on both kinds of databases elsewhere."""
    return sqlite_url


@pytest.fixture(scope="module")
def campaigns() -> ModuleType:
    """The DAG file, loaded as Airflow does."""
    spec = importlib.util.spec_from_file_location("campaigns_dag", ROOT / "dags" / "campaigns.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_test_from_the_trigger_form_goes_once_and_prepares_nothing(
    campaigns: ModuleType, ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    there = deployed(ws, tmp_path / "campaigns")
    kept: dict[str, Any] = {"occurrence": "one"}
    run = SimpleNamespace(
        logical_date=None,
        run_type=SimpleNamespace(value="manual"),
        run_id="manual__2026-11-23",
        triggering_user_name="amy",
    )
    context = {
        "dag_run": run,
        "params": {"test_recipients": ["lee", "jo"]},
        "task_state_store": kept,
    }
    monkeypatch.setattr(campaigns, "get_current_context", lambda: context)
    monkeypatch.setattr(campaigns, "workspace_in_airflow", lambda: there)
    for _ in range(2):  # its first try, and once cleared
        with pytest.raises(AirflowSkipException, match="Test only, nothing was prepared"):
            campaigns.prepare.function("news", "", "")
    assert len([*letters(there)]) == 4
    with there.engine.connect() as connection:
        assert edition_store.edition_names(connection) == []
