"""The contacts DAG: what its tasks do, one by one, in a ledger of their own."""

from __future__ import annotations

import importlib.util
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from outreach.pullwords import LET_PASS
from outreach.settings import ROOT
from outreach.workspace import Workspace
from tests.flows.importing import own_workspace, table

KINDS = ("pledges", "contacts", "resources")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is told is proven on both databases elsewhere."""
    return sqlite_url


@pytest.fixture
def ws(settings: Any, keys: Any, engine: Any, tmp_path: Path) -> Workspace:
    (tmp_path / "contacts").mkdir()
    return own_workspace(settings, keys, engine, tmp_path)


@pytest.fixture
def dag(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The DAG file, loaded as Airflow does, over this test's ledger."""
    spec = importlib.util.spec_from_file_location("contacts_dag", ROOT / "dags" / "contacts.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "workspace_in_airflow", lambda: ws)
    return module


@dataclass
class Run:
    """One run of the DAG: its form, and the events that its tasks would pass on."""

    dag: ModuleType
    form: dict[str, Any] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def task(self, name: str, *given: Any) -> Any:
        """Run one task's function within its context."""
        from airflow.sdk.execution_time.context import set_current_context

        events: dict[Any, Any] = defaultdict(SimpleNamespace)
        who = SimpleNamespace(triggering_user_name="amy")
        params = {name: param.value for name, param in self.dag.FORM.items()} | self.form
        context: Any = {"dag_run": who, "params": params, "outlet_events": events}
        with set_current_context(context):
            done = self.dag.dag.get_task(name).python_callable(*given)
        self.told |= {asset.name: event.extra for asset, event in events.items()}
        return done

    def pull(self) -> dict[str, Any]:
        """Pull, and tell what is new, as a run that nothing disturbs."""
        from airflow.sdk.exceptions import AirflowSkipException

        pulled = self.task("pull")
        for kind in KINDS:
            try:
                self.task(f"announce_{kind}", pulled)
                self.task(f"note_{kind}", pulled)
            except AirflowSkipException:
                continue
        return dict(pulled)


def declare(ws: Workspace, *entries: str) -> None:
    file = ws.settings.root / "contacts" / "sources.yaml"
    file.write_text("sources:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))


def test_news_is_told_once_with_counts_and_nobodys_name(
    ws: Workspace, dag: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    contacts = ws.settings.root / "contacts"
    table(contacts / "p.csv", ("Email", "Pledge date"), ("ann@example.org", "1 May 2026"))
    table(contacts / "r.csv", ("Title", "URL"), ("Guide", "https://example.org/r"))
    declare(ws, "name: p, kind: pledges, path: p.csv", "name: r, kind: resources, path: r.csv")
    first = Run(dag)
    pulled = first.pull()
    assert first.told == {f"outreach_{kind}": {"new": 1, "watermark": 1} for kind in KINDS}
    assert "ann@" not in caplog.text + str(pulled)
    assert "Taking p: p.csv" in caplog.text
    second = Run(dag)
    second.pull()
    assert second.told == {}


def test_a_task_that_died_tells_again_and_one_that_is_cleared_later_does_not(
    ws: Workspace, dag: ModuleType
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    contacts = ws.settings.root / "contacts"
    table(contacts / "c.csv", ("Email",), ("ann@example.org",))
    declare(ws, "name: c, kind: contacts, path: c.csv")
    run = Run(dag)
    pulled = run.task("pull")
    run.task("announce_contacts", pulled)
    later = Run(dag)
    again = later.task("pull")
    later.task("announce_contacts", again)
    assert later.told == run.told, "nobody had written it down"
    later.task("note_contacts", again)
    with pytest.raises(AirflowSkipException):
        run.task("announce_contacts", pulled)


def test_the_form_pulls_one_source_and_lets_a_stopped_file_pass(
    ws: Workspace, dag: ModuleType
) -> None:
    contacts = ws.settings.root / "contacts"
    people = [(f"p{n}@example.org",) for n in range(30)]
    table(contacts / "c.csv", ("Email",), *people)
    table(contacts / "d.csv", ("Email",), ("dee@example.org",))
    declare(ws, "name: c, kind: contacts, path: c.csv", "name: d, kind: contacts, path: d.csv")
    assert Run(dag, {"source": "c"}).task("pull")["changed"] == 30
    table(contacts / "c.csv", ("Email",), ("new@example.org",))
    assert Run(dag, {"source": "c"}).task("pull")["refused"] == ["c"]
    passed = Run(dag, {"source": "c", "allow_shrink": True}).task("pull")
    assert (passed["refused"], passed["changed"]) == ([], 1)


def test_an_import_that_died_half_way_is_told_of_once_when_its_retry_has_taken_the_rest(
    ws: Workspace, dag: ModuleType
) -> None:
    people = [(f"p{n}@example.org",) for n in range(1_200)]
    table(ws.settings.root / "contacts" / "c.csv", ("Email",), *people)
    declare(ws, "name: c, kind: contacts, path: c.csv")
    dies = (
        "CREATE TRIGGER dies BEFORE INSERT ON contact WHEN (SELECT count(*) FROM contact) >= 700 "
        "BEGIN SELECT RAISE(ABORT, 'gone'); END"
    )
    with ws.engine.begin() as connection:
        connection.exec_driver_sql(dies)
    run = Run(dag)
    assert run.task("pull")["refused"] == ["c"]
    with ws.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER dies")
    again = Run(dag)
    again.pull()
    assert again.told == {"outreach_contacts": {"new": 1_200, "watermark": 1_200}}
    cleared = Run(dag)
    cleared.pull()
    assert cleared.told == {}


def test_the_form_has_the_tick_that_the_page_of_a_stopped_file_names(dag: ModuleType) -> None:
    ticks = {name: field.schema["title"] for name, field in dag.FORM.items() if "allow" in name}
    assert ticks == {f"allow_{g.replace('-', '_')}": title for g, title in LET_PASS.items()}


def test_the_form_offers_the_sources_by_name_and_loads_whatever_stands_in_the_file(
    dag: ModuleType, tmp_path: Path
) -> None:
    from outreach.sources.sourcesfile import source_names

    offered = dag.FORM["source"].schema["examples"]
    assert {"inbox-contacts", "inbox-resources"} <= set(offered)
    broken = tmp_path / "sources.yaml"
    broken.write_text("sources: [")
    assert source_names(broken) == source_names(tmp_path / "none.yaml") == ()
