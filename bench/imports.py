"""Import a messy CSV of contacts, against pandas and email-validator on the same file.

Each import runs in a process of its own, on an empty database, so that its peak memory is its
own. Starting Python, loading libraries and making tables are outside the timing on both sides.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from bench.deployment import databases, deployment
from bench.measure import (
    Comparison,
    Helpers,
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
from bench.people import CODES, write_messy_csv
from outreach.flows.intake import take_file
from outreach.ledger.engine import open_engine
from outreach.ledger.people import organisation
from outreach.records import ImportKind, ImportResult, ImportState
from outreach.settings import ROOT
from outreach.sources.reading import Columns
from outreach.workspace import Workspace

ROWS = 100_000
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: how long, how many bytes more than before at the worst, contacts after it.

    `grown` has all that its second process held. `cpu` is seconds of this process's own work,
    which a busy machine does not stretch.
    """

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
    upsert = Sample("Outreach: validate, normalise, merge, with who said what", rows)
    whole = Sample("Outreach: the same with basis, organisations and precedence", rows)
    peer = Sample("pandas.read_csv + email-validator + to_sql", rows)
    ours_memory, peer_memory = Sample(whole.what, rows), Sample(peer.what, rows)
    runs: list[tuple[Imported, Imported, Imported]] = []
    with databases(options) as new:
        for n in range(options.rounds):
            home = options.folder / f"home{n}"
            plain = _apart("upsert", file, home / "plain", new(f"plain{n}"))
            mine = _apart("everything", file, home / "whole", new(f"whole{n}"))
            theirs = _apart("peer", file, options.folder, new(f"peer{n}"))
            _must_agree(plain, theirs)
            _must_agree(mine, theirs)
            for sample, one in ((upsert, plain), (whole, mine), (peer, theirs)):
                sample.add_rate(one.seconds)
            ours_memory.values.append(mine.grown / MB)
            peer_memory.values.append(theirs.grown / MB)
            runs.append((plain, mine, theirs))
        notes = [*_notes(runs, rows), *_further(options, file, rows, new)]
    kind = options.database
    return Result(
        (
            Comparison(f"imports-{kind}-upsert", "rows/s", upsert, peer),
            Comparison(f"imports-{kind}-everything", "rows/s", whole, peer),
            Comparison(f"imports-{kind}-memory", "MB more", ours_memory, peer_memory, more=False),
        ),
        tuple(notes),
    )


def _notes(runs: list[tuple[Imported, Imported, Imported]], rows: int) -> list[str]:
    plain, mine, theirs = (
        statistics.median(one.cpu for one in kind) for kind in zip(*runs, strict=True)
    )
    longest = max(one.longest_write for some in runs for one in some[:2])
    return [
        f"one transaction kept other writers waiting for {longest * 1000:,.0f} ms at most",
        "work of the process itself per row, in millionths of a second: "
        f"{plain / rows * MB:,.1f}, {mine / rows * MB:,.1f}, the peer {theirs / rows * MB:,.1f}",
    ]


def _further(options: Options, file: Path, rows: int, new: Callable[[str], str]) -> Iterator[str]:
    """Say what else an import meets: the same list again, another format, a longer list."""
    if rows < ROWS:
        return
    again = _apart("again", file, options.folder / "again", new("again"))
    yield f"the same list again, nothing changed: {rows / again.seconds:,.0f} rows/s"
    other = _apart("other", file, options.folder / "other", new("other"))
    yield f"the same list from a second source: {rows / other.seconds:,.0f} rows/s"
    book = options.folder / "contacts.xlsx"
    write_workbook(file, book, ROWS)
    read = _apart("everything", book, options.folder / "book", new("book"))
    yield f"an XLSX of {ROWS:,} rows: {read.seconds:,.1f} s, {read.grown / MB:,.0f} MB more"
    if rows > ROWS:
        short = options.folder / "short.csv"
        write_messy_csv(short, ROWS)
        few = _apart("everything", short, options.folder / "short", new("short"))
        many = _apart("everything", file, options.folder / "long", new("long"))
        grown = (many.grown - few.grown) / MB
        yield f"memory grows by {grown:,.0f} MB from {ROWS:,} to {rows:,} rows"


def take_ours(how: str, file: Path, home: Path, url: str) -> Imported:
    """Import the file as `outreach import` does; `how`: upsert, everything, again, other."""
    with deployment(home, url) as ws:
        if how != "upsert":
            _add_practices(ws)
        if how in ("again", "other"):
            _take(ws, file, how, "list")
            other = file.with_name("again.csv")
            shutil.copy(file, other)
            other.write_bytes(other.read_bytes() + b"\n")
            file = other
        clock = WriterClock(ws.engine)
        before, cpu = memory_now(), time.process_time()
        with Helpers() as helpers, timed_ours() as seconds:
            done = _take(ws, file, how, "list" if how != "other" else "survey")
        cpu = time.process_time() - cpu
        if done.state is not ImportState.DONE:
            raise RuntimeError(done.message)
        grown = memory_peak() - before + helpers.peak
        return Imported(seconds(), grown, done.created, clock.longest, cpu)


def _take(ws: Workspace, file: Path, how: str, source: str) -> ImportResult:
    whole = how != "upsert"
    basis = {"basis": "public_task", "evidence": "made up for a benchmark"}
    return take_file(
        ws,
        file,
        ImportKind.CONTACTS,
        Columns({} if whole else {"ODS code": "ignore"}, basis if whole else {}),
        source=source,
        precedence={"list": 20, "survey": 10} if whole else {},
        by="amy",
        via="bench",
    )


def _add_practices(ws: Workspace) -> None:
    now = datetime.now(UTC)
    rows = [{"ods_code": code, "name": f"Practice {code}", "updated_at": now} for code in CODES]
    with ws.engine.begin() as connection:
        connection.execute(sa.insert(organisation), rows)


def write_workbook(file: Path, book: Path, rows: int) -> None:
    """Write the first rows of a CSV file as XLSX."""
    from openpyxl import Workbook

    made = Workbook(write_only=True)
    sheet = made.create_sheet("Contacts")
    with file.open(newline="", encoding="utf-8-sig") as text:
        for row in islice(csv.reader(text), rows + 1):
            sheet.append(row)
    made.save(book)


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


def _apart(how: str, file: Path, home: Path, url: str) -> Imported:
    if profiles:
        return _here(how, file, home, url)
    found = subprocess.run(
        [sys.executable, "-m", "bench.imports", how, str(file), str(home), url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Imported(**json.loads(found.stdout))


def _here(how: str, file: Path, home: Path, url: str) -> Imported:
    return take_peer(file, url) if how == "peer" else take_ours(how, file, home, url)


def _must_agree(ours: Imported, peer: Imported) -> None:
    if ours.contacts != peer.contacts:
        raise RuntimeError(
            f"Outreach made {ours.contacts} contacts of the file and the peer {peer.contacts}: "
            "they do not do the same work"
        )


def _main(how: str, file: str, home: str, url: str) -> None:
    print(json.dumps(asdict(_here(how, Path(file), Path(home), url))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
