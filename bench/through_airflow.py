"""A whole edition as Airflow runs it, beside the same steps without Airflow.

What Airflow adds should be a constant number of seconds, however many people there are. The
question is answered by a program; how long that took is taken out. Not part of `make bench`'s
usual round: it starts Airflow, and wants the machine to itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.deployment import CAMPAIGN, deployment, populate
from bench.measure import Comparison, Options, Result, Sample
from bench.sink import Sink, running_sink
from outreach.dagdocs import dag_id
from outreach.flows import editions
from outreach.local.airflow_api import AirflowApi
from outreach.local.environment import without_settings
from outreach.local.stack import Stack, running_stack
from outreach.settings import load_settings
from outreach.workspace import Workspace, open_workspace

SMALLEST = 1_000
LARGEST = 10_000
OCCURRENCE = "through-airflow"
READING = 2.0
"""Seconds before the question is answered: Airflow drops an answer that comes at once."""
PATIENCE = 1800.0


@dataclass(slots=True)
class Parts:
    """Where the seconds of one run went. `work` is what the steps took without Airflow."""

    people: int
    whole: float = 0.0
    work: float = 0.0
    answering: float = 0.0
    scheduling: float = 0.0
    starting: float = 0.0
    parsing: float = 0.0

    @property
    def added(self) -> float:
        """What Airflow added, in seconds."""
        return self.whole - self.answering - self.work

    @property
    def words(self) -> str:
        """These figures, for people to read."""
        inside = self.added - self.scheduling - self.starting - self.parsing
        return (
            f"{self.people:,} people: {self.whole:.1f} s in all; {self.work:.1f} s of work, "
            f"{self.answering:.1f} s for the answer, {self.added:.1f} s added by Airflow: "
            f"{self.scheduling:.1f} scheduling, {self.starting:.1f} starting tasks, "
            f"{self.parsing:.1f} reading the DAG file, {inside:.1f} opening things, XCom and else"
        )


def run(options: Options) -> Result:
    """Run editions of growing size through Airflow and without it."""
    largest = options.people or LARGEST
    sizes = [n for n in (SMALLEST, SMALLEST * 10, SMALLEST * 100) if n < largest] + [largest]
    with running_sink() as sink:
        bare = [_bare(options, sink, people) for people in sizes]
        measured = _with_airflow(options, sink, sizes)
    for parts, work in zip(measured, bare, strict=True):
        parts.work = work
    through = Sample("through Airflow, the answer taken out", largest)
    alone = Sample("the same steps in one process", largest)
    through.add_rate(measured[-1].whole - measured[-1].answering)
    alone.add_rate(bare[-1])
    grown = measured[-1].added - measured[0].added
    return Result(
        (Comparison("through-airflow", "emails/s", through, alone),),
        (
            *(parts.words for parts in measured),
            f"Airflow adds {grown:+.1f} s more for {largest:,} people than for {sizes[0]:,}",
        ),
    )


def _bare(options: Options, sink: Sink, people: int) -> float:
    """Return the seconds that the steps of one edition take in one process."""
    home = options.folder / f"bare-{people}"
    with deployment(home, f"sqlite:///{home}/outreach.db", sink.address) as ws:
        populate(ws, people)
        began = time.perf_counter()
        made = editions.prepare(ws, CAMPAIGN, OCCURRENCE, by="amy", via="bench")
        editions.check(ws, made.edition)
        editions.approve(ws, made.edition, by="lee", via="bench")
        editions.send(ws, made.edition)
        account = editions.settle(ws, made.edition)
        seconds = time.perf_counter() - began
    _must_be_whole(account, sink, people)
    return seconds


def _with_airflow(options: Options, sink: Sink, sizes: list[int]) -> list[Parts]:
    found = []
    for people in sizes:
        home = options.folder / f"airflow-{people}"
        base = without_settings(os.environ) | {
            "OUTREACH_HOME": str(home),
            "OUTREACH_PROVIDER": "sendgrid",
            "OUTREACH_SENDGRID_API_KEY": "SG.benchmark",
            "OUTREACH_SENDGRID_BASE_URL": sink.address,
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
        }
        with running_stack(home, base=base, say=lambda _: None) as stack:
            ws = open_workspace(load_settings(stack.environ))
            populate(ws, people)
            found.append(_through(stack, ws, sink, people))
            ws.engine.dispose()
    return found


def _through(stack: Stack, ws: Workspace, sink: Sink, people: int) -> Parts:
    dag, parts = dag_id(CAMPAIGN), Parts(people)
    amy, lee = stack.api("amy"), stack.api("lee")
    _until(lambda: amy.has_dag(dag))
    stack.api("admin").unpause(dag)
    began = time.time()
    run_id = amy.trigger(dag, {"occurrence": OCCURRENCE})
    answered = 0.0
    while not _ended(amy, dag, run_id):
        if amy.task_states(dag, run_id).get("approve") == "awaiting_input":
            # One that was answered too soon is put again, and the first answer counts for nothing.
            answered = _answer(lee, dag, run_id) or answered
        time.sleep(0.2)
    tasks = amy.tasks(dag, run_id)
    parts.whole = max(map(_at("end_date"), tasks)) - began
    asked = next(_at("start_date")(one) for one in tasks if one["task_id"] == "approve")
    parts.answering = answered - asked
    _share_out(parts, tasks, began, answered)
    names = {one["task_id"] for one in _on_the_path(tasks)}
    parts.parsing = sum(_parsing(amy, dag, run_id, tasks, name) for name in names)
    name = f"{CAMPAIGN}@{OCCURRENCE}"
    _must_be_whole(editions.certificate(ws, name), sink, people)
    return parts


def _answer(api: AirflowApi, dag: str, run_id: str) -> float:
    """Approve what is asked; returns when, or 0 where nothing is asked."""
    if not api.question(dag, run_id):
        return 0.0
    time.sleep(READING)
    api.answer(dag, run_id, "approve", "Approve")
    return time.time()


def _share_out(parts: Parts, tasks: list[dict[str, Any]], began: float, answered: float) -> None:
    """Say of each task on the path how long it waited for the scheduler and for its process."""
    before = began
    for one in _on_the_path(tasks):
        if one["task_id"] == "approve":
            # Its first turn's time in the queue is not kept: it is in this wait.
            parts.scheduling += _at("start_date")(one) - before
            parts.scheduling += max(0.0, _at("end_date")(one) - answered)
            before = max(answered, _at("end_date")(one))
            continue
        parts.scheduling += max(0.0, _at("queued_when")(one) - before)
        parts.starting += _at("start_date")(one) - _at("queued_when")(one)
        before = max(
            _at("end_date")(other) for other in tasks if other["task_id"] == one["task_id"]
        )


def _parsing(
    api: AirflowApi, dag: str, run_id: str, tasks: list[dict[str, Any]], name: str
) -> float:
    """Seconds that a task took to read its DAG file, as Airflow tells in the task's log."""
    index = min(one["map_index"] for one in tasks if one["task_id"] == name)
    lines = api.log(dag, run_id, name, index)
    return sum(float(line.get("dag_file_parse_ms", 0)) for line in lines) / 1000


def _on_the_path(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks that ran, in the order in which they ended; of mapped ones the first."""
    ran = [one for one in tasks if one["start_date"] and one["queued_when"]]
    first = [one for one in ran if one["map_index"] in (-1, 0)]
    return sorted(first, key=_at("end_date"))


def _at(name: str) -> Callable[[dict[str, Any]], float]:
    return lambda task: datetime.fromisoformat(str(task[name])).timestamp()


def _ended(api: AirflowApi, dag: str, run_id: str) -> bool:
    state = api.run_state(dag, run_id)
    if state == "failed":
        raise RuntimeError(f"the run failed: {api.task_states(dag, run_id)}")
    return state == "success"


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise RuntimeError("Airflow did not come so far")
        time.sleep(0.2)


def _must_be_whole(account: editions.Certificate, sink: Sink, people: int) -> None:
    took = sink.take().deliveries
    if not account.balanced or len(took) != len(set(took)) or account.intended != people:
        raise RuntimeError("the edition did not end balanced, or somebody was written to twice")
