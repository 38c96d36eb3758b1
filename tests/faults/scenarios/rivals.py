"""Several senders of one edition: at once, and one that comes back from the dead."""

from __future__ import annotations

from functools import partial

from outreach.flows import editions
from tests.faults.scenarios.registry import add, scenario
from tests.faults.trial import EDITION, Trial

LEASE = 3600
"""Seconds by which another host's clock is ahead: any lease has run out by it."""


@scenario("two senders claim at once", 23, 26)
def at_once(trial: Trial) -> None:
    trial.finish(senders=trial.rng.randint(2, 4))
    assert trial.account().accepted == trial.people


def comes_back(step: str, trial: Trial) -> None:
    """Frozen at a step, its lease over, everything else sent by another host; then it wakes."""
    still = trial.start({"step": step, "nth": trial.some_batch(), "do": "stop"})
    assert still.until_stopped(), still.words()
    trial.finish(host="another-host", clock=LEASE)
    doubts = trial.account().unknown
    assert 0 < doubts <= trial.batch
    still.go_on()
    still.wait()
    editions.settle(trial.ws, EDITION)
    taken = len(trial.taken())
    if step == "after the claim":
        assert taken == trial.people - doubts, "a fenced sender handed its batch over"
    else:
        assert trial.account().unknown == 0, "its receipt is proof"


for _step in ("after the claim", "before handing over", "after handing over"):
    add(f"comes back from the dead, frozen {_step}", (24,), partial(comes_back, _step), alone=True)


@scenario("comes back from the dead within its request", 24, 6, alone=True)
def comes_back_in_request(trial: Trial) -> None:
    trial.server.fail({"kind": "hang after processing", "seconds": 0.4})
    still = trial.start()
    trial.until_taken(1)
    trial.finish(host="another-host", clock=LEASE)
    still.wait()
    assert 0 < trial.account().unknown <= trial.batch


@scenario("comes back after a person settled its doubts", 24, alone=True)
def comes_back_settled(trial: Trial) -> None:
    """The receipt is proof and wins over what a person found out."""
    still = trial.start({"step": "before handing over", "nth": trial.some_batch(), "do": "stop"})
    assert still.until_stopped(), still.words()
    trial.finish(host="another-host", clock=LEASE)
    for one in editions.doubts(trial.ws, EDITION):
        editions.settle_doubt(
            trial.ws, EDITION, one.delivery_id, by="amy", via="test", reason="not in the log"
        )
    still.go_on()
    still.wait()
    account = trial.account()
    assert (account.failed, account.accepted) == (0, trial.people)


@scenario("two runs of one edition, one late", 26, alone=True)
def two_runs(trial: Trial) -> None:
    first = trial.start({"step": "after handing over", "nth": trial.some_batch(), "do": "stop"})
    assert first.until_stopped(), first.words()
    assert trial.start().report()["batches"] >= 0
    first.go_on()
    first.wait()
    trial.finish()
    assert trial.account().accepted == trial.people
