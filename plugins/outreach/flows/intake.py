"""Take one file in, from its first look to its row counts.

A file is read to its end before anything is taken from it, so that a broken, shrunken or
forbidden one changes nothing. Rows about people are put aside meanwhile (`staging`), which is
what a million of them need; rows of other kinds are few, and are read a second time.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outreach.clock import LONDON
from outreach.errors import Fault, InputError
from outreach.flows.forgetting import without_erased
from outreach.flows.import_words import import_words
from outreach.flows.organising import match_organisations
from outreach.flows.pace import CHUNK, Pace, Progress, without_sweeps
from outreach.flows.sample_dates import settled_shift
from outreach.flows.shrinking import Guard, refuse_shrunken
from outreach.flows.staging import Staging
from outreach.ledger import imports as ledger
from outreach.ledger import organisation_merge, people_merge, reference_merge
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.people_merge import Merge
from outreach.records import ImportKind, ImportResult, ImportState, Quarantined
from outreach.sources.fields import Context
from outreach.sources.mailboxes import is_shared_mailbox
from outreach.sources.mapping import SpecialCategory
from outreach.sources.people import read_people
from outreach.sources.reading import Columns, SourceFile, open_file
from outreach.sources.values import Lists

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = ["CHUNK", "take_file"]

_PEOPLE = frozenset({ImportKind.CONTACTS, ImportKind.PLEDGES})
_MERGERS: dict[ImportKind, Callable[..., ledger.Tally]] = {
    ImportKind.ORGANISATIONS: organisation_merge.merge_organisations,
    ImportKind.RESOURCES: reference_merge.merge_resources,
    ImportKind.SUPPRESSIONS: reference_merge.merge_suppressions,
}


_ABOUT_ORGANISATIONS = (ImportKind.CONTACTS, ImportKind.PLEDGES, ImportKind.ORGANISATIONS)


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
    stated_by: str = ""
    precedence: Mapping[str, int] = field(default_factory=dict)

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
    job = _Job(
        *(ws, path, kind, source, how, by, via, guard or Guard(), shift, context),
        ledger.storable(stated_by) or source,
        precedence or {},
    )
    with without_sweeps(), Staging(ws.settings.home) as staging:
        try:
            file = open_file(path, kind, how, context)
            digest = _digest(file, job)
            with reading(ws.engine) as connection:
                earlier = ledger.taken(connection, digest)
            if earlier:
                return _already(job, earlier)
            job = _with_shift(job, file)
            rows = _read(job, file, staging)
            refuse_shrunken(ws.engine, file, rows, source, kind, job.guard)
        except InputError as error:
            return _refused(job, error)
        return _take(job, file, digest, rows, staging)


def _read(job: _Job, file: SourceFile, staging: Staging) -> int:
    """Read a file to its end and return how many rows it has; people's are put aside."""
    if job.kind not in _PEOPLE:
        return file.count()
    progress = Progress(f"reading {job.kind.value} from {job.source}")
    for some in read_people(file, job.context, job.ws.keys):
        staging.add(some)
        progress.say(staging.rows + staging.bad_rows)
    staging.check(job.file_name)
    return staging.rows + staging.bad_rows


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
        import_id = ledger.open_import(connection, _opening(job))
        ledger.close_import(
            connection,
            import_id,
            ImportState.REFUSED,
            ledger.Tally(),
            rows_read=0,
            reasons={},
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


def _opening(job: _Job, digest: str = "", rows: int = 0) -> ledger.Opening:
    try:
        modified = datetime.fromtimestamp(job.path.stat().st_mtime, UTC)
    except OSError:
        modified = None
    return ledger.Opening(
        job.source, job.kind, job.file_name, digest, job.now, job.by, job.via, modified, rows
    )


class _Taken:
    """What has been taken so far."""

    def __init__(self, job: _Job, import_id: int, total: int) -> None:
        self.import_id = import_id
        self.total = total
        self.rows = 0
        self.tally = ledger.Tally()
        self.reasons: Counter[str] = Counter()
        self._job = job
        self._progress = Progress(f"import {import_id}, {job.kind.value} from {job.source}")

    def note(self, connection: Any, tally: ledger.Tally, bad: list[Quarantined], rows: int) -> None:
        """Keep rows that cannot be taken, in the transaction that took the others."""
        kept = without_erased(connection, self._job.ws.keys, [*bad, *tally.refused])
        ledger.keep_quarantined(connection, self.import_id, kept)
        now = datetime.now(UTC)
        ledger.note_progress(connection, self.import_id, self.rows + rows, now)
        bad[:] = kept

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
        self._progress.say(self.rows, self.total)


def _take(job: _Job, file: SourceFile, digest: str, rows: int, staging: Staging) -> ImportResult:
    with job.ws.engine.begin() as connection:
        ledger.fail_dead(connection, job.now, digest)
        import_id = ledger.open_import(connection, _opening(job, digest, rows))
    taken = _Taken(job, import_id, rows)
    state, why = ImportState.FAILED, ledger.KILLED
    try:
        if job.kind in _PEOPLE:
            _merge_people(job, staging, taken)
        else:
            _merge_records(job, file, taken)
        state, why = ImportState.DONE, ""
    finally:
        _close(job, file, taken, state, why)
    _after(job)
    return _done(job, file, taken)


def _merge_of(job: _Job, import_id: int) -> Merge:
    return Merge(
        *(job.ws.keys, job.stated_by, job.now, import_id),
        precedence=job.precedence,
        shared=is_shared_mailbox,
    )


def _merge_people(job: _Job, staging: Staging, taken: _Taken) -> None:
    merge = _merge_of(job, taken.import_id)
    pace = Pace()
    for rows in staging.blocks(pace.size):
        bad: list[Quarantined] = []
        with pace.timing(len(rows)), job.ws.engine.begin() as connection:
            ledger.lock_people(connection)
            tally = people_merge.merge_people(connection, rows, merge)
            taken.note(connection, tally, bad, len(rows))
        taken.add(tally, bad, len(rows))
    for bad in staging.bad():
        with job.ws.engine.begin() as connection:
            taken.note(connection, ledger.Tally(), bad, len(bad))
        taken.add(ledger.Tally(), bad, len(bad))


def _merge_records(job: _Job, file: SourceFile, taken: _Taken) -> None:
    merge, merger, pace = _merge_of(job, taken.import_id), _MERGERS[job.kind], Pace()
    records = file.records(job.context)
    while chunk := list(islice(records, pace.size())):
        bad = [row for row in chunk if isinstance(row, Quarantined)]
        good = [row for row in chunk if not isinstance(row, Quarantined)]
        with pace.timing(len(chunk)), job.ws.engine.begin() as connection:
            ledger.lock_people(connection)
            tally = merger(connection, good, merge) if good else ledger.Tally()
            taken.note(connection, tally, bad, len(chunk))
        taken.add(tally, bad, len(chunk))


def _after(job: _Job) -> None:
    """Do what an import calls for once its rows are in."""
    if job.kind in _ABOUT_ORGANISATIONS:
        match_organisations(job.ws, since=job.now)


def _close(job: _Job, file: SourceFile, taken: _Taken, state: ImportState, why: str) -> None:
    now = datetime.now(UTC)
    with job.ws.engine.begin() as connection:
        ledger.close_import(
            connection,
            taken.import_id,
            state,
            taken.tally,
            rows_read=taken.rows,
            reasons=taken.reasons,
            note=why,
            now=now,
        )
        if state is ImportState.DONE:
            ledger.keep_columns(connection, job.source, job.kind, [*file.plan.columns], now)
        _audit(connection, job, taken.import_id, state.value)


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


def _done(job: _Job, file: SourceFile, taken: _Taken) -> ImportResult:
    tally, bad = taken.tally, taken.reasons.total()
    said = import_words(
        *(taken.import_id, job.file_name, job.kind, taken.rows, tally),
        reasons=taken.reasons,
        left_empty=job.context.left_empty,
        unused=file.plan.unrecognised,
    )
    return ImportResult(
        taken.import_id,
        job.kind,
        job.source,
        ImportState.DONE,
        job.file_name,
        taken.rows,
        tally.accepted,
        tally.created,
        tally.changed,
        tally.unchanged,
        bad,
        dict(taken.reasons.most_common()),
        file.plan.unrecognised,
        tally.new_pledges,
        said,
    )


def _with_shift(job: _Job, file: SourceFile) -> _Job:
    if not job.shift or job.kind is not ImportKind.PLEDGES:
        return job
    shift = settled_shift(job.ws.engine, job.source, job.file_name, file, job.context)
    return replace(job, context=replace(job.context, shift=shift))
