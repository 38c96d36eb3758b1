"""Import a messy CSV of contacts, against pandas and email-validator on the same file.

Each import runs in a process of its own, on an empty database, so that its peak memory is its
own. Starting Python, loading libraries and making tables are outside the timing on both sides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.deployment import databases, deployment
from bench.measure import (
    Comparison,
    Options,
    Result,
    Sample,
    WriterClock,
    memory_now,
    memory_peak,
    profiles,
    timed,
    timed_ours,
)
from bench.people import write_messy_csv
from outreach.flows.imports import import_file
from outreach.ledger.engine import open_engine
from outreach.records import ImportState
from outreach.settings import ROOT

ROWS = 100_000
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: how long, how many bytes more than before at the worst, contacts after it."""

    seconds: float
    grown: int
    contacts: int
    longest_write: float = 0.0
    cpu: float = 0.0


def run(options: Options) -> Result:
    """Compare speed and memory."""
    rows = options.people or ROWS
    file = options.folder / "contacts.csv"
    write_messy_csv(file, rows)
    ours = Sample("Outreach: validate, normalise, merge, quarantine", rows)
    peer = Sample("pandas.read_csv + email-validator + to_sql", rows)
    ours_memory, peer_memory = Sample(ours.what, rows), Sample(peer.what, rows)
    longest = 0.0
    with databases(options) as new:
        for number in range(options.rounds):
            mine = _apart("ours", file, options.folder / f"home{number}", new(f"ours{number}"))
            theirs = _apart("peer", file, options.folder, new(f"peer{number}"))
            _must_agree(mine, theirs)
            ours.add_rate(mine.seconds)
            peer.add_rate(theirs.seconds)
            ours_memory.values.append(mine.grown / MB)
            peer_memory.values.append(theirs.grown / MB)
            longest = max(longest, mine.longest_write)
    kind = options.database
    return Result(
        (
            Comparison(f"imports-{kind}-speed", "rows/s", ours, peer),
            Comparison(f"imports-{kind}-memory", "MB more", ours_memory, peer_memory, more=False),
        ),
        (f"one transaction kept other writers waiting for {longest * 1000:,.0f} ms at most",),
    )


def take_ours(file: Path, home: Path, url: str) -> Imported:
    """Import the file as `outreach import` does."""
    with deployment(home, url) as ws:
        clock = WriterClock(ws.engine)
        before, cpu = memory_now(), time.process_time()
        with timed_ours() as seconds:
            done = import_file(
                ws,
                file,
                "contacts",
                constants={"basis": "public_task", "evidence": "made up for a benchmark"},
                by="amy",
                via="bench",
            )
        if done.state is not ImportState.DONE:
            raise RuntimeError(done.message)
        grown = memory_peak() - before
        cpu = time.process_time() - cpu
        return Imported(seconds(), grown, done.created, clock.longest, cpu)


def take_peer(file: Path, url: str) -> Imported:
    """Read, validate and store the file as a short script would."""
    import pandas  # half a second that only this process has to spend
    from email_validator import EmailNotValidError, validate_email

    def validated(cell: str) -> str:
        try:
            return validate_email(cell, check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            return ""

    engine = open_engine(url)
    before, cpu = memory_now(), time.process_time()
    with timed() as seconds:
        frame = pandas.read_csv(file, dtype=str, keep_default_na=False)
        frame = frame.apply(lambda column: column.str.strip())
        frame["Email address"] = [validated(cell) for cell in frame["Email address"]]
        frame = frame[frame["Email address"] != ""].drop_duplicates("Email address")
        with engine.begin() as connection:
            frame.to_sql("contact", connection, index=False, chunksize=10_000)
    grown = memory_peak() - before
    cpu = time.process_time() - cpu
    engine.dispose()
    return Imported(seconds(), grown, len(frame), cpu=cpu)


def _apart(who: str, file: Path, home: Path, url: str) -> Imported:
    if profiles:
        return take_ours(file, home, url) if who == "ours" else take_peer(file, url)
    found = subprocess.run(
        [sys.executable, "-m", "bench.imports", who, str(file), str(home), url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Imported(**json.loads(found.stdout))


def _must_agree(ours: Imported, peer: Imported) -> None:
    if ours.contacts != peer.contacts:
        raise RuntimeError(
            f"Outreach made {ours.contacts} contacts of the file and the peer {peer.contacts}: "
            "they do not do the same work"
        )


def _main(who: str, file: str, home: str, url: str) -> None:
    done = take_ours(Path(file), Path(home), url) if who == "ours" else take_peer(Path(file), url)
    print(json.dumps(asdict(done)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
