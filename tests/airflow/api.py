"""What a person can do to a run in Airflow, over its API."""

from __future__ import annotations

import time
from typing import Any

import httpx

from outreach.local.airflow_api import AirflowApi


class Patient(httpx.HTTPTransport):
    """Asks again where Airflow's SQLite was locked: what it answers with 500 was rolled back."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for left in reversed(range(5)):
            answer = super().handle_request(request)
            if answer.status_code != httpx.codes.INTERNAL_SERVER_ERROR or not left:
                return answer
            answer.close()
            time.sleep(1)
        raise AssertionError("unreachable")


class Airflow(AirflowApi):
    """Airflow's API with the buttons that put a promise to the test."""

    def __init__(self, url: str, user: str, password: str) -> None:
        super().__init__(url, user, password)
        self._client.close()
        self._client = httpx.Client(
            base_url=self._client.base_url,
            headers=self._client.headers,
            timeout=60,
            transport=Patient(),
        )

    def clear(self, dag: str, run: str, *tasks: str, follow: bool = True) -> None:
        """Clear tasks of a run, with what follows them; all tasks where none is named."""
        body: dict[str, Any] = {
            "dry_run": False,
            "only_failed": False,
            "dag_run_id": run,
            "include_downstream": follow and bool(tasks),
            "reset_dag_runs": True,
        }
        if tasks:
            body["task_ids"] = list(tasks)
        self._client.post(f"/dags/{dag}/clearTaskInstances", json=body).raise_for_status()

    def mark(self, dag: str, run: str, task: str, state: str, index: int = -1) -> None:
        """Mark one task, or one mapped instance of it, as success or failed."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}"
        path += f"/{index}" if index >= 0 else ""
        self._client.patch(path, json={"new_state": state}).raise_for_status()

    def switch(self, dag: str, *, on: bool) -> None:
        """Unpause a DAG, or pause it."""
        self._client.patch(f"/dags/{dag}", json={"is_paused": not on}).raise_for_status()

    def backfill(self, dag: str) -> httpx.Response:
        """Ask for a backfill of a month that is long over."""
        span = {"from_date": "2026-09-01T00:00:00Z", "to_date": "2026-09-30T00:00:00Z"}
        return self._client.post("/backfills", json={"dag_id": dag, **span})

    def instances(self, dag: str, run: str) -> list[dict[str, Any]]:
        """Return the task instances of a run, mapped ones each."""
        found = self._get(f"/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return [dict(one) for one in found]

    def log(self, dag: str, run: str, task: str, index: int = -1, attempt: int = 1) -> str:
        """Return the text of a task's log."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}"
        found = self._get(path, map_index=str(index), full_content="true")
        return str(found["content"])

    def try_answer(self, dag: str, run: str, option: str) -> int:
        """Answer the approver's question; return the status, as it may be refused."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"
        body = {"chosen_options": [option], "params_input": {}}
        return self._client.patch(path, json=body).status_code

    def tags(self, dag: str) -> list[str]:
        """Return a DAG's tags."""
        return [tag["name"] for tag in self._get(f"/dags/{dag}")["tags"]]

    def is_there(self, dag: str) -> bool:
        """Whether Airflow still finds the DAG in its files."""
        answer = self._client.get(f"/dags/{dag}")
        return answer.is_success and not answer.json()["is_stale"]
