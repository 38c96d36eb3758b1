"""Clocks that jump, in one sender or in all, and keys that change, while an edition is sent."""

from __future__ import annotations

from functools import partial

from outreach.flows.objections import unsubscribe
from outreach.settings import load_settings
from outreach.workspace import open_workspace
from tests.faults.databases import KEYS
from tests.faults.scenarios.registry import add, scenario
from tests.faults.trial import Trial

OLD = KEYS["OUTREACH_TOKEN_KEYS"]
NEW = f"k2:a newer token key for tests,{OLD}"


def clock_set(seconds: float, step: str, trial: Trial) -> None:
    act = {"step": step, "nth": trial.some_batch(), "do": "set the clock", "seconds": seconds}
    kind = trial.rng.choice(("", "429", "reset after processing"))
    trial.first_let_pass(trial.some_batch() - 1, {"kind": kind, "seconds": 1})
    jumped = trial.start(act)
    beside = trial.start(host="another-host", clock=trial.rng.choice((0, 30, -30)))
    for one in (jumped, beside):
        assert one.wait() == 0, one.words()
    trial.time_passes()
    trial.finish()


for _word, _seconds in {"forward": 7200, "back": -7200}.items():
    for _step in ("after the claim", "after handing over"):
        add(f"the clock is set {_word} {_step}", (31,), partial(clock_set, _seconds, _step))


@scenario("clocks of two hosts differ by an hour", 31, 23)
def clocks_differ(trial: Trial) -> None:
    """One host takes the other's leases for over: doubts, and never a double."""
    running = [
        trial.start(host="one-host"),
        trial.start(host="another-host", clock=trial.rng.choice((3600, -3600))),
    ]
    for one in running:
        assert one.wait() == 0, one.words()
    trial.finish()


@scenario("token keys rotate in the middle", 34, alone=True)
def keys_rotate(trial: Trial) -> None:
    """Links made with the old key and with the new one both work afterwards."""
    old = trial.start({"step": "after recording", "nth": 1, "do": "stop"})
    assert old.until_stopped(), old.words()
    old.kill()
    trial.finish(env={"OUTREACH_TOKEN_KEYS": NEW})
    assert trial.account().accepted == trial.people
    rotated = load_settings({**trial.environment(), "OUTREACH_TOKEN_KEYS": NEW})
    ws = open_workspace(rotated)
    kids = set()
    for one in trial.taken():
        link = one["headers"]["List-Unsubscribe"].strip("<>")
        token = link.rpartition("/")[2]
        kids.add(token.partition(".")[0])
        assert not unsubscribe(ws, token).already
    ws.engine.dispose()
    assert len({one["delivery"] for one in trial.taken()}) == trial.people
    assert kids == ({"k1", "k2"} if trial.account().accepted > trial.batch else kids)


@scenario("the address key is wrong", 34)
def wrong_address_key(trial: Trial) -> None:
    """Suppressions would not be recognised: such a sender sends nothing."""
    wrong = trial.start(env={"OUTREACH_ADDRESS_KEY": "quite another address key"})
    assert wrong.wait() == 3
    assert "OUTREACH_ADDRESS_KEY" in wrong.words()
    assert not trial.taken()
    trial.finish()
