"""The little of Airflow's REST API that a local run needs, as one of its users."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx


class AirflowApi:
    """Airflow's public API, logged in as `user`; raises httpx.HTTPStatusError when refused."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.user = user
        answer = httpx.post(
            f"{url}/auth/token", json={"username": user, "password": password}, timeout=30
        )
        token = answer.raise_for_status().json()["access_token"]
        self._client = httpx.Client(
            base_url=f"{url}/api/v2", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )

    def set_pool(self, name: str, slots: int) -> None:
        """Make the pool `name` unless it is there."""
        if self._client.get(f"/pools/{name}").status_code == httpx.codes.NOT_FOUND:
            pool = {"name": name, "slots": slots, "description": "Tasks that hand emails over"}
            self._client.post("/pools", json=pool).raise_for_status()

    def has_dag(self, dag: str) -> bool:
        """Whether Airflow has read the DAG."""
        return self._client.get(f"/dags/{dag}").is_success

    def import_errors(self) -> list[str]:
        """What Airflow could not read, a file each."""
        found = self._get("/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip()[-400:]}" for error in found]

    def unpause(self, dag: str) -> None:
        """Switch the DAG on."""
        self._client.patch(f"/dags/{dag}", json={"is_paused": False}).raise_for_status()

    def trigger(self, dag: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run as a person would with the trigger form; return its id."""
        body = {"logical_date": datetime.now(UTC).isoformat(), "conf": conf or {}}
        answer = self._client.post(f"/dags/{dag}/dagRuns", json=body).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def run_state(self, dag: str, run: str) -> str:
        """Return the state of a run, such as running or success."""
        return str(self._get(f"/dags/{dag}/dagRuns/{run}")["state"])

    def runs(self, dag: str) -> list[str]:
        """Return the ids of the DAG's newest runs."""
        found = self._get(f"/dags/{dag}/dagRuns", order_by="-run_after", limit="20")
        return [str(run["dag_run_id"]) for run in found["dag_runs"]]

    def returned(self, dag: str, run: str, task: str) -> Any:
        """Return what a task of a run returned (ids and counts)."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value"
        return self._get(path, stringify="false")["value"]

    def task_states(self, dag: str, run: str) -> dict[str, str]:
        """Return the state of each task of a run."""
        found = self._get(f"/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return {str(task["task_id"]): str(task["state"]) for task in found}

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """Return what Airflow knows of each task of a run: when it was queued, began and ended."""
        return list(self._get(f"/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"])

    def log(self, dag: str, run: str, task: str, index: int = -1) -> list[dict[str, Any]]:
        """Return the lines of a task's first try, each with what it tells."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/logs/1"
        return list(self._get(path, map_index=str(index))["content"])

    def question(self, dag: str, run: str) -> dict[str, Any] | None:
        """Return what the run asks a person to decide; None while it asks nothing."""
        path = f"/dags/{dag}/dagRuns/{run}/hitlDetails"
        found = self._get(path, response_received="false")["hitl_details"]
        return dict(found[0]) if found else None

    def answer(self, dag: str, run: str, task: str, option: str) -> None:
        """Answer a run's question with one of its options."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/-1/hitlDetails"
        body = {"chosen_options": [option], "params_input": {}}
        self._client.patch(path, json=body).raise_for_status()

    def _get(self, path: str, **query: str) -> Any:
        return self._client.get(path, params=query).raise_for_status().json()
