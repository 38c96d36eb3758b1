"""What a scenario is, and the list of them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.trial import MANY, Trial

Play = Callable[[Trial], None]


@dataclass(frozen=True)
class Scenario:
    """One way in which sending can go wrong, and the fault points that it stands for.

    `play` does it to a trial, then sends to the end; whether the promise held is judged after.
    """

    name: str
    points: tuple[int, ...]
    play: Play


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, *points: int, alone: bool = False) -> Callable[[Play], Play]:
    """Register a scenario; see `add`."""

    def register(play: Play) -> Play:
        add(name, points, play, alone=alone)
        return play

    return register


def add(name: str, points: tuple[int, ...], play: Play, *, alone: bool = False) -> None:
    """Register a scenario made in a loop.

    `alone`: its senders have one batch in flight, as it counts what that one comes to, or stops
    them where another thread may hold the ledger. Else they have as many as SendGrid is given.
    """
    assert name not in SCENARIOS, name

    def played(trial: Trial) -> None:
        trial.in_flight = 1 if alone else MANY
        play(trial)

    SCENARIOS[name] = Scenario(name, points, played)
