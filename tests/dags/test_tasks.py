"""Outreach's own tasks: what a sender waits on, and whom an approver's question is put to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outreach import dagdocs
from outreach.flows import editions, waiting
from outreach.workspace import Workspace
from tests.ledger.seeds import add_people, make_edition

NAME = "news@one"


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path: Any) -> str:
    """What is read is proven on both databases elsewhere."""
    return f"sqlite:///{tmp_path}/outreach.db"


@pytest.fixture
def edition(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from outreach import airflow_tasks

    add_people(ws.engine, ws.keys, 3)
    make_edition(ws.engine)
    monkeypatch.setenv("OUTREACH_DATABASE_URL", ws.settings.database_url)
    monkeypatch.setattr(airflow_tasks, "LOOK", 0.02)
    airflow_tasks._engine.cache_clear()
    yield NAME
    airflow_tasks._engine.cache_clear()


def waiting_on(ws: Workspace, name: str, seconds: float) -> Any:
    from outreach.airflow_tasks import OrdersChange

    now = waiting.fingerprint(waiting.orders(ws.engine, name))
    first = OrdersChange(edition=name, orders=now, since="2026-11-23T10:00:00", seconds=seconds)
    path, kwargs = first.serialize()
    assert path == "outreach.airflow_tasks.OrdersChange"
    return OrdersChange(**kwargs)


async def fired(trigger: Any) -> Any:
    return await anext(trigger.run())


def test_a_waiting_sender_wakes_when_its_edition_is_resumed(ws: Workspace, edition: str) -> None:
    editions.pause(ws, edition, by="amy", via="test", reason="a look first")
    trigger = waiting_on(ws, edition, seconds=600)

    async def play() -> Any:
        waits = asyncio.create_task(fired(trigger))
        await asyncio.sleep(0.3)
        assert not waits.done()
        await asyncio.to_thread(editions.resume, ws, edition, by="amy", via="test")
        return await asyncio.wait_for(waits, 30)

    assert asyncio.run(play()).payload == {"since": "2026-11-23T10:00:00"}


def test_a_waiting_sender_tries_again_in_the_end(ws: Workspace, edition: str) -> None:
    assert asyncio.run(fired(waiting_on(ws, edition, seconds=0.1)))


def test_a_halt_says_what_to_do_and_a_short_wait_does_not_alarm() -> None:
    halt = dagdocs.halt_line(NAME, "the edition paused itself: the key was refused", halted=True)
    assert "the key was refused" in halt
    assert "resume" in halt
    assert "by itself" in dagdocs.halt_line(NAME, "the rest waits", halted=False)


def test_an_edition_with_people_left_is_not_settled(ws: Workspace, edition: str) -> None:
    left = dagdocs.unfinished(editions.certificate(ws, edition))
    assert "3 people" in left
    editions.cancel(ws, edition, by="amy", via="test")
    assert dagdocs.unfinished(editions.certificate(ws, edition)) == ""


class TaskInstance:
    """A running task's side of Airflow: what the check has handed on."""

    def __init__(self, authors: list[str]) -> None:
        self._authors = authors

    def xcom_pull(self, task_ids: str) -> dict[str, Any]:
        assert task_ids == "check"
        return {"authors": self._authors}


def test_a_question_that_only_authors_could_answer_is_not_put() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from outreach.airflow_tasks import Ask

    users = [{"id": "7", "name": "Amy"}, {"id": "casey", "name": "casey"}]
    ask = Ask(task_id="approve", subject="?", assigned_users=users)
    with pytest.raises(AirflowFailException, match="nobody may approve"):
        ask.execute({"ti": TaskInstance(["amy", "casey"])})


def test_a_sender_looks_again_at_the_end_of_quiet_hours_and_meanwhile_now_and_then() -> None:
    from outreach.airflow_tasks import ANYWAY, CLOSED_LOOK, SOON, _patience
    from outreach.flows.sendreport import SendReport

    def waits(until: datetime | None, *, halted: bool = False) -> timedelta:
        return _patience(SendReport("news@one", 0, 0, 0, 0, False, "", until), halted=halted)

    now = datetime.now(UTC)
    assert waits(None) == SOON
    assert waits(None, halted=True) == ANYWAY
    assert waits(now + timedelta(hours=13)) == CLOSED_LOOK
    assert timedelta(minutes=4) < waits(now + timedelta(minutes=5)) <= timedelta(minutes=5)
    assert waits(now) == SOON
