"""What is recorded of an import, and what is said of it to whoever asked for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from outreach.clock import LONDON
from outreach.errors import InputError
from outreach.flows.import_job import Job
from outreach.flows.import_rows import Taken
from outreach.flows.import_words import import_words
from outreach.flows.steady import Unsettled
from outreach.ledger import imports as ledger
from outreach.ledger.edition_store import note
from outreach.records import ImportResult, ImportState
from outreach.sources.mapping import SpecialCategory
from outreach.sources.reading import SourceFile

_REFUSED = "Refused, and nothing was changed."
_BROKE_OFF = "It broke off; rows that were taken until then stay."


def opening(job: Job, digest: str = "", rows: int = 0) -> ledger.Opening:
    """Return what is known of an import before its first row; `rows`: how many its file has."""
    try:
        modified = datetime.fromtimestamp(job.path.stat().st_mtime, UTC)
    except OSError:
        modified = None
    return ledger.Opening(
        job.source, job.kind, job.file_name, digest, job.now, job.by, job.via, modified, rows
    )


def refused(job: Job, error: InputError, *, failed: bool = False) -> ImportResult:
    """Record that a file was refused, and say why and that nothing was changed.

    `failed`: it broke off, and what was taken until then stays.
    """
    state = ImportState.FAILED if failed else ImportState.REFUSED
    why = ledger.storable(str(error))
    with job.ws.engine.begin() as connection:
        import_id = ledger.open_import(connection, opening(job))
        ledger.close_import(
            connection,
            import_id,
            state,
            ledger.Tally(),
            rows_read=0,
            reasons={},
            note=why,
            now=datetime.now(UTC),
        )
        _audit(connection, job, import_id, state.value)
    return ImportResult(
        import_id,
        job.kind,
        job.source,
        state,
        job.file_name,
        message=f"{_BROKE_OFF if failed else _REFUSED} {why}",
        special_category=isinstance(error, SpecialCategory),
        unsettled=isinstance(error, Unsettled),
    )


def already(job: Job, earlier: ledger.Taken) -> ImportResult:
    """Say that exactly this was taken before, and when. Nothing is recorded."""
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


def close(job: Job, file: SourceFile, taken: Taken, state: ImportState, why: str) -> None:
    """Record how an import ended, with its counts; `why` where it did not end well."""
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
        if state is ImportState.DONE and job.guard.compare_columns:
            ledger.keep_columns(connection, job.source, job.kind, [*file.plan.columns], now)
        _audit(connection, job, taken.import_id, state.value)


def _audit(connection: Any, job: Job, import_id: int, state: str) -> None:
    note(
        connection,
        at=datetime.now(UTC),
        who=job.by,
        via=job.via,
        action="import",
        subject=f"import {import_id}",
        detail=f"{job.kind.value} from {job.source}: {state}",
    )


def done(job: Job, file: SourceFile, taken: Taken) -> ImportResult:
    """Say in counts what an import did, and which columns it had no use for."""
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
