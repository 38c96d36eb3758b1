"""Imports as the ledger keeps them: one row per pull, its quarantined rows, its source's facts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from outreach.ledger.facts import get_fact, set_fact
from outreach.ledger.people import import_, quarantined_row
from outreach.records import ImportKind, ImportState, Quarantined

_PEOPLE_LOCK = 7_046_029_255
"""An arbitrary number: PostgreSQL's advisory lock for whoever writes contacts."""


_SILENT = timedelta(minutes=10)
KILLED = "stopped before its end; import the file again"


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of some rows. `refused` are those that only the ledger could refuse."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    new_pledges: int = 0
    refused: tuple[Quarantined, ...] = field(default=(), repr=False)

    @property
    def accepted(self) -> int:
        """Rows taken, whether or not they told anything new."""
        return self.created + self.changed + self.unchanged


@dataclass(frozen=True, slots=True)
class Taken:
    """An import that is done."""

    id: int
    rows_read: int
    finished_at: datetime | None


def lock_people(connection: sa.Connection) -> None:
    """Wait for any other import's transaction; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_PEOPLE_LOCK})"))


def lock_part(connection: sa.Connection) -> None:
    """Begin one of an import's many transactions: `lock_people`, and no wait for the disk.

    What was committed reaches the disk in order. So none of it can be missing once the import's
    end is there, and without that the import counts as stopped, and its file can be taken again.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text(
                f"SELECT pg_advisory_xact_lock({_PEOPLE_LOCK}), "
                "set_config('synchronous_commit', 'off', true)"
            )
        )


def taken(connection: sa.Connection, file_hash: str) -> Taken | None:
    """Return the import that took exactly this file in this way, if one is done."""
    return _done(connection, import_.c.file_hash == file_hash)


def last_taken(connection: sa.Connection, source: str, kind: ImportKind) -> Taken | None:
    """Return the newest import of this source that is done; a sheet of mended rows is none."""
    return _done(
        connection,
        import_.c.source == source,
        import_.c.kind == kind.value,
        import_.c.corrects_id.is_(None),
    )


def _done(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Taken | None:
    row = connection.execute(
        sa.select(import_.c.id, import_.c.rows_read, import_.c.finished_at)
        .where(import_.c.state == ImportState.DONE.value, *where)
        .order_by(import_.c.id.desc())
        .limit(1)
    ).first()
    return Taken(row.id, row.rows_read, row.finished_at) if row else None


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of an import before its first row is taken. `by` and `via`: who, and how."""

    source: str
    kind: ImportKind
    file_name: str
    file_hash: str
    now: datetime
    by: str = ""
    via: str = ""
    file_modified_at: datetime | None = None
    rows_total: int = 0


def open_import(connection: sa.Connection, opening: Opening) -> int:
    """Note that an import begins, and return its id."""
    result = connection.execute(
        sa.insert(import_).values(
            source=opening.source,
            kind=opening.kind.value,
            file_name=opening.file_name,
            file_hash=opening.file_hash,
            state=ImportState.RUNNING.value,
            started_at=opening.now,
            by=opening.by,
            via=opening.via,
            file_modified_at=opening.file_modified_at,
            rows_total=opening.rows_total,
        )
    )
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def note_progress(connection: sa.Connection, import_id: int, rows_read: int, now: datetime) -> None:
    """Note how far a running import has come, in the transaction that took the rows."""
    said = {"number": import_id, "rows": rows_read, "at": now}
    connection.execute(_PROGRESS, said)


_PROGRESS = (
    sa.update(import_)
    .where(import_.c.id == sa.bindparam("number"))
    .values(rows_read=sa.bindparam("rows"), progress_at=sa.bindparam("at"))
)


def running_since(connection: sa.Connection, besides: int) -> datetime | None:
    """Return when the oldest import began that runs, or was killed; None where there is none."""
    query = sa.select(sa.func.min(import_.c.started_at)).where(
        import_.c.state == ImportState.RUNNING.value, import_.c.id != besides
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


def fail_dead(connection: sa.Connection, now: datetime, file_hash: str = "") -> int:
    """Mark as failed each import that was killed: running, and silent for ten minutes.

    One of the file about to be taken again need not have been silent. Returns how many.
    """
    silent = sa.func.coalesce(import_.c.progress_at, import_.c.started_at) < now - _SILENT
    mine = sa.and_(import_.c.file_hash == file_hash, import_.c.file_hash != "")
    done = connection.execute(
        sa.update(import_)
        .where(import_.c.state == ImportState.RUNNING.value, sa.or_(silent, mine))
        .values(state=ImportState.FAILED.value, note=KILLED, finished_at=now)
    )
    return int(done.rowcount)


def close_import(
    connection: sa.Connection,
    import_id: int,
    state: ImportState,
    tally: Tally,
    *,
    rows_read: int,
    reasons: Mapping[str, int],
    note: str,
    now: datetime,
) -> None:
    """Record how an import ended, with its row counts. `reasons`: why -> quarantined rows."""
    connection.execute(
        sa.update(import_)
        .where(import_.c.id == import_id)
        .values(
            state=state.value,
            note=note,
            finished_at=now,
            rows_read=rows_read,
            accepted=tally.accepted,
            created=tally.created,
            changed=tally.changed,
            unchanged=tally.unchanged,
            quarantined=sum(reasons.values()),
            reasons=dict(reasons),
            new_pledges=tally.new_pledges,
        )
    )


def keep_quarantined(
    connection: sa.Connection, import_id: int, rows: Sequence[Quarantined]
) -> None:
    """Keep rows that were not taken, whole, each with its reason and advice."""
    if not rows:
        return
    connection.execute(
        sa.insert(quarantined_row),
        [
            {
                "import_id": import_id,
                "row_number": row.row_number,
                "column_name": storable(row.column),
                "reason": row.reason,
                "advice": storable(row.advice),
                "row": {storable(key): storable(cell) for key, cell in row.row.items()},
            }
            for row in rows
        ],
    )


def storable(text: str) -> str:
    """Return text as every database takes it: without NUL and lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()


def columns_of(connection: sa.Connection, source: str, kind: ImportKind) -> frozenset[str]:
    """Return the fields that the last import of a source had columns for."""
    return frozenset(json.loads(get_fact(connection, _columns_name(source, kind)) or "[]"))


def keep_columns(
    connection: sa.Connection, source: str, kind: ImportKind, fields: Sequence[str], now: datetime
) -> None:
    """Remember which fields a source's file had columns for."""
    set_fact(connection, _columns_name(source, kind), json.dumps(sorted(fields)), now)


def shift_of(connection: sa.Connection, source: str, file_name: str) -> int | None:
    """Return by how many days a sample file's dates are moved, if that was settled before."""
    value = get_fact(connection, _shift_name(source, file_name))
    return int(value) if value else None


def keep_shift(
    connection: sa.Connection, source: str, file_name: str, days: int, now: datetime
) -> None:
    """Settle by how many days a sample file's dates are moved, for good."""
    set_fact(connection, _shift_name(source, file_name), str(days), now)


def _columns_name(source: str, kind: ImportKind) -> str:
    return f"import columns: {kind.value} from {source}"


def _shift_name(source: str, file_name: str) -> str:
    return f"sample dates moved by: {source}, {file_name}"
