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
from outreach.flows.staging import Part, Staging, blocks
from outreach.ledger import imports as ledger
from outreach.ledger import organisation_merge, people_merge, reference_merge
from outreach.ledger.engine import writing_much
from outreach.ledger.people_merge import Merge
from outreach.ledger.sheet_merge import merge_span
from outreach.ledger.sheets import Sheet, laid_out
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
    with writing_much(job.ws.engine) as connection:
        people = _Writer(connection, _merge_of(job, taken), taken)
        if staging.sheet_ready:
            for sheet in sheets(staging, job.ws.keys, staging.sheet_ready):
                people.take_sheet(sheet)
        else:
            for block in staging.blocks(people.pace.size):
                people.take_block(block)
    for bad in staging.bad():
        with job.ws.engine.begin() as connection:
            taken.note(connection, ledger.Tally(), bad, len(bad))
        taken.add(ledger.Tally(), bad, len(bad))


class _Writer:
    """Writes rows about people, as many in each transaction as its time allows."""

    def __init__(self, connection: Any, merge: Merge, taken: Taken) -> None:
        self.pace = Pace()
        self._connection = connection
        self._merge = merge
        self._taken = taken

    def take_block(self, block: Part) -> None:
        """Write some sorted rows."""
        rows, made = block
        self._take(
            len(rows),
            lambda: people_merge.merge_people(self._connection, rows, self._merge, made),
        )

    def take_sheet(self, sheet: Sheet) -> None:
        """Write a sheet: those in its table first, then the others and whoever is known."""
        others = [*zip(sheet.others, sheet.made, strict=True)]

        def merged(span: range) -> ledger.Tally:
            tally, known = merge_span(self._connection, sheet, span, self._merge)
            others.extend(known)
            return tally

        with laid_out(self._connection, sheet):
            first = 1
            while first <= sheet.number:
                span = range(first, min(first + self.pace.size(), sheet.number + 1))
                self._take(len(span), partial(merged, span))
                first = span.stop
        others.sort(key=lambda pair: pair[0][:2])
        for block in blocks(
            [row for row, _ in others], [made for _, made in others], self.pace.size
        ):
            self.take_block(block)

    def _take(self, number: int, merging: Callable[[], ledger.Tally]) -> None:
        bad: list[Quarantined] = []
        with self.pace.timing(number), self._connection.begin():
            ledger.lock_part(self._connection)
            tally = merging()
            rows = tally.accepted + len(tally.refused)
            self._taken.note(self._connection, tally, bad, rows)
        self._taken.add(tally, bad, rows)


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
