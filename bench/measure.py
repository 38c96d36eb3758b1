"""Time, memory, and what is made of them: medians, and a ratio for each round."""

from __future__ import annotations

import cProfile
import gc
import os
import re
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

Timing = Callable[[], AbstractContextManager[Callable[[], float]]]
"""`timed` or `timed_ours`."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a benchmark is run. `people` and `peer_people` of 0 mean its own default."""

    folder: Path
    people: int = 0
    peer_people: int = 0
    rounds: int = 3
    database: str = "sqlite"
    latency: float = 0.0
    """Milliseconds before each answer of a mail server."""


@dataclass(slots=True)
class Sample:
    """One side of a comparison: what it is, and one value per round for `size` items each."""

    what: str
    size: int
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle value of the rounds."""
        return statistics.median(self.values)

    def add_rate(self, seconds: float) -> None:
        """Add a round that handled `size` items in `seconds`."""
        self.values.append(self.size / seconds)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours beside a peer, round by round. `more` says whether a larger value is better."""

    name: str
    unit: str
    ours: Sample
    peer: Sample
    more: bool = True

    @property
    def ratios(self) -> list[float]:
        """How many times better ours was, one ratio per round, smallest first."""
        pairs = zip(self.ours.values, self.peer.values, strict=True)
        return sorted(a / b if self.more else b / a for a, b in pairs)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios)


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found; `notes` are further figures, in words."""

    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Time a block, garbage swept up before; the value is asked for after the block."""
    gc.collect()
    began = time.perf_counter()
    ended = 0.0
    try:
        yield lambda: ended - began
    finally:
        ended = time.perf_counter()


profiles: list[cProfile.Profile] = []
"""The profiler to run in the blocks that time Outreach, where one is asked for."""


@contextmanager
def timed_ours() -> Iterator[Callable[[], float]]:
    """Time a block of Outreach's own work; it is profiled where that was asked for."""
    with timed() as seconds:
        for profile in profiles:
            profile.enable()
        try:
            yield seconds
        finally:
            for profile in profiles:
                profile.disable()


class WriterClock:
    """The longest time for which a connection held the right to write, in seconds.

    On SQLite every other writer waits for so long, an unsubscribe among them. The commit counts,
    with its wait for the disk; so does a checkpoint that SQLite does in it, though it has let the
    next writer in by then.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.longest = 0.0
        self._began: dict[int, float] = {}
        event.listen(engine, "begin", self._begin)
        dialect = engine.dialect
        # No event comes after a commit: the dialect's own method is the last that is called.
        for end in ("do_commit", "do_rollback"):
            setattr(dialect, end, self._timed(getattr(dialect, end)))

    def _begin(self, connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("outreach_reading"):
            self._began[self._key(connection.connection)] = time.perf_counter()

    def _timed(self, finish: Callable[[Any], None]) -> Callable[[Any], None]:
        def finished(connection: Any) -> None:
            try:
                finish(connection)
            finally:
                began = self._began.pop(self._key(connection), None)
                if began is not None:
                    self.longest = max(self.longest, time.perf_counter() - began)

        return finished

    @staticmethod
    def _key(connection: Any) -> int:
        """The driver's own connection: what wraps it may differ between begin and commit."""
        return id(getattr(connection, "dbapi_connection", connection))


def memory_now() -> int:
    """Return the bytes that this process holds now (its peak where that cannot be known)."""
    return _status("VmRSS") or memory_peak()


def memory_peak() -> int:
    """Return the most bytes that this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Helpers:
    """The most bytes that processes started by this one held, together; 0 off Linux.

    getrusage would show what this process held when it started them.
    """

    def __init__(self) -> None:
        self._peaks: dict[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Helpers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def peak(self) -> int:
        """The most that each held, added up."""
        return sum(self._peaks.values())

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for children in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
                try:
                    for child in children.read_text().split():
                        held = _status("VmHWM", child)
                        self._peaks[child] = max(held, self._peaks.get(child, 0))
                except OSError:
                    continue  # it has just ended


def _status(name: str, process: str = "self") -> int:
    # getrusage would show what the parent held when it started this process.
    status = Path(f"/proc/{process}/status")
    found = re.search(rf"{name}:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0


def shown(result: Result) -> str:
    """Return a result for people to read."""
    lines: list[str] = []
    for one in result.comparisons:
        words = "x" if one.more else "x less"
        lines.append(f"{one.name}: {_number(one.ratio)}{words}  ({_range(one.ratios)})")
        for sample in (one.ours, one.peer):
            size = f"{sample.size:,}, {len(sample.values)} rounds"
            lines.append(f"    {_number(sample.median):>10} {one.unit}  {sample.what} ({size})")
    lines += [f"    {note}" for note in result.notes]
    return "\n".join(lines)


def _range(ratios: list[float]) -> str:
    return f"{_number(ratios[0])} to {_number(ratios[-1])}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"
