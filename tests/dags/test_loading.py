"""The DAG files: they load fast and silently, touch nothing, and are what campaigns say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from outreach.campaigns import load_library
from outreach.dagdocs import SENDERS_POOL, dag_id
from outreach.hub import load_hub
from outreach.settings import ROOT

CAMPAIGNS = ROOT / "templates" / "campaigns"
ALWAYS = {"contacts", "control", "engagement", "reminders", "resends", "upkeep"}


@dataclass(frozen=True)
class Loaded:
    """What loading the DAG files in a fresh process found."""

    seconds: float
    errors: dict[str, str]
    warnings: list[str]
    dags: dict[str, dict[str, Any]]
    home: Path

    def tasks(self, dag: str) -> dict[str, dict[str, Any]]:
        return {task["__var"]["task_id"]: task["__var"] for task in self.dags[dag]["dag"]["tasks"]}


@dataclass(frozen=True)
class Process:
    """A process that loaded them three times: as shipped, for one DAG's task, and ours."""

    shipped: Loaded
    asked: Loaded
    ours: Loaded


def process(home: Path, folder: Path) -> Process:
    environments = [
        {},
        {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": "campaign_what_is_wres"},
        {"OUTREACH_CAMPAIGNS": str(folder)},
    ]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("loading.py")), json.dumps(environments)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "plugins"),
            "OUTREACH_HOME": str(home / "outreach"),
            "AIRFLOW_HOME": str(home / "airflow"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout[done.stdout.index('[{"seconds"') :])
    return Process(*(Loaded(**one, home=home) for one in found))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Campaigns of ours: a good one, two broken ones, and one of each further kind of schedule."""
    made = tmp_path_factory.mktemp("campaigns")
    good = (CAMPAIGNS / "what-is-wres.md").read_text()
    line = 'trigger: timetable\ntimetable: "0 10 * * 2"\nworking_days_only: true'
    assert line in good
    for slug, old, new in (
        ("good", "", ""),
        ("broken", "title:", "titel:"),
        ("never", '"0 10 * * 2"', '"0 10 31 2 *"'),
        ("words", line, "trigger: timetable\ntimetable: every second Tuesday 10:00"),
        ("dates", line, "trigger: timetable\ntimetable: [2036-12-01 10:00]"),
        ("step", line, 'trigger: after_pledge\nafter_pledge: 7 days\nat: "10:00"'),
    ):
        (made / f"{slug}.md").write_text(good.replace(old, new))
    return made


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Process:
    return process(tmp_path_factory.mktemp("dags"), folder)


@pytest.fixture(scope="module")
def loaded(first: Process) -> Loaded:
    return first.shipped


def test_every_campaign_has_its_dag(loaded: Loaded) -> None:
    hub = load_hub(ROOT / "hub.yaml")
    slugs = load_library([CAMPAIGNS], hub).campaigns
    assert set(loaded.dags) == {dag_id(slug) for slug in slugs} | ALWAYS


def test_they_load_without_an_error_or_a_warning(loaded: Loaded) -> None:
    assert loaded.errors == {}
    assert loaded.warnings == []


def test_they_load_in_less_than_a_second_beyond_airflow(loaded: Loaded) -> None:
    assert loaded.seconds < 1.0


def test_loading_opens_no_database_and_writes_nothing(loaded: Loaded) -> None:
    assert not (loaded.home / "outreach").exists()


def test_loading_in_another_process_gives_the_same_so_that_airflow_keeps_one_version(
    first: Process, folder: Path
) -> None:
    again = process(first.shipped.home, folder)
    assert again.shipped.dags == first.shipped.dags
    assert again.asked.dags == first.asked.dags
    assert again.ours.dags == first.ours.dags


def test_a_task_builds_only_its_own_campaign(first: Process) -> None:
    assert set(first.asked.dags) == {"campaign_what_is_wres"} | ALWAYS


def test_a_broken_campaign_leaves_the_others_standing(first: Process) -> None:
    loaded = first.ours
    assert loaded.errors == {}
    broken = {"campaign_broken", "campaign_never"}
    good = {f"campaign_{slug}" for slug in ("good", "words", "dates", "step")}
    assert set(loaded.dags) == good | broken | ALWAYS
    for name in broken:
        page = loaded.dags[name]["dag"]
        assert "faulty file" in page["tags"], "what it is sending goes on; nothing new is prepared"
        assert page["timetable"]["__type"].endswith("NullTimetable")
        assert loaded.tasks(name).keys() == loaded.tasks("campaign_good").keys()
    assert "titel" in loaded.dags["campaign_broken"]["dag"]["doc_md"]


def test_timetables_in_words_steps_and_dates_each_have_their_dag(first: Process) -> None:
    loaded = first.ours
    assert loaded.warnings == []
    kept = {dag: found["dag"]["timetable"].get("__var") for dag, found in loaded.dags.items()}
    assert kept["campaign_words"]["timetable"] == "every second Tuesday 10:00"
    assert kept["campaign_dates"]["timetable"] == "2036-12-01 10:00"
    assert kept["campaign_step"]["timetable"] == "every working day 10:00"
    forms = {dag: dict(found["dag"]["params"]) for dag, found in loaded.dags.items()}
    assert "overdue" in forms["campaign_step"]
    assert "overdue" not in forms["campaign_words"]


def test_a_digest_is_started_by_new_resources_and_the_thank_you_by_new_pledges(
    loaded: Loaded,
) -> None:
    for slug, kind in (("new_framework_resources", "resources"), ("pledge_thank_you", "pledges")):
        timetable = loaded.dags[f"campaign_{slug}"]["dag"]["timetable"]
        assert f"x-outreach://{kind}" in json.dumps(timetable)


def test_nothing_on_the_trigger_form_must_be_filled_in(loaded: Loaded) -> None:
    """Airflow marks a field as required, and keeps Trigger grey, unless it may be null."""
    for dag, found in loaded.dags.items():
        for name, field in found["dag"].get("params") or []:
            kind = field["schema"]["__var"]["type"]
            assert "null" in kind or kind == "boolean", f"{dag}: {name} has to be filled in"


def test_every_sender_runs_in_the_senders_pool(loaded: Loaded) -> None:
    for dag in loaded.dags:
        if dag.startswith("campaign_"):
            partial = loaded.tasks(dag)["send"]["partial_kwargs"]
            assert partial["pool"] == SENDERS_POOL


def test_no_campaign_can_be_backfilled_or_catches_up(loaded: Loaded) -> None:
    for dag, found in loaded.dags.items():
        assert not found["dag"]["catchup"]
        if dag.startswith("campaign_"):
            assert "backfill" not in str(found["dag"]["allowed_run_types"])


def test_what_a_person_is_asked_defaults_to_no_and_survives_a_bad_answer(loaded: Loaded) -> None:
    for dag in loaded.dags:
        if dag.startswith("campaign_"):
            asked = loaded.tasks(dag)["approve"]
            assert asked["retries"] >= 1
            assert asked["task_type"] == "Ask"
    from outreach.airflow_tasks import Ask

    assert Ask.of(("lee",), timedelta(hours=1)).defaults == [Ask.REJECT]


def test_a_rejection_is_written_down_and_a_run_that_ended_early_is_not_judged(
    loaded: Loaded,
) -> None:
    """A rejection skips what stands directly after the question; a dry run skips everything."""
    for dag in loaded.dags:
        if dag.startswith("campaign_"):
            tasks = loaded.tasks(dag)
            assert tasks["approve"]["downstream_task_ids"] == ["answered"]
            assert tasks["answered"]["downstream_task_ids"] == ["confirm"]
            assert tasks["confirm"]["trigger_rule"] == "none_failed_min_one_success"


def test_each_dag_explains_itself(loaded: Loaded) -> None:
    for dag, found in loaded.dags.items():
        assert len(found["dag"]["doc_md"]) > 100, dag
        assert found["dag"]["tags"], dag
