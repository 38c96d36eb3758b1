"""Take one file in, from its first look to its row counts.

A file is read to its end before anything is taken from it, so that a broken, shrunken or
forbidden one changes nothing. Rows about people are put aside meanwhile (`staging`), which is
what a million of them need; rows of other kinds are few, and are read a second time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.errors import Fault, InputError
from outreach.flows.import_job import PEOPLE, Job
from outreach.flows.import_record import already, close, done, opening, refused
from outreach.flows.import_rows import Taken, take_rows
from outreach.flows.organising import match_organisations
from outreach.flows.pace import CHUNK, Progress, without_sweeps
from outreach.flows.reading_apart import put_aside
from outreach.flows.sample_dates import settled_shift
from outreach.flows.shrinking import Guard, refuse_shrunken
from outreach.flows.staging import Staging
from outreach.flows.steady import Steady
from outreach.ledger import imports as ledger
from outreach.ledger.engine import reading
from outreach.ledger.sheets import takes_sheets
from outreach.providers.registry import BEYOND_ASCII
from outreach.records import ImportKind, ImportResult, ImportState
from outreach.sources.fields import Context
from outreach.sources.people import People
from outreach.sources.reading import Columns, SourceFile, open_file
from outreach.sources.values import Lists

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = ["CHUNK", "refuse_source", "take_file"]

_ABOUT_ORGANISATIONS = (*PEOPLE, ImportKind.ORGANISATIONS)


def take_file(
    ws: Workspace,
    path: Path,
    kind: ImportKind,
    how: Columns,
    *,
    source: str,
    by: str,
    via: str,
    guard: Guard | None = None,
    shift: bool = False,
    stated_by: str = "",
    precedence: Mapping[str, int] | None = None,
) -> ImportResult:
    """Take one file in as `how` says; see `import_file`. `shift` is for samples only.

    `stated_by` is whose word its rows are, `source` unless given: a drop folder is one source,
    whichever file came into it. `precedence`: each source that declares one -> how high.
    """
    if not path.is_file():
        raise InputError(Fault("there is no such file; check its name and folder", path.name))
    hub = ws.hub
    lists = Lists(tuple(hub.sectors), tuple(a.name for a in hub.areas), tuple(hub.boroughs))
    context = Context(
        lists,
        datetime.now(UTC),
        values=how.values,
        unmatched=how.unmatched,
        beyond_ascii=ws.settings.provider in BEYOND_ASCII,
    )
    source = ledger.storable(source)
    job = Job(
        *(ws, path, kind, source, how, by, via, guard or Guard(), shift, context),
        ledger.storable(stated_by) or source,
        precedence or {},
    )
    with without_sweeps(), Staging(ws.settings.home) as staging:
        try:
            steady = Steady(path)
            file = open_file(path, kind, how, context)
            digest = _digest(file, job)
            with reading(ws.engine) as connection:
                earlier = ledger.taken(connection, digest)
            if earlier:
                return already(job, earlier)
            job = _with_shift(job, file)
            rows = _read(job, file, staging, steady)
            refuse_shrunken(ws.engine, file, rows, source, kind, job.guard)
        except InputError as error:
            return refused(job, error)
        return _take(job, file, digest, rows, staging, steady)


def _read(job: Job, file: SourceFile, staging: Staging, steady: Steady) -> int:
    """Read a file to its end and return how many rows it has; people's are put aside."""
    if job.kind not in PEOPLE:
        rows = file.count()
        steady.check()
        return rows
    progress = Progress(f"reading {job.kind.value} from {job.source}")

    def watched(parts: Iterator[People]) -> Iterator[People]:
        for some in steady.watching(parts):
            yield some
            progress.say(staging.rows + staging.bad_rows)

    def in_sheets(rows: int) -> bool:
        with reading(job.ws.engine) as connection:
            return job.kind is ImportKind.CONTACTS and takes_sheets(connection, rows)

    put_aside(file, job.context, job.ws.keys, staging, watched, in_sheets)
    staging.check(job.file_name)
    steady.check()
    return staging.rows + staging.bad_rows


def _digest(file: SourceFile, job: Job) -> str:
    """Return what makes this import the same as another: content, kind and mapping."""
    said = json.dumps([job.kind.value, job.how.said()], sort_keys=True).encode()
    return hashlib.blake2b(file.table.digest + said, digest_size=20).hexdigest()


def refuse_source(
    ws: Workspace,
    kind: ImportKind,
    source: str,
    error: InputError,
    *,
    by: str,
    via: str,
    failed: bool = False,
    path: Path | None = None,
) -> ImportResult:
    """Record that a source brought nothing, because its place could not be reached or read.

    `failed`: it broke off, and may have brought something. `path`: the file, where it is one.
    """
    context = Context(Lists((), (), ()), datetime.now(UTC))
    source = ledger.storable(source)
    job = Job(ws, path or Path(source), kind, source, Columns(), by, via, Guard(), False, context)
    return refused(job, error, failed=failed)


def _take(
    job: Job, file: SourceFile, digest: str, rows: int, staging: Staging, steady: Steady
) -> ImportResult:
    with job.ws.engine.begin() as connection:
        ledger.fail_dead(connection, job.now, digest)
        import_id = ledger.open_import(connection, opening(job, digest, rows))
        taken = Taken(job, import_id, rows, datetime.now(UTC))
    state, why = ImportState.FAILED, ledger.KILLED
    try:
        take_rows(job, file, staging, taken)
        if job.kind not in PEOPLE:
            steady.check()  # their rows were read a second time
        # Before it is done: what is done is not taken again, and so would never be matched.
        if job.kind in _ABOUT_ORGANISATIONS:
            match_organisations(job.ws, after_import=import_id)
        state, why = ImportState.DONE, ""
    finally:
        close(job, file, taken, state, why)
    return done(job, file, taken)


def _with_shift(job: Job, file: SourceFile) -> Job:
    if not job.shift or job.kind not in (ImportKind.PLEDGES, ImportKind.RESOURCES):
        return job
    shift = settled_shift(job.ws.engine, job.source, job.file_name, file, job.context)
    return replace(job, context=replace(job.context, shift=shift))
