"""What retention takes out of the ledger, by rule, a few hundred rows to a transaction.

Address hashes, occasions, states, suppressions and the claim journal stay: nobody is written to
twice, or against their will, because something was thinned out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState
from outreach.ledger.columns import chunks
from outreach.ledger.editions import audit, batch, delivery, edition, event, raw_event
from outreach.ledger.engine import reading
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import (
    basis,
    contact,
    import_,
    pledge,
    quarantined_row,
    retention_run,
    statement,
    tracking_choice,
)
from outreach.ledger.states import EFFECTIVE, WITH_BATCH

_AT_ONCE = 200
_OVER = (EditionState.SENT, EditionState.CANCELLED, EditionState.REJECTED, EditionState.RECOVERED)
_UNDECIDED = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
_TOLD = tuple(c for c in contact.c if isinstance(c.type, sa.Text) and c.name != "email")

Finder = Callable[[datetime], sa.Select[Any]]
Remover = Callable[[sa.Connection, Sequence[int]], object]


def _old_bodies(cut: datetime) -> sa.Select[Any]:
    r = raw_event.c
    return sa.select(r.id).where(
        r.body.is_not(None), r.drained_at.is_not(None), r.received_at < cut
    )


def _old_rows(cut: datetime) -> sa.Select[Any]:
    ended = sa.select(import_.c.id).where(import_.c.finished_at < cut)
    return sa.select(quarantined_row.c.id).where(quarantined_row.c.import_id.in_(ended))


def _old_events(cut: datetime) -> sa.Select[Any]:
    return sa.select(event.c.id).where(event.c.occurred_at < cut, event.c.recorded_at < cut)


def _old_history(cut: datetime) -> sa.Select[Any]:
    return sa.select(audit.c.id).where(audit.c.at < cut)


def _leavers(cut: datetime) -> sa.Select[Any]:
    return sa.select(contact.c.id).where(contact.c.left_at < cut, *_still_told())


def _never_mailable(cut: datetime) -> sa.Select[Any]:
    """Known for long, untouched for as long, not to be written to, never written to, no pledge."""
    written_to = sa.exists().where(delivery.c.contact_id == contact.c.id)
    pledged = sa.exists().where(pledge.c.contact_id == contact.c.id)
    return sa.select(contact.c.id).where(
        contact.c.created_at < cut,
        contact.c.updated_at < cut,
        *_still_told(),
        ~written_to.correlate(contact),
        ~pledged.correlate(contact),
        not_mailable(None) != "",
    )


def _still_told() -> tuple[sa.ColumnElement[bool], ...]:
    told = sa.or_(contact.c.email.is_not(None), *(column != "" for column in _TOLD))
    return contact.c.erased_at.is_(None), told


def forget(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Empty contacts; their hashes, pledges' dates and withdrawn bases stay.

    They are not erased: a later list may bring them back, as leavers still where they had left.
    """
    blank: dict[str, Any] = {column.name: "" for column in _TOLD}
    blank |= {"email": None, "organisation_id": None, "tracking_consent": False}
    connection.execute(sa.update(contact).where(contact.c.id.in_(ids)).values(blank))
    for table in (statement, tracking_choice):
        connection.execute(sa.delete(table).where(table.c.contact_id.in_(ids)))
    mine = basis.c.contact_id.in_(ids)
    connection.execute(sa.delete(basis).where(mine, basis.c.withdrawn_at.is_(None)))
    nothing = {"evidence": "", "source": "", "withdrawn_reason": ""}
    connection.execute(sa.update(basis).where(mine).values(nothing))
    over = sa.select(edition.c.id).where(edition.c.state.in_(_OVER))
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.contact_id.in_(ids), delivery.c.edition_id.in_(over))
        .values(email=None, slot_values=sa.null())
    )


