"""Where our own time goes, function by function, in the part that a benchmark times."""

from __future__ import annotations

import cProfile
import importlib
import pstats
from pathlib import Path

from bench import measure
from bench.measure import Options

_OWN = "outreach"
_SHOWN = 14


def hot_spots(name: str, options: Options) -> str:
    """Run one round of a benchmark under the profiler; returns its longest functions.

    Shares are of the profiled time, which is longer than the real time.
    """
    profile = cProfile.Profile()
    measure.profiles.append(profile)
    try:
        importlib.import_module(f"bench.{name}").run(options)
    finally:
        measure.profiles.remove(profile)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in stats.values())
    by_own = sorted(stats.items(), key=lambda item: -item[1][2])[:_SHOWN]
    ours = [item for item in stats.items() if f"/{_OWN}/" in item[0][0]]
    by_all = sorted(ours, key=lambda item: -item[1][3])[:_SHOWN]
    lines = ["  in the function itself:"]
    lines += [f"    {row[2] / total:4.0%} {row[0]:>9,}x {_place(at)}" for at, row in by_own]
    lines += ["  Outreach's functions, with all that they call:"]
    lines += [f"    {row[3] / total:4.0%} {row[0]:>9,}x {_place(at)}" for at, row in by_all]
    return "\n".join(lines)


def _place(at: tuple[str, int, str]) -> str:
    file, line, function = at
    parts = Path(file).parts[-2:]
    return f"{function} ({'/'.join(parts)}:{line})" if line else function
