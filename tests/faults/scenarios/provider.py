"""Everything that a provider, or the network before it, can answer or leave unanswered."""

from __future__ import annotations

import socket
from functools import partial

from outreach.flows import editions
from tests.faults.scenarios.registry import add, scenario
from tests.faults.trial import EDITION, Trial


def sent_all(trial: Trial, *, doubts: int = 0) -> None:
    """Everybody was written to, but for so many in doubt."""
    account = trial.account()
    assert (account.unknown, account.failed, account.planned) == (doubts, 0, 0)


def unreachable(address: str, trial: Trial) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = deaf.getsockname()[1]
        there = address.format(port=port, tls=trial.server.address.replace("http:", "https:"))
        away = trial.start(env={"OUTREACH_SENDGRID_BASE_URL": there})
        assert not away.report()["finished"]
    assert trial.account().planned == trial.people
    trial.time_passes()
    trial.finish()
    sent_all(trial)


for _name, _address in {
    "connection refused": "http://127.0.0.1:{port}",
    "name not found": "http://nowhere.invalid:{port}",
    "TLS fails": "{tls}",
}.items():
    add(_name, (4,), partial(unreachable, _address))


def fails_once(kind: str, doubtful: bool, trial: Trial) -> None:
    trial.first_let_pass(trial.some_batch() - 1, {"kind": kind, "seconds": 0.1})
    trial.finish()
    doubts = trial.account().unknown
    assert trial.batches_in_doubt() == ([doubts] if doubtful else []), "one batch, whole"
    assert bool(doubts) is doubtful
    sent_all(trial, doubts=doubts)


for _kind, (_doubtful, *_points) in {
    "reset before reading": (True, 5, 7),
    "reset mid-body": (True, 5),
    "reset after processing": (True, 6),
    "hang before processing": (True, 7),
    "hang after processing": (True, 6),
    "500": (True, 7),
    "503 after acceptance": (True, 15),
    "garbage reply": (True, 6),
    "202 without id": (False, 9),
    "429": (False, 11),
}.items():
    add(_kind, tuple(_points), partial(fails_once, _kind, _doubtful))


@scenario("a reply that trickles without end", 6)
def trickles(trial: Trial) -> None:
    trial.first_let_pass(trial.some_batch() - 1, {"kind": "trickle", "seconds": 0.02})
    trial.finish(exchange=0.3)
    assert trial.batches_in_doubt() == [trial.account().unknown], "one batch, whole"


@scenario("a storm of 429", 11, 23)
def storm(trial: Trial) -> None:
    trial.server.fail({"kind": "429", "times": trial.rng.randint(3, 6), "seconds": 1})
    trial.finish(senders=2)
    sent_all(trial)


@scenario("429 until next week", 11)
def told_to_wait_long(trial: Trial) -> None:
    trial.server.fail({"kind": "429", "seconds": 7 * 86_400, "times": 1000})
    first = trial.start()
    assert "wait" in first.report()["why"]
    second = trial.start()
    assert "wait" in second.report()["why"]
    assert not trial.taken()
    trial.server.fail()
    trial.time_passes()
    trial.finish()
    sent_all(trial)


def must_be_mended(kind: str, trial: Trial) -> None:
    good = trial.some_batch() - 1
    trial.first_let_pass(good, {"kind": kind, "times": 2})
    report = trial.start().report()
    assert not report["finished"]
    assert kind in report["why"]
    assert "resume" in report["why"]
    before = len(trial.taken())
    assert trial.start().report()["handed_over"] == 0
    assert len(trial.taken()) == before
    trial.server.fail()
    editions.resume(trial.ws, EDITION, by="amy", via="test")
    trial.finish()
    sent_all(trial)


for _kind in ("401", "403"):
    add(f"{_kind} in the middle of an edition", (12,), partial(must_be_mended, _kind))


@scenario("400 because of one row", 13)
def one_bad_row(trial: Trial) -> None:
    bad = trial.rng.randrange(trial.people)
    trial.server.fail({"kind": "bad row", "email": trial.address(bad)})
    trial.finish()
    account = trial.account()
    assert (account.failed, account.accepted) == (1, trial.people - 1)
    assert "Invalid" in next(iter(account.reasons["failed"]))


@scenario("400 for everybody", 13)
def all_bad(trial: Trial) -> None:
    trial.server.fail({"kind": "400", "times": 1000})
    assert not trial.taken()
    for _ in range(6):
        if trial.start().report()["finished"]:
            break
        editions.resume(trial.ws, EDITION, by="amy", via="test")
    account = trial.account()
    assert (account.failed, account.accepted) == (trial.people, 0)


@scenario("413 above a size", 14)
def too_large(trial: Trial) -> None:
    trial.server.fail({"kind": "too large", "above": trial.rng.randint(2200, 4000)})
    trial.finish()
    sent_all(trial)
