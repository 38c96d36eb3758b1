"""What a mail server, or the network before it, can answer or leave unanswered."""

from __future__ import annotations

import signal
import socket
from functools import partial

from outreach.flows import editions
from tests.faults.posting import OFFERS, posting
from tests.faults.scenarios.killing import CERTAIN, KILLED
from tests.faults.scenarios.registry import add
from tests.faults.trial import EDITION, Trial

ANSWERS = {
    # step, what the server does there -> the state that it leaves one person in
    ("content", "drop"): ("unknown", 5),
    ("content", "drop after"): ("unknown", 6),
    ("content", "reset after"): ("unknown", 6),
    ("content", "garbage"): ("unknown", 6),
    ("content", "451 4.3.0 later"): ("accepted", 11),
    ("content", "421 4.3.2 closing"): ("accepted", 11),
    ("content", "554 5.7.1 spam"): ("failed", 13),
    ("RCPT", "450 4.2.0 later"): ("accepted", 11),
    ("RCPT", "550 5.1.1 nobody"): ("failed", 13),
    ("MAIL", "421 4.3.2 closing"): ("accepted", 11),
    ("banner", "421 4.3.2 busy"): ("accepted", 4),
}
AHEAD = 4
"""People whose messages may be ahead of their answers on one connection."""


def goes_wrong(manner: str, step: str, order: str, state: str, trial: Trial) -> None:
    with posting(trial, manner) as server:
        nth = 0 if step == "banner" else trial.rng.randrange(trial.people)
        server.fail(step, *[""] * nth, order)
        trial.finish()
        account = trial.account()
        left_behind = manner == "chunked" and order.startswith("421") and step != "banner"
        assert account.unknown <= (AHEAD if state == "unknown" or left_behind else 0)
        assert account.unknown or state != "unknown"
        assert account.failed == int(state == "failed")
        assert account.planned == 0


def is_refused(trial: Trial) -> None:
    with posting(trial, "pipelined") as server, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{deaf.getsockname()[1]}"
        assert not trial.start(env={"OUTREACH_SMTP_URL": url}).report()["finished"]
        assert trial.account().planned == trial.people
        trial.time_passes()
        trial.finish()
        assert len(server.taken) == trial.people


def must_be_mended(trial: Trial) -> None:
    with posting(trial, "chunked") as server:
        server.always["MAIL"] = "550 5.7.1 sender refused"
        report = trial.start().report()
        assert "resume" in report["why"]
        assert server.taken == []
        server.always.clear()
        editions.resume(trial.ws, EDITION, by="amy", via="test")
        trial.finish()
        assert trial.account().accepted == trial.people


def killed_at(manner: str, step: str, trial: Trial) -> None:
    with posting(trial, manner):
        killed = trial.start({"step": step, "nth": trial.some_batch(), "do": "kill"})
        assert killed.wait() == -signal.SIGKILL, killed.words()
        held = len(trial.claimed())
        trial.finish()
        assert trial.account().unknown == held
        assert step not in CERTAIN or held <= trial.batch * 4


def killed_in_a_message(manner: str, trial: Trial) -> None:
    with posting(trial, manner) as server:
        server.fail("content", "", "hang")
        waiting = trial.start()
        trial.until_taken(1)
        waiting.kill()
        trial.finish()
        assert trial.account().unknown >= 1


def two_senders(manner: str, trial: Trial) -> None:
    with posting(trial, manner) as server:
        trial.finish(senders=2)
        assert len(server.taken) == trial.account().accepted == trial.people


BOTH = ("drop after", "421 4.3.2 closing", "550 5.1.1 nobody")
"""What is played in both manners; the rest differs in nothing."""

for _manner in OFFERS:
    for (_step, _order), (_state, _point) in ANSWERS.items():
        if _manner != "chunked" and _order not in BOTH:
            continue
        _play = partial(goes_wrong, _manner, _step, _order, _state)
        add(f"SMTP, {_manner}: {_order} at {_step}", (_point,), _play)
    add(f"SMTP, {_manner}: two senders", (23, 26), partial(two_senders, _manner))
    add(f"SMTP, {_manner}: killed in a message", (5, 6), partial(killed_in_a_message, _manner))
for _step in ("after the claim", "before handing over", "after handing over", "in recording"):
    add(f"SMTP: killed {_step}", (KILLED[_step],), partial(killed_at, "chunked", _step))
add("SMTP: connection refused", (4,), is_refused)
add("SMTP: sender refused until mended", (12,), must_be_mended)
