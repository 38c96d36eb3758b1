"""The approver's question, as Airflow resumes it with an answer."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from outreach.flows.decisions import Answer, read_answer
from outreach.settings import ROOT


class TaskInstance:
    """Airflow's side of a running task: what it is told to keep."""

    map_index = -1

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.kept[key] = value


@pytest.fixture(scope="module")
def campaigns() -> ModuleType:
    """The DAG file, loaded as Airflow does."""
    spec = importlib.util.spec_from_file_location("campaigns_dag", ROOT / "dags" / "campaigns.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("option", ["Approve", "Reject"])
def test_who_answered_is_kept_whatever_they_said(campaigns: ModuleType, option: str) -> None:
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    ti, skipped = TaskInstance(), []
    dag = campaigns.campaign_what_is_wres
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": datetime(2026, 11, 23, 10, tzinfo=UTC),
        "responded_by_user": {"id": "lee", "name": "Lee"},
    }
    try:
        dag.get_task("approve").execute_complete({"ti": ti, "task": dag.get_task("approve")}, event)
    except DownstreamTasksSkipped as error:
        skipped = [*error.tasks]
    assert skipped == (["answered"] if option == "Reject" else [])
    assert read_answer(ti.kept["answer"]) == Answer(option == "Approve", "lee", "Lee")
