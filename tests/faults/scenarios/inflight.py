"""Several batches of one sender in flight at once, when something goes wrong."""

from __future__ import annotations

import signal
from functools import partial

from outreach.flows import editions
from tests.faults.scenarios.registry import add, scenario
from tests.faults.senders import SenderProcess
from tests.faults.trial import EDITION, MANY, Trial


def hold_replies(trial: Trial) -> int:
    """Let no reply come yet; returns how many batches a sender then has in flight."""
    trial.server.take_time({"": 60})
    return min(MANY, trial.batches())


def all_out(trial: Trial, many: int) -> SenderProcess:
    """Start a sender and wait until it has so many batches in flight."""
    one = trial.start()
    trial.until(batches=many, state="claimed")
    return one


def sent_all_but(trial: Trial, doubts: int) -> None:
    """Everybody was written to, but for so many in doubt."""
    trial.server.take_time({})
    trial.finish()
    account = trial.account()
    assert (account.unknown, account.failed, account.planned) == (doubts, 0, 0)


@scenario("killed with several in flight", 5, 6, 8)
def killed(trial: Trial) -> None:
    """All that was in flight is in doubt, and nothing else."""
    many = hold_replies(trial)
    all_out(trial, many).kill()
    held = len(trial.claimed())
    sent_all_but(trial, held)
    assert len(trial.batches_in_doubt()) == many


REPLIED = ("after handing over", "in recording", "committed recording")
"""Steps that a sender comes to only when replies come."""


def killed_at(step: str, trial: Trial) -> None:
    many = hold_replies(trial)
    one = trial.start({"step": step, "nth": trial.rng.randint(2, many), "do": "kill"})
    if step in REPLIED:
        trial.until(batches=many, state="claimed")
        trial.server.take_time({})
    assert one.wait() == -signal.SIGKILL, one.words()
    held = len(trial.claimed())
    sent_all_but(trial, held)
    assert len(trial.batches_in_doubt()) <= many


for _step, _point in {
    "in the claim": 1,
    "before looking": 3,
    "before handing over": 3,
    "after handing over": 8,
    "in recording": 8,
    "committed recording": 8,
}.items():
    add(f"killed {_step}, several in flight", (_point,), partial(killed_at, _step))


@scenario("one reply of several is lost", 6)
def one_reply_lost(trial: Trial) -> None:
    many = hold_replies(trial)
    trial.first_let_pass(trial.rng.randint(0, many - 1), {"kind": "reset after processing"})
    one = trial.start()
    trial.until(batches=many - 1, state="claimed")
    trial.server.take_time({})
    report = one.report()
    assert trial.batches_in_doubt() == [report["in_doubt"]], "one batch, whole"
    sent_all_but(trial, report["in_doubt"])


def told_while_in_flight(kind: str, trial: Trial) -> None:
    """Claiming stops at once; what is in flight is recorded as what it comes to."""
    many = hold_replies(trial)
    trial.first_let_pass(1, {"kind": kind, "seconds": 600})
    one = trial.start()
    trial.until(batches=1, state="planned")
    trial.server.take_time({})
    report = one.report()
    assert not report["finished"]
    account = trial.account()
    assert (account.claimed, account.unknown) == (0, 0)
    assert account.accepted == len(trial.taken()) <= (many - 1) * trial.batch
    editions.resume(trial.ws, EDITION, by="amy", via="test") if kind == "401" else None
    trial.time_passes()
    sent_all_but(trial, 0)


for _kind, _point in {"429": 11, "401": 12}.items():
    add(f"{_kind} while others are in flight", (_point,), partial(told_while_in_flight, _kind))


def ordered(order: str, trial: Trial) -> None:
    """Nothing more is handed over; what is in flight is accounted for to the person."""
    many = hold_replies(trial)
    one = all_out(trial, many)
    command = editions.cancel if order == "cancelled" else editions.pause
    command(trial.ws, EDITION, by="amy", via="test", reason="a mistake in it")
    trial.server.take_time({})
    assert one.wait() == 0, one.words()
    account = editions.settle(trial.ws, EDITION)
    assert (account.accepted, account.unknown) == (len(trial.taken()), 0)
    if order == "cancelled":
        assert account.cancelled == trial.people - account.accepted
        return
    if account.planned:
        editions.resume(trial.ws, EDITION, by="amy", via="test")
        sent_all_but(trial, 0)


for _order in ("cancelled", "paused"):
    add(f"{_order} with several in flight", (2, 8), partial(ordered, _order))


@scenario("comes back from the dead with several in flight", 24)
def comes_back(trial: Trial) -> None:
    """Its replies are proof; the batch that it had not handed over yet is not handed over."""
    last = hold_replies(trial)
    still = trial.start({"step": "before looking", "nth": last, "do": "stop"})
    assert still.until_stopped(), still.words()
    held = len(trial.claimed())
    trial.server.take_time({})
    trial.finish(host="another-host", clock=3600)
    assert trial.account().unknown == held
    assert len(trial.batches_in_doubt()) == last
    still.go_on()
    still.wait()
    assert len(trial.batches_in_doubt()) == 1
    assert len(trial.taken()) == trial.people - trial.account().unknown


@scenario("one hand-over breaks, several in flight", 3)
def one_breaks(trial: Trial) -> None:
    """A fault of our own in one of them: that one is in doubt, the others are recorded."""
    many = hold_replies(trial)
    nth = trial.rng.randint(1, many)
    broken = trial.start({"step": "before handing over", "nth": nth, "do": "break"})
    trial.until(batches=1, state="unknown")
    trial.server.take_time({})
    assert broken.wait() == 1, broken.words()
    account = trial.account()
    assert (account.claimed, len(trial.batches_in_doubt())) == (0, 1)
    sent_all_but(trial, account.unknown)


@scenario("interrupted with several in flight", 2, 8)
def interrupted(trial: Trial) -> None:
    """As by Ctrl-C: replies that are out are waited for, for a moment, and recorded."""
    many = hold_replies(trial)
    one = trial.start({"step": "before looking", "nth": many, "do": "interrupt"})
    trial.until(batches=many, state="claimed")
    trial.server.take_time({})
    assert one.wait() == 1, one.words()
    held = len(trial.claimed())
    assert 0 < held <= trial.batch, "only what was not handed over yet"
    sent_all_but(trial, held)
