"""Orders that come in the middle of sending: pause, cancel, the global stop."""

from __future__ import annotations

from functools import partial

from outreach.flows import editions
from tests.faults.scenarios.registry import add
from tests.faults.steps import CALLS
from tests.faults.trial import EDITION, Trial

STEPS = [f"{when} {step}" for step in list(CALLS)[:5] for when in ("before", "after")]


def ordered(order: str, trial: Trial) -> None:
    """At any step of any batch: no further batch is claimed, and the account is exact."""
    step = trial.rng.choice(STEPS)
    held = trial.start({"step": step, "nth": trial.some_batch(), "do": "stop"})
    assert held.until_stopped(), held.words()
    flying = len(trial.claimed())
    before = trial.account()
    command = editions.cancel if order == "cancelled" else editions.pause
    command(trial.ws, EDITION, by="amy", via="test", reason="a mistake in it")
    held.go_on()
    assert held.wait() == 0, held.words()
    account = editions.settle(trial.ws, EDITION)
    assert account.accepted + account.unknown <= before.accepted + flying
    if order == "cancelled":
        assert account.planned == 0
        assert account.cancelled >= before.planned
        return
    assert trial.start().report()["handed_over"] == 0
    editions.resume(trial.ws, EDITION, by="amy", via="test")
    trial.finish()
    assert trial.account().accepted == trial.people


for _order in ("cancelled", "paused"):
    add(f"{_order} at any moment", (2, 3, 8), partial(ordered, _order), alone=True)
