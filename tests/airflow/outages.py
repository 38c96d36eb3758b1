"""Parts of Airflow killed with -9 while editions are sent, and started again."""

from __future__ import annotations

import os
import signal

import psutil

from outreach.flows import editions
from tests.airflow.deployment import PEOPLE, Deployment, Run, campaign_file

SUPERVISOR = "its-supervisors-die"
TRIGGERER = "its-triggerer-dies-while-it-waits"
SCHEDULER = "its-scheduler-dies"
FILES = {slug: campaign_file(slug) for slug in (SUPERVISOR, TRIGGERER, SCHEDULER)}


def family_of(pid: int) -> set[int]:
    """Every process of a part's session."""
    found = set()
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == pid:
                found.add(process.pid)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def kill(pids: set[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def whole(at: Deployment, run: Run) -> bool:
    """Whether a run ended well with everybody written to or in doubt."""
    assert at.ended(run) == "success"
    account = at.promise(run.edition)
    return account.accepted + account.unknown == PEOPLE


def supervisors_triggerer_and_dag_processor(at: Deployment) -> bool:
    with at.held(SUPERVISOR):
        watched, waiting = at.trigger(SUPERVISOR), at.trigger(TRIGGERER)
        at.sending(waiting.edition, 1)
        editions.pause(at.ws, waiting.edition, by="amy", via="test", reason="a look first")
        at.until(lambda: at.states(waiting, "send") == {"deferred"}, "its senders to wait")
        for part in ("triggerer", "dag-processor"):
            kill(family_of(at.stack.program(part).process.pid))
        orphans = at.until(lambda: at.in_flight(watched.edition), "a batch in flight")
        kill({psutil.Process(pid).ppid() for pid in orphans})
        assert all(map(psutil.pid_exists, orphans)), "the senders run on alone"
    editions.resume(at.ws, waiting.edition, by="amy", via="test")
    for part in ("triggerer", "dag-processor"):
        at.stack.start_again(part)
    return whole(at, watched) and whole(at, waiting)


def scheduler_alone_and_with_all_under_it(at: Deployment) -> bool:
    with at.held(SCHEDULER):  # the second blow must find somebody still to be sent to
        run = at.trigger(SCHEDULER)
        at.sending(run.edition, 1)
        kill({at.stack.program("scheduler").process.pid})
        at.stack.start_again("scheduler")
        at.until(lambda: at.in_flight(run.edition), "a batch in flight")
        everything = (p for p in at.stack.programs if p.name == "scheduler")
        kill({pid for program in everything for pid in family_of(program.process.pid)})
    at.stack.start_again("scheduler")
    return whole(at, run)