def _drop_rows(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Delete quarantined rows; their import keeps how many there were of each reason."""
    q = quarantined_row.c
    theirs = sa.select(q.import_id).where(q.id.in_(ids)).distinct()
    for number in connection.execute(theirs).scalars().all():
        reasons = sa.select(import_.c.reasons).where(import_.c.id == number)
        if not connection.execute(reasons).scalar():
            counted = connection.execute(
                sa.select(q.reason, sa.func.count().label("rows"))
                .where(q.import_id == number)
                .group_by(q.reason)
            )
            kept = {str(row.reason): int(row.rows) for row in counted}
            connection.execute(
                sa.update(import_).where(import_.c.id == number).values(reasons=kept)
            )
    connection.execute(sa.delete(quarantined_row).where(q.id.in_(ids)))


def _empty_bodies(connection: sa.Connection, ids: Sequence[int]) -> None:
    connection.execute(sa.update(raw_event).where(raw_event.c.id.in_(ids)).values(body=None))


def _delete(table: sa.Table) -> Remover:
    return lambda connection, ids: connection.execute(sa.delete(table).where(table.c.id.in_(ids)))


RULES: Mapping[str, tuple[Finder, Remover]] = {
    "raw_events": (_old_bodies, _empty_bodies),
    "quarantined_rows": (_old_rows, _drop_rows),
    "events": (_old_events, _delete(event)),
    "leavers": (_leavers, forget),
    "never_mailable": (_never_mailable, forget),
    "history": (_old_history, _delete(audit)),
}
"""Rule -> which rows it is about (by id), and what is done with them."""


def found(engine: sa.Engine, rule: str, cut: datetime) -> int:
    """Return how many rows of a rule are older than `cut`."""
    query = RULES[rule][0](cut).subquery()
    with reading(engine) as connection:
        count = sa.select(sa.func.count()).select_from(query)
        return int(connection.execute(count).scalar_one())


def thin(engine: sa.Engine, rule: str, cut: datetime) -> int:
    """Take out what a rule is about, in short transactions; return how many rows."""
    find, remove = RULES[rule]
    with reading(engine) as connection:
        ids = list(connection.execute(find(cut)).scalars())
    done = 0
    for some in chunks(ids, _AT_ONCE):
        with engine.begin() as connection:
            # Asked again: what changed since it was looked for is no longer old.
            column = find(cut).selected_columns[0]
            still = connection.execute(find(cut).where(column.in_(some))).scalars().all()
            if still:
                remove(connection, still)
        done += len(still)
    return done


def old_messages(engine: sa.Engine, cut: datetime) -> int:
    """Return how many deliveries of editions over since `cut` still hold address and values."""
    with reading(engine) as connection:
        count = sa.select(sa.func.count()).select_from(WITH_BATCH).where(_told_deliveries(cut))
        return int(connection.execute(count).scalar_one())


def thin_messages(engine: sa.Engine, cut: datetime) -> int:
    """Empty their addresses and values; a delivery in doubt keeps both. Returns how many."""
    with reading(engine) as connection:
        pairs = connection.execute(
            sa.select(delivery.c.edition_id, delivery.c.contact_id)
            .select_from(WITH_BATCH)
            .where(_told_deliveries(cut))
            .order_by(delivery.c.edition_id)
        ).all()
    by_edition: dict[int, list[int]] = {}
    for edition_id, contact_id in pairs:
        by_edition.setdefault(edition_id, []).append(contact_id)
    for edition_id, people in by_edition.items():
        for some in chunks(people, _AT_ONCE):
            with engine.begin() as connection:
                connection.execute(
                    sa.update(delivery)
                    .where(delivery.c.edition_id == edition_id, delivery.c.contact_id.in_(some))
                    .values(email=None, slot_values=sa.null())
                )
    return len(pairs)


def _told_deliveries(cut: datetime) -> sa.ColumnElement[bool]:
    ended = sa.func.coalesce(edition.c.finished_at, edition.c.created_at)
    over = sa.select(edition.c.id).where(edition.c.state.in_(_OVER), ended < cut)
    return sa.and_(
        delivery.c.edition_id.in_(over),
        delivery.c.email.is_not(None),
        EFFECTIVE.not_in([state.value for state in _UNDECIDED]),
        sa.or_(batch.c.id.is_(None), batch.c.state != DeliveryState.CLAIMED.value),
    )


def keep_run(
    connection: sa.Connection,
    counts: Mapping[str, int],
    *,
    dry_run: bool,
    by: str,
    via: str,
    now: datetime,
) -> None:
    """Record what a run found or took out, by rule."""
    row = {"at": now, "by": by, "via": via, "dry_run": dry_run, "counts": dict(counts)}
    connection.execute(sa.insert(retention_run).values(**row))


def runs(connection: sa.Connection, limit: int) -> list[sa.RowMapping]:
    """Return the newest runs first."""
    query = sa.select(retention_run).order_by(retention_run.c.id.desc()).limit(limit)
    return list(connection.execute(query).mappings())
