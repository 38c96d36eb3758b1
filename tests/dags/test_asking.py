"""The approver's question: put to whoever may answer, put again, and kept with its answer."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from outreach.domain import EditionState
from outreach.flows import editions, side_messages
from outreach.flows.decisions import Answer, read_answer
from outreach.workspace import Workspace
from tests.ledger.seeds import add_people, make_edition

EDITION = "news@one"


class TaskInstance:
    """Airflow's side of a running task: what earlier ones handed on, what it is told to keep."""

    id, map_index = uuid.uuid4(), -1
    dag_id, run_id, task_id = "campaign_news", "manual__1", "approve"

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def xcom_pull(self, task_ids: str) -> Any:
        return {"prepare": EDITION, "check": {"authors": ["amy"]}}[task_ids]

    def xcom_push(self, key: str, value: Any) -> None:
        self.kept[key] = value


@pytest.fixture(params=["sqlite"])
def database_url(sqlite_url: str) -> str:
    """What is asked of the ledger is proven on both kinds elsewhere."""
    return sqlite_url


def tasks() -> ModuleType:
    """Outreach's tasks: to import them is to import Airflow, which those who collect spare."""
    from outreach import airflow_tasks

    return airflow_tasks


@pytest.fixture
def waiting(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An edition of amy's that waits, lee its approver, jo lee's deputy."""
    add_people(ws.engine, ws.keys, 3)
    make_edition(ws.engine, state=EditionState.PREPARED)
    colleagues = {"lee": "lee@example.org"}
    hub = replace(ws.hub, colleagues=colleagues, deputies={"lee": ("jo", "amy")})
    found = replace(ws, hub=hub)
    monkeypatch.setattr(tasks(), "workspace_in_airflow", lambda: found)
    return found


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Airflow was asked to show, as it came to its API."""
    sent: list[dict[str, Any]] = []
    wire = "airflow.providers.standard.operators.hitl.upsert_hitl_detail"
    monkeypatch.setattr(wire, lambda **detail: sent.append(detail))
    return sent


def question() -> Any:
    return tasks().Ask.of(("lee",), timedelta(hours=4))


def put(ask: Any) -> dict[str, Any]:
    from airflow.sdk.exceptions import TaskAwaitingInput

    ti = TaskInstance()
    context = {"ti": ti, "task_instance": ti, "task": ask}
    with pytest.raises(TaskAwaitingInput):
        ask.execute(context)
    return context


def answered(by: str, option: str) -> dict[str, Any]:
    return {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": datetime.now(UTC),
        "responded_by_user": {"id": by, "name": by.capitalize()},
    }


def test_the_question_is_put_to_approvers_and_deputies_and_to_no_author(
    waiting: Workspace, questions: list[dict[str, Any]]
) -> None:
    context = put(question())
    assert [user["id"] for user in questions[0]["assigned_users"]] == ["lee", "jo"]
    kept = side_messages.question_of(waiting, EDITION)
    assert kept is not None
    assert kept.answer_by - kept.asked_at > timedelta(hours=3.9)
    assert "/dags/campaign_news/runs/manual__1/tasks/approve/required_actions" in kept.link
    told = {row.colleague: row.state for row in side_messages.side_messages(waiting, EDITION)}
    assert told == {"lee": "accepted", "jo": "not sent"}
    (letter,) = waiting.settings.home.glob("outbox/**/*.eml")
    assert "required_actions" in letter.read_text()
    put(context["task"])
    assert len([*waiting.settings.home.glob("outbox/**/*.eml")]) == 1


def test_a_question_that_only_authors_could_answer_is_not_put(
    waiting: Workspace, questions: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    own = replace(waiting, hub=replace(waiting.hub, approvers=("Amy",)))
    monkeypatch.setattr(tasks(), "workspace_in_airflow", lambda: own)
    ti = TaskInstance()
    with pytest.raises(AirflowFailException, match="nobody may approve"):
        question().execute({"ti": ti, "task_instance": ti})
    assert questions == []


def test_failing_to_tell_does_not_fail_the_question(
    waiting: Workspace, questions: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = replace(waiting, settings=replace(waiting.settings, provider="nonsense"))
    monkeypatch.setattr(tasks(), "workspace_in_airflow", lambda: lost)
    put(question())
    assert len(questions) == 1


@pytest.mark.parametrize("option", ["Approve", "Reject"])
def test_an_authors_answer_is_not_taken_and_the_question_is_put_again(
    waiting: Workspace, questions: list[dict[str, Any]], option: str
) -> None:
    from airflow.sdk.exceptions import TaskAwaitingInput

    context = put(question())
    with pytest.raises(TaskAwaitingInput) as again:
        context["task"].execute_complete(context, answered("amy", option))
    assert again.value.timeout < timedelta(hours=4)
    assert len(questions) == 2
    assert context["ti"].kept == {}
    assert editions.certificate(waiting, EDITION).state == "prepared"


@pytest.mark.parametrize("option", ["Approve", "Reject"])
def test_who_answered_is_kept_whatever_they_said(
    waiting: Workspace, questions: list[dict[str, Any]], option: str
) -> None:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    with DAG("news", schedule=None):
        ask, skipped = question(), []
        ask >> EmptyOperator(task_id="answered")
    context = put(ask)
    try:
        ask.execute_complete(context, answered("lee", option))
    except DownstreamTasksSkipped as error:
        skipped = [*error.tasks]
    assert skipped == (["answered"] if option == "Reject" else [])
    assert read_answer(context["ti"].kept["answer"]) == Answer(option == "Approve", "lee", "Lee")
