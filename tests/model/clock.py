"""A clock that the test moves: every part of Outreach reads it instead of the wall's."""

from __future__ import annotations

import datetime as real
import sys
import time
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest

START = real.datetime(2026, 11, 23, 10, 0, tzinfo=real.UTC)


class Clock:
    """Now, as far as this deployment knows."""

    def __init__(self) -> None:
        self.now = START

    def advance(self, seconds: float) -> None:
        self.now += real.timedelta(seconds=seconds)


def install(clock: Clock, asleep: Callable[[float], None], patch: pytest.MonkeyPatch) -> None:
    """Make Outreach's modules ask `clock`, and hand `asleep` the seconds they would sleep."""

    class Moved(real.datetime):
        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> real.datetime:
            return clock.now.astimezone(tz)

    def seconds() -> float:
        return clock.now.timestamp()

    watch = SimpleNamespace(monotonic=seconds, perf_counter=seconds, time=seconds, sleep=asleep)
    for module in outreach_modules():
        for name, value in list(vars(module).items()):
            if value is real.datetime:
                patch.setattr(module, name, Moved)
            elif value is time:
                patch.setattr(module, name, watch)


def outreach_modules() -> list[ModuleType]:
    """Every module of the package that is loaded."""
    return [m for name, m in sys.modules.items() if name.partition(".")[0] == "outreach" and m]
