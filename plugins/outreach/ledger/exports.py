"""Rows for exports, streamed a page at a time so that a million take no more memory than one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from outreach.ledger.engine import reading
from outreach.ledger.mailable import not_mailable
from outreach.ledger.mending import still_open
from outreach.ledger.people import contact, import_, organisation, pledge, quarantined_row

_PAGE = 1_000


def contact_rows(engine: sa.Engine) -> Iterator[sa.Row[Any]]:
    """Yield every contact that was not erased, with its standing pledge and mailability."""
    c = contact.c
    query = (
        sa.select(
            c.id,
            c.email,
            c.first_name,
            c.last_name,
            sa.case(
                (c.organisation_name != "", c.organisation_name),
                else_=sa.func.coalesce(organisation.c.name, ""),
            ).label("organisation"),
            c.ods_code,
            c.sector,
            c.ics_area,
            c.borough,
            c.job_role,
            _has_pledged().label("pledged"),
            not_mailable(None).label("reason"),
            c.source,
            c.shared_mailbox,
        )
        .select_from(contact)
        .outerjoin(organisation, organisation.c.id == c.organisation_id)
        .where(c.erased_at.is_(None))
    )
    return _paged(engine, query, c.id)


def pledge_rows(engine: sa.Engine) -> Iterator[sa.Row[Any]]:
    """Yield every pledge that stands, with who made it; an erased person's only with its date."""
    query = (
        sa.select(
            pledge.c.id,
            pledge.c.pledged_at,
            pledge.c.kind,
            contact.c.id.label("contact_id"),
            contact.c.email,
            contact.c.first_name,
            contact.c.last_name,
            contact.c.organisation_name.label("organisation"),
            contact.c.ods_code,
            contact.c.sector,
            contact.c.ics_area,
            contact.c.borough,
            pledge.c.source,
        )
        .join(contact, contact.c.id == pledge.c.contact_id)
        .where(pledge.c.withdrawn_at.is_(None))
    )
    return _paged(engine, query, pledge.c.id)


def quarantined_rows(engine: sa.Engine) -> Iterator[sa.Row[Any]]:
    """Yield every import's rows that were set aside and are still open."""
    q = quarantined_row.c
    query = (
        sa.select(
            q.id,
            q.import_id,
            import_.c.file_name,
            q.row_number,
            q.column_name,
            q.reason,
            q.advice,
            q.row,
        )
        .join(import_, import_.c.id == q.import_id)
        .where(still_open())
    )
    return _paged(engine, query, q.id)


def _has_pledged() -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(pledge.c.contact_id == contact.c.id, pledge.c.withdrawn_at.is_(None))
        .correlate(contact)
    )


def _paged(
    engine: sa.Engine, query: sa.Select[Any], number: sa.ColumnElement[int]
) -> Iterator[sa.Row[Any]]:
    last = 0
    while True:
        with reading(engine) as connection:
            page = connection.execute(
                query.where(number > last).order_by(number).limit(_PAGE)
            ).all()
        if not page:
            return
        last = page[-1].id
        yield from page
