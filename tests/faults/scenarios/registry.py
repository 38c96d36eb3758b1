"""What a scenario is, and the list of them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.trial import Trial

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


def scenario(name: str, *points: int) -> Callable[[Play], Play]:
    """Register a scenario."""

    def register(play: Play) -> Play:
        add(name, points, play)
        return play

    return register


def add(name: str, points: tuple[int, ...], play: Play) -> None:
    """Register a scenario made in a loop."""
    assert name not in SCENARIOS, name
    SCENARIOS[name] = Scenario(name, points, play)
