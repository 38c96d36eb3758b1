"""`python -m bench.messy_run`: import long messy lists and compare all with what is true of them.

Exits with 1 where an import differs from the truth of its list.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugins"))

from bench.deployment import databases, deployment
from bench.measure import Options, memory_peak
from bench.messy import Messy
from bench.messy_check import differences
from bench.messy_files import FORMS, Form, file_name, write
from outreach.flows.imports import import_file

MB = 1_000_000
KEPT = 2_000
"""Of about so many people, every field is compared."""
MANY = 100_000
"""Longer lists are played in the first form alone; nor may a workbook be much longer."""


@dataclass(frozen=True, slots=True)
class Play:
    """One list to import."""

    form: Form
    messy: Messy
    kind: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Play every form of file at each size; return how the process is to exit."""
    asked = _parser().parse_args(arguments)
    wrong = 0
    for rows in asked.rows:
        for form in [*FORMS.values()][: None if rows <= MANY else 1]:
            for kind in ("contacts", "pledges"):
                messy = Messy(rows, asked.seed, kind == "pledges", every=max(1, rows // KEPT))
                wrong += _played(Play(form, messy, kind), asked.database, asked.folder)
    return 1 if wrong else 0


def _played(play: Play, database: str, folder: Path | None) -> bool:
    with ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="outreach-messy-", dir=folder)
        home = Path(stack.enter_context(made))
        truth = write(home, play.messy, play.form)
        new = stack.enter_context(databases(Options(home, database=database)))
        ws = stack.enter_context(deployment(home / "home", new("messy")))
        file = home / file_name(play.form)
        size, began = file.stat().st_size, time.perf_counter()
        done = import_file(ws, file, play.kind, by="amy", via="bench")
        seconds = time.perf_counter() - began
        found = differences(ws.engine, done, truth)
    print(
        f"{'BAD' if found else 'ok':4}{play.messy.rows:>10,} {play.kind:9} {play.form.name:18}"
        f"{size / MB:7,.1f} MB {seconds:7,.1f} s  at most {memory_peak() / MB:,.0f} MB held",
        flush=True,
    )
    for difference in found[:20]:
        print(f"     {difference}")
    return bool(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.messy_run", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path, help="where to work; on a real disk, not in memory")
    return parser


if __name__ == "__main__":
    sys.exit(main())
