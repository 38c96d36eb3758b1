"""Take the rows of one file into the ledger, in transactions for which nobody has to wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from outreach.flows.forgetting import without_erased
from outreach.flows.import_job import PEOPLE, Job
from outreach.flows.pace import Pace, Progress
from outreach.flows.sharing import sheets
from outreach.flows.staging import Staging
from outreach.ledger import imports as ledger
from outreach.ledger import organisation_merge, people_merge, reference_merge
from outreach.ledger.engine import writing_much
from outreach.ledger.people_merge import Merge
from outreach.ledger.sheet_merge import merge_piece, pieces
from outreach.ledger.sheets import laid_out
from outreach.records import ImportKind, Quarantined
from outreach.sources.mailboxes import shared_mailboxes
from outreach.sources.reading import SourceFile

_MERGERS: dict[ImportKind, Callable[..., ledger.Tally]] = {
    ImportKind.ORGANISATIONS: organisation_merge.merge_organisations,
    ImportKind.RESOURCES: reference_merge.merge_resources,
    ImportKind.SUPPRESSIONS: reference_merge.merge_suppressions,
}


class Taken:
    """What has been taken so far, of an import that was opened at `opened_at`."""

    def __init__(self, job: Job, import_id: int, total: int, opened_at: datetime) -> None:
        self.import_id = import_id
        self.opened_at = opened_at
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


def take_rows(job: Job, file: SourceFile, staging: Staging, taken: Taken) -> None:
    """Take in every row of a file, those about people from where they were put aside."""
    if job.kind in PEOPLE:
        _merge_people(job, staging, taken)
    else:
        _merge_records(job, file, taken)


def _merge_of(job: Job, taken: Taken) -> Merge:
    return Merge(
        # Not when reading began: what was matched meanwhile would count these rows as looked at.
        *(job.ws.keys, job.stated_by, taken.opened_at, taken.import_id),
        precedence=job.precedence,
        shared=shared_mailboxes,
    )


def _merge_people(job: Job, staging: Staging, taken: Taken) -> None:
    merge, pace = _merge_of(job, taken), Pace()
    with writing_much(job.ws.engine) as connection:

        def take(rows: int, merging: Callable[[], ledger.Tally]) -> None:
            bad: list[Quarantined] = []
            with pace.timing(rows), connection.begin():
                ledger.lock_part(connection)
                tally = merging()
                taken.note(connection, tally, bad, rows)
            taken.add(tally, bad, rows)

        if staging.sheet_ready:
            for sheet in sheets(staging, job.ws.keys, staging.sheet_ready):
                with laid_out(connection, sheet):
                    for piece in pieces(sheet, pace.size):
                        take(piece.rows, partial(merge_piece, connection, piece, merge))
        else:
            for rows, made in staging.blocks(pace.size):
                take(len(rows), partial(people_merge.merge_people, connection, rows, merge, made))
    for bad in staging.bad():
        with job.ws.engine.begin() as connection:
            taken.note(connection, ledger.Tally(), bad, len(bad))
        taken.add(ledger.Tally(), bad, len(bad))


def _merge_records(job: Job, file: SourceFile, taken: Taken) -> None:
    merge, merger, pace = _merge_of(job, taken), _MERGERS[job.kind], Pace()
    records = file.records(job.context)
    while chunk := list(islice(records, pace.size())):
        bad = [row for row in chunk if isinstance(row, Quarantined)]
        good = [row for row in chunk if not isinstance(row, Quarantined)]
        with pace.timing(len(chunk)), job.ws.engine.begin() as connection:
            ledger.lock_part(connection)
            tally = merger(connection, good, merge) if good else ledger.Tally()
            taken.note(connection, tally, bad, len(chunk))
        taken.add(tally, bad, len(chunk))
