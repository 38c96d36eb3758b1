"""What people and machines do to a run: each on a campaign of its own, all at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

from outreach.flows import editions
from outreach.local.processes import tool
from tests.airflow.deployment import PEOPLE, Deployment, Run, campaign_file

Scenario = Callable[[Deployment, str], None]
SCENARIOS: dict[str, Scenario] = {}
FILES: dict[str, str] = {}

SETTLED = 4.0
"""Seconds from a question seen waiting to its answer."""


def scenario(**file: str) -> Callable[[Scenario], Scenario]:
    """Note a scenario under its campaign's slug, with what is special in the file."""

    def noted(play: Scenario) -> Scenario:
        slug = play.__name__.replace("_", "-")
        SCENARIOS[slug] = play
        FILES[slug] = campaign_file(slug, **file)
        return play

    return noted


def kill(pids: set[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@scenario()
def both_senders_are_killed(at: Deployment, slug: str) -> None:
    with at.held(slug):
        run = at.trigger(slug)
        pids = at.until(lambda: len(p := at.in_flight(run.edition)) == 2 and p, "two in flight")
        kill(pids)
    assert at.ended(run) == "success"
    tries = [t["try_number"] for t in at.amy.instances(run.dag, run.id) if t["task_id"] == "send"]
    assert max(tries) > 1, "Airflow retried them"
    account = at.promise(run.edition)
    assert account.unknown > 0, "what they held is in doubt"
    assert account.accepted + account.unknown == PEOPLE


@scenario()
def send_is_cleared_while_it_runs_and_then_everything(at: Deployment, slug: str) -> None:
    with at.held(slug):
        run = at.trigger(slug)
        at.sending(run.edition)
        at.amy.clear(run.dag, run.id, "send")
    assert at.ended(run) == "success"
    first = at.promise(run.edition)
    assert first.accepted + first.unknown == PEOPLE
    at.amy.clear(run.dag, run.id, "settle")
    assert at.ended(run) == "success"
    at.amy.clear(run.dag, run.id)
    assert at.ended(run) == "success"
    again = at.promise(run.edition)
    assert (again.accepted, again.unknown) == (first.accepted, first.unknown)
    assert at.names(slug) == [run.edition]


@scenario()
def running_senders_are_marked_done_and_failed(at: Deployment, slug: str) -> None:
    with at.held(slug):
        run = at.trigger(slug)
        at.sending(run.edition)
        at.amy.mark(run.dag, run.id, "send", "success", 0)
        at.amy.mark(run.dag, run.id, "send", "failed", 1)
    assert at.ended(run) == "failed"
    at.amy.clear(run.dag, run.id, "send")
    assert at.ended(run) == "success"
    account = at.promise(run.edition)
    assert account.accepted + account.unknown == PEOPLE


@scenario()
def both_senders_are_marked_done(at: Deployment, slug: str) -> None:
    with at.held(slug):
        run = at.trigger(slug)
        at.sending(run.edition, 1)
        at.amy.mark(run.dag, run.id, "send", "success", 0)
        at.amy.mark(run.dag, run.id, "send", "success", 1)
    state = at.ended(run)
    account = editions.settle(at.ws, run.edition)
    assert (state == "success") == (not account.planned), "a run is green only with nobody left"
    at.amy.clear(run.dag, run.id, "send")
    assert at.ended(run) == "success"
    account = at.promise(run.edition)
    assert account.accepted + account.unknown == PEOPLE


@scenario(more='trigger: timetable\ntimetable: "0 10 1 1 *"\n')
def nobody_can_backfill(at: Deployment, slug: str) -> None:
    dag = f"campaign_{slug.replace('-', '_')}"
    answer = at.airflow("admin").backfill(dag)
    assert answer.status_code in (400, 409, 422), answer.text
    span = ["--from-date", "2026-09-01", "--to-date", "2026-09-30"]
    command = [tool("airflow"), "backfill", "create", "--dag-id", dag, *span]
    told = subprocess.run(
        command, env=dict(at.stack.environ), capture_output=True, text=True, timeout=120
    )
    assert told.returncode != 0, told.stdout
    assert at.names(slug) == []


@scenario()
def the_same_edition_is_triggered_three_times(at: Deployment, slug: str) -> None:
    first, second = at.trigger(slug), at.trigger(slug)
    other = at.trigger(slug, "two")
    ends = {at.ended(first), at.ended(second), at.ended(other)}
    third = at.trigger(slug)
    assert {at.ended(third)} | ends == {"success"}
    assert at.promise("@".join((slug, "one")), doubted=0).accepted == PEOPLE
    assert at.promise(other.edition, doubted=0).accepted == PEOPLE
    assert at.amy.task_states(third.dag, third.id)["send"] == "skipped"


@scenario()
def its_text_is_edited_and_then_broken_while_it_is_sent(at: Deployment, slug: str) -> None:
    run = at.trigger(slug)
    at.sending(run.edition, 1)
    edited = campaign_file(slug, text="Another text.")
    at.file(slug).write_text(edited)
    at.sending(run.edition, 3)
    at.file(slug).write_text(edited.replace("title:", "titel:"))
    assert at.ended(run) == "success"
    at.promise(run.edition, doubted=0)
    texts = [one["text"] for one in at.server.accepted() if f"of {slug}" in one["subject"]]
    assert len(texts) == PEOPLE
    assert all("The first text." in text for text in texts)
    at.until(lambda: "faulty file" in str(at.amy.tags(run.dag)), "the fault to show in Airflow")
    assert at.ended(at.trigger(slug, "two")) == "failed"
    assert at.names(slug) == [run.edition]
    at.file(slug).write_text(edited)
    at.until(lambda: "faulty file" not in str(at.amy.tags(run.dag)), "the fault to be gone")
    later = at.trigger(slug, "three")
    asked = "awaiting_input"
    at.until(
        lambda: at.amy.task_states(later.dag, later.id).get("approve") == asked,
        "a person to be asked, as the standing approval was for another text",
    )
    editions.cancel(at.ws, later.edition, by="amy", via="test")


@scenario()
def its_file_is_renamed_while_it_is_sent(at: Deployment, slug: str) -> None:
    at.server_pace(slug, 3.0)
    run = at.trigger(slug)
    at.sending(run.edition, 1)
    elsewhere = at.file(f"{slug}-elsewhere")
    at.file(slug).rename(elsewhere)
    at.until(lambda: not at.amy.is_there(run.dag), "Airflow to miss the DAG")
    at.until(lambda: not at.in_flight(run.edition), "its senders to end")
    account = editions.settle(at.ws, run.edition)
    assert account.balanced
    if account.planned:
        assert run.edition in editions.open_editions(at.ws), "it is listed as open"
    elsewhere.rename(at.file(slug))
    at.until(lambda: at.amy.is_there(run.dag), "Airflow to find the DAG again")
    if at.ended(run) == "failed":
        at.amy.clear(run.dag, run.id, "send")
        assert at.ended(run) == "success"
    done = at.promise(run.edition)
    assert done.accepted + done.unknown == PEOPLE


@scenario()
def it_is_paused_and_its_dag_too(at: Deployment, slug: str) -> None:
    with at.held(slug):
        run = at.trigger(slug)
        at.sending(run.edition, 1)
        at.airflow("amy").switch(run.dag, on=False)
    before = len(at.taken(run.edition))
    at.until(lambda: len(at.taken(run.edition)) > before, "a paused DAG to go on sending")
    with at.held(slug):
        at.order(kind="pause", edition=run.edition, reason="a look first")
    at.until(lambda: not at.in_flight(run.edition), "its senders to stop")
    held = editions.certificate(at.ws, run.edition)
    assert held.planned
    assert held.accepted == len(at.taken(run.edition))
    at.airflow("amy").switch(run.dag, on=True)
    at.until(lambda: at.states(run, "send") == {"deferred"}, "no worker to be held")
    assert editions.certificate(at.ws, run.edition).planned == held.planned
    wrong = at.order(kind="resume", edition=run.edition.replace("paused", "pausd"))
    assert wrong == "failed", "a name that does not exist"
    assert at.order(kind="resume", edition=run.edition) == "success"
    assert at.ended(run) == "success"
    assert at.promise(run.edition, doubted=0).accepted == PEOPLE
    log = at.amy.log(run.dag, run.id, "send", 0)
    assert "STANDS STILL: the edition is paused by amy: a look first" in log


def _approved(at: Deployment, run: Run) -> bool:
    """Answer as lee whenever asked: Airflow may drop an answer that comes early, and asks again.

    One that comes before the task is parked can leave the task parked for good: seen waiting,
    and given a moment more, it is neither.
    """
    if at.amy.task_states(run.dag, run.id).get("approve") == "awaiting_input":
        time.sleep(SETTLED)
        at.lee.try_answer(run.dag, run.id, "Approve")
    return at.amy.task_states(run.dag, run.id).get("approve") == "success"


@scenario(approval="person")
def only_somebody_who_is_no_author_can_approve(at: Deployment, slug: str) -> None:
    run = at.trigger(slug)
    waits = "awaiting_input"
    at.until(lambda: at.amy.task_states(run.dag, run.id).get("approve") == waits, "the question")
    assert at.amy.try_answer(run.dag, run.id, "Approve") == 403
    at.file(slug).write_text(campaign_file(slug, approval="person", text="Edited meanwhile."))
    at.until(lambda: _approved(at, run), "lee's answer to be taken")
    at.sending(run.edition, 1)
    at.amy.clear(run.dag, run.id, "confirm")
    assert at.ended(run) == "success"
    account = at.promise(run.edition)
    assert account.accepted + account.unknown == PEOPLE
