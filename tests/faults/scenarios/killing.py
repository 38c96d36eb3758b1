"""Senders killed at every step of a batch, from before its claim until it is recorded."""

from __future__ import annotations

import signal
from functools import partial

from tests.faults.scenarios.registry import add, scenario
from tests.faults.trial import Trial

KILLED = {
    "before the claim": 1,
    "in the claim": 1,
    "committed the claim": 2,
    "after the claim": 2,
    "before the journal": 2,
    "after the journal": 2,
    "before looking": 3,
    "before handing over": 3,
    "after handing over": 8,
    "before recording": 8,
    "in recording": 8,
    "committed recording": 8,
    "after recording": 8,
}
"""Step -> fault point."""

CERTAIN = ("before the claim", "in the claim", "committed recording", "after recording")


def killed_at(step: str, trial: Trial) -> None:
    killed = trial.start({"step": step, "nth": trial.some_batch(), "do": "kill"})
    assert killed.wait() == -signal.SIGKILL, killed.words()
    held = len(trial.claimed())
    trial.finish()
    assert trial.account().unknown == held, "who was claimed and not recorded, and nobody else"
    assert (held == 0) is (step in CERTAIN)


for _step, _point in KILLED.items():
    add(f"killed {_step}", (_point,), partial(killed_at, _step), alone=True)


@scenario("killed while the server reads or answers", 5, 6, alone=True)
def killed_in_the_request(trial: Trial) -> None:
    trial.server.fail({"kind": "hang after processing", "seconds": 0.5})
    waiting = trial.start()
    trial.until_taken(1)
    waiting.kill()
    trial.finish()
    assert trial.batches_in_doubt() == [trial.account().unknown], "one batch, whole"


@scenario("killed while it puts a batch back", 11, 2)
def killed_putting_back(trial: Trial) -> None:
    step = trial.rng.choice(("before", "in", "committed"))
    trial.first_let_pass(trial.some_batch() - 1, {"kind": "429"})
    killed = trial.start({"step": f"{step} putting back", "do": "kill"})
    assert killed.wait() == -signal.SIGKILL, killed.words()
    trial.time_passes()
    trial.finish()


@scenario("killed while it halves a batch", 13, 14)
def killed_halving(trial: Trial) -> None:
    step = trial.rng.choice(("before", "in", "committed"))
    trial.server.fail({"kind": "413"})
    killed = trial.start({"step": f"{step} halving", "do": "kill"})
    assert killed.wait() == -signal.SIGKILL, killed.words()
    trial.finish()


@scenario("several killed one after another", 1, 2, 3, 8, 23)
def several_killed(trial: Trial) -> None:
    for _ in range(trial.rng.randint(2, 4)):
        step = trial.rng.choice(list(KILLED))
        one = trial.start({"step": step, "nth": trial.rng.randint(1, 2), "do": "kill"})
        if trial.rng.random() < 0.5:
            one.wait()
    for one in trial.started:
        one.wait()
    trial.finish()


@scenario("breaks before anything left", 2, 3)
def breaks(trial: Trial) -> None:
    """A fault of our own, before the first byte: its batch is planned again, not in doubt."""
    step = trial.rng.choice(("before the journal", "after the journal", "before looking"))
    broken = trial.start({"step": step, "nth": trial.some_batch(), "do": "break"})
    assert broken.wait() == 1, broken.words()
    trial.finish()
    assert trial.account().accepted == trial.people
