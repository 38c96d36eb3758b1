"""Take one file in, from its first look to its row counts.

A file is read through once before anything is taken from it, so that a broken, shrunken or
forbidden one changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outreach.clock import LONDON
from outreach.errors import Fault, InputError
from outreach.flows.forgetting import without_erased
from outreach.flows.sample_dates import settled_shift
from outreach.flows.shrinking import Guard, refuse_shrunken
from outreach.ledger import imports as ledger
from outreach.ledger import people_merge, reference_merge
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.people_merge import Merge
from outreach.records import ImportKind, ImportResult, ImportState, Quarantined
from outreach.sources.fields import Context
from outreach.sources.mapping import SpecialCategory
from outreach.sources.reading import Columns, SourceFile, open_file
from outreach.sources.values import Lists

if TYPE_CHECKING:
    from outreach.workspace import Workspace

CHUNK = 300
"""Rows to a transaction: one takes well under 100 ms, so an unsubscribe never waits."""

_MERGERS: dict[ImportKind, Callable[..., ledger.Tally]] = {
    ImportKind.CONTACTS: people_merge.merge_contacts,
    ImportKind.PLEDGES: people_merge.merge_pledges,
    ImportKind.ORGANISATIONS: reference_merge.merge_organisations,
    ImportKind.RESOURCES: reference_merge.merge_resources,
    ImportKind.SUPPRESSIONS: reference_merge.merge_suppressions,
}


@dataclass(frozen=True, slots=True)
class _Job:
    """One file on its way in."""

    ws: Workspace
    path: Path
    kind: ImportKind
    source: str
    how: Columns
    by: str
    via: str
    guard: Guard
    shift: bool
    context: Context

    @property
    def now(self) -> datetime:
        return self.context.now

    @property
    def file_name(self) -> str:
        return ledger.storable(self.path.name)


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
    context = Context(lists, datetime.now(UTC), values=how.values, unmatched=how.unmatched)
    source = ledger.storable(source)
    job = _Job(ws, path, kind, source, how, by, via, guard or Guard(), shift, context)
    try:
        file = open_file(path, kind, how, context)
        digest = _digest(file, job)
        with reading(ws.engine) as connection:
            earlier = ledger.taken(connection, digest)
        if earlier:
            return _already(job, earlier)
        rows = file.count()
        refuse_shrunken(ws.engine, file, rows, source, kind, job.guard)
    except InputError as error:
        return _refused(job, error)
    return _take(job, file, digest)


def _digest(file: SourceFile, job: _Job) -> str:
    """Return what makes this import the same as another: content, kind and mapping."""
    said = json.dumps([job.kind.value, job.how.said()], sort_keys=True).encode()
    return hashlib.blake2b(file.table.digest + said, digest_size=20).hexdigest()


def _already(job: _Job, earlier: ledger.Taken) -> ImportResult:
    when = earlier.finished_at
    day = f" on {when.astimezone(LONDON):%-d %B %Y}" if when else ""
    return ImportResult(
        earlier.id,
        job.kind,
        job.source,
        ImportState.ALREADY_TAKEN,
        job.file_name,
        message=f"{job.file_name} was already taken{day} (import {earlier.id}); nothing changed",
    )


def refuse_source(
    ws: Workspace, kind: ImportKind, source: str, error: InputError, *, by: str, via: str
) -> ImportResult:
    """Record that a source brought nothing, because its place could not be reached or read."""
    context = Context(Lists((), (), ()), datetime.now(UTC))
    source = ledger.storable(source)
    job = _Job(ws, Path(source), kind, source, Columns(), by, via, Guard(), False, context)
    return _refused(job, error)


def _refused(job: _Job, error: InputError) -> ImportResult:
    why = ledger.storable(str(error))
    with job.ws.engine.begin() as connection:
        import_id = ledger.open_import(
            connection,
            source=job.source,
            kind=job.kind,
            file_name=job.file_name,
            file_hash="",
            now=job.now,
        )
        ledger.close_import(
            connection,
            import_id,
            ImportState.REFUSED,
            ledger.Tally(),
            rows_read=0,
            quarantined=0,
            note=why,
            now=datetime.now(UTC),
        )
        _audit(connection, job, import_id, "refused")
    return ImportResult(
        import_id,
        job.kind,
        job.source,
        ImportState.REFUSED,
        job.file_name,
        message=f"Refused, and nothing was changed. {why}",
        special_category=isinstance(error, SpecialCategory),
    )


class _Progress:
    """What has been taken so far."""

    def __init__(self) -> None:
        self.rows = 0
        self.tally = ledger.Tally()
        self.reasons: Counter[str] = Counter()

    def add(self, tally: ledger.Tally, bad: list[Quarantined], rows: int) -> None:
        """Count one committed chunk."""
        mine = self.tally
        self.tally = ledger.Tally(
            mine.created + tally.created,
            mine.changed + tally.changed,
            mine.unchanged + tally.unchanged,
            mine.new_pledges + tally.new_pledges,
        )
        self.reasons.update(row.reason for row in bad)
        self.rows += rows


def _take(job: _Job, file: SourceFile, digest: str) -> ImportResult:
    with job.ws.engine.begin() as connection:
        import_id = ledger.open_import(
            connection,
            source=job.source,
            kind=job.kind,
            file_name=job.file_name,
            file_hash=digest,
            now=job.now,
        )
    progress = _Progress()
    state, why = ImportState.FAILED, "stopped before its end; import the file again"
    try:
        _merge(_with_shift(job, file), file, import_id, progress)
        state, why = ImportState.DONE, ""
    finally:
        _close(job, file, import_id, progress, state, why)
    return _done(job, file, import_id, progress)


def _merge(job: _Job, file: SourceFile, import_id: int, progress: _Progress) -> None:
    merge = Merge(job.ws.keys, job.source, job.now, ledger.Seen())
    merger = _MERGERS[job.kind]
    for chunk in _chunks(file.records(job.context)):
        bad = [row for row in chunk if isinstance(row, Quarantined)]
        good = [row for row in chunk if not isinstance(row, Quarantined)]
        with job.ws.engine.begin() as connection:
            ledger.lock_people(connection)
            tally = merger(connection, good, merge) if good else ledger.Tally()
            bad += tally.refused
            bad = without_erased(connection, job.ws.keys, bad)
            ledger.keep_quarantined(connection, import_id, bad)
        progress.add(tally, bad, len(chunk))
    if job.kind is ImportKind.ORGANISATIONS:
        reference_merge.link_contacts(job.ws.engine)


def _chunks(records: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(records, CHUNK)):
        yield chunk


def _close(
    job: _Job, file: SourceFile, import_id: int, progress: _Progress, state: ImportState, why: str
) -> None:
    now = datetime.now(UTC)
    with job.ws.engine.begin() as connection:
        ledger.close_import(
            connection,
            import_id,
            state,
            progress.tally,
            rows_read=progress.rows,
            quarantined=progress.reasons.total(),
            note=why,
            now=now,
        )
        if state is ImportState.DONE:
            ledger.keep_columns(connection, job.source, job.kind, [*file.plan.columns], now)
        _audit(connection, job, import_id, state.value)


def _audit(connection: Any, job: _Job, import_id: int, state: str) -> None:
    note(
        connection,
        at=datetime.now(UTC),
        who=job.by,
        via=job.via,
        action="import",
        subject=f"import {import_id}",
        detail=f"{job.kind.value} from {job.source}: {state}",
    )


def _done(job: _Job, file: SourceFile, import_id: int, progress: _Progress) -> ImportResult:
    tally, bad = progress.tally, progress.reasons.total()
    parts = [
        f"{progress.rows} rows read from {job.file_name}: {tally.created} new, "
        f"{tally.changed} changed, {tally.unchanged} unchanged, {bad} quarantined"
    ]
    if job.kind is ImportKind.PLEDGES:
        parts.append(f"{tally.new_pledges} new pledges")
    if left := job.context.left_empty:
        fields = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in sorted(left.items()))
        parts.append(f"left empty, as the source says for what is not recognised: {fields}")
    if file.plan.unrecognised:
        parts.append(f"columns not used: {', '.join(file.plan.unrecognised)}")
    return ImportResult(
        import_id,
        job.kind,
        job.source,
        ImportState.DONE,
        job.file_name,
        progress.rows,
        tally.accepted,
        tally.created,
        tally.changed,
        tally.unchanged,
        bad,
        dict(progress.reasons.most_common()),
        file.plan.unrecognised,
        tally.new_pledges,
        "; ".join(parts),
    )


def _with_shift(job: _Job, file: SourceFile) -> _Job:
    if not job.shift or job.kind is not ImportKind.PLEDGES:
        return job
    shift = settled_shift(job.ws.engine, job.source, job.file_name, file, job.context)
    return replace(job, context=replace(job.context, shift=shift))
