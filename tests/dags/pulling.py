"""What tests of places outside share: a ledger of their own, an entry, a pull through Airflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outreach.flows.imports import pull_sources
from outreach.records import ImportResult
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of


@pytest.fixture(params=["sqlite"])
def database_url(sqlite_url: str) -> str:
    """What a pull writes is proven on both databases elsewhere."""
    return sqlite_url


@pytest.fixture
def ws(settings: Any, keys: Any, engine: Any, tmp_path: Path) -> Workspace:
    (tmp_path / "contacts").mkdir()
    return own_workspace(settings, keys, engine, tmp_path)


def declare(ws: Workspace, **source: Any) -> None:
    entry = {"name": "list", "kind": "contacts", **source}
    file = ws.settings.root / "contacts" / "sources.yaml"
    file.write_text(json.dumps({"sources": [entry]}))


def pull(ws: Workspace, **more: Any) -> list[ImportResult]:
    from outreach.airflow_reach import AirflowReach

    return list(pull_sources(ws, reach=AirflowReach(), **WHO, **more))


def states(results: list[ImportResult]) -> list[tuple[str, str]]:
    return [(one.file_name, str(one.state)) for one in results]


def addresses(ws: Workspace) -> set[str]:
    return {row["email"].partition("@")[0] for row in rows_of(ws.engine, "contact")}


def connect(monkeypatch: pytest.MonkeyPatch, name: str, **connection: Any) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))


@pytest.fixture(autouse=True)
def as_in_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow keeps a filesystem for each connection as long as its process lives."""
    from airflow.sdk.io import store

    monkeypatch.setattr(store, "_STORE_CACHE", {})
