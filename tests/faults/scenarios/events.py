"""Events before our own commit, twice, out of order, malformed, late, and all at once."""

from __future__ import annotations

from functools import partial

from outreach.flows import events
from tests.faults.scenarios.registry import add, scenario
from tests.faults.trial import Trial


def early(then: str, trial: Trial) -> None:
    """The provider's event is here before we recorded its receipt."""
    nth = trial.some_batch()
    held = trial.start({"step": "before recording", "nth": nth, "do": "stop"})
    assert held.until_stopped(), held.words()
    flying = trial.claimed()
    proven = trial.rng.sample(flying, trial.rng.randint(1, len(flying)))
    trial.post(*(trial.word(trial.rng.choice(("processed", "delivered")), n) for n in proven))
    if then == "killed":
        held.kill()
    else:
        held.go_on()
        assert held.wait() == 0, held.words()
    trial.finish()
    doubts = len(flying) - len(proven) if then == "killed" else 0
    assert trial.account().unknown == doubts


for _then in ("recorded", "killed"):
    add(f"an event before our own commit, then {_then}", (16,), partial(early, _then), alone=True)


def doubtful(trial: Trial) -> list[int]:
    """Send with one reply lost; returns who is in doubt."""
    trial.first_let_pass(trial.some_batch() - 1, {"kind": "reset after processing"})
    trial.finish()
    listed = {one.delivery_id for one in _doubts(trial)}
    assert listed
    return [n for n, one in enumerate(trial.ids) if one in listed]


def _doubts(trial: Trial) -> tuple[events.DrainReport, ...]:
    from outreach.flows import editions

    return editions.doubts(trial.ws, "news@one")  # type: ignore[return-value]


def came(how: str, trial: Trial) -> None:
    """Events about doubts, in every disorder: each doubt is settled, and counted once."""
    people = doubtful(trial)
    plain = [trial.word(word, n) for n in people for word in ("processed", "delivered")]
    match how:
        case "twice":
            posts = [plain, plain]
        case "with new ids":
            posts = [plain, [{**one, "sg_event_id": f"other {n}"} for n, one in enumerate(plain)]]
        case "out of order":
            posts = [[one] for one in trial.rng.sample(plain, len(plain))]
        case "with one malformed":
            posts = [[plain[0], {"event": 7, "timestamp": []}, *plain[1:]]]
        case _:
            posts = [[{**one, "timestamp": one["timestamp"] - 90_000} for one in plain]]
    for post in posts:
        trial.post(*post)
    account = trial.account()
    assert (account.unknown, account.became["delivered"]) == (0, len(people))


for _how, _point in {
    "twice": 17,
    "with new ids": 18,
    "out of order": 19,
    "a day late": 20,
    "with one malformed": 21,
}.items():
    add(f"events {_how}", (_point,), partial(came, _how))


@scenario("events never come", 20)
def never(trial: Trial) -> None:
    """No evidence settles nothing, and nothing in doubt is sent again."""
    people = doubtful(trial)
    taken = len(trial.taken())
    for _ in range(3):
        trial.start().report()
    assert len(trial.taken()) == taken
    assert trial.account().unknown == len(people)


@scenario("a flood of events after 23 hours", 22)
def flood(trial: Trial) -> None:
    """While another edition's people are being sent to: both come out right."""
    people = doubtful(trial)
    words = ("processed", "deferred", "delivered", "open")
    everyone = [
        trial.word(word, n, ago=23 * 3600 - at)
        for n in range(trial.people)
        for at, word in enumerate(words)
    ]
    trial.rng.shuffle(everyone)
    for _ in range(4):
        for start in range(0, len(everyone), 20):
            events.store_raw(trial.ws, "sendgrid", _body(everyone[start : start + 20]))
    report = events.drain(trial.ws)
    assert report.added == len(everyone)
    assert people
    assert trial.account().became["delivered"] == trial.people


def _body(happened: list[dict[str, object]]) -> bytes:
    import json

    return json.dumps(happened).encode()
