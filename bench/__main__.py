"""`python -m bench [NAME ...]`: run the benchmarks and print their ratios."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

# The benchmarks talk to this machine alone; a proxy would be in the way.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugins"))

from bench.measure import Options, Result, shown

NAMES = (
    "handover",
    "latency",
    "growth",
    "smtp",
    "imports",
    "events",
    "rendering",
    "mime",
    "prepare",
    "campaign_files",
    "through_airflow",
)


USUAL = tuple(name for name in NAMES if name != "through_airflow")
"""What is run unless told: not what starts Airflow, which takes minutes by itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; all but Airflow unless told."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument(
        "--people", "--rows", type=int, default=0, help="people, rows, events or files"
    )
    parser.add_argument("--peer-people", type=int, default=0, help="the same for a slow peer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path, help="where to work; on a real disk, not in memory")
    parser.add_argument("--latency", type=float, default=0, help="ms before each SMTP answer")
    parser.add_argument("--profile", action="store_true", help="say where our time goes instead")
    asked = parser.parse_args(arguments)
    unknown = sorted({*asked.names} - {*NAMES})
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    for name in asked.names or USUAL:
        with tempfile.TemporaryDirectory(prefix="outreach-bench-", dir=asked.folder) as folder:
            options = Options(
                Path(folder),
                asked.people,
                asked.peer_people,
                asked.rounds,
                asked.database,
                asked.latency,
            )
            _run(name, options, profile=asked.profile)
    return 0


def _run(name: str, options: Options, *, profile: bool) -> None:
    began = time.monotonic()
    if profile:
        from bench.profiling import hot_spots

        print(f"\n{name}, where the time goes:\n{hot_spots(name, replace(options, rounds=1))}")
        return
    result: Result = importlib.import_module(f"bench.{name}").run(options)
    print(f"\n{shown(result)}")
    print(f"    {name} took {time.monotonic() - began:,.0f} s in all", flush=True)


if __name__ == "__main__":
    sys.exit(main())
