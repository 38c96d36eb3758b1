"""Which contacts are tied to which organisation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from outreach.ledger.engine import reading
from outreach.ledger.imports import lock_people
from outreach.ledger.organisation_names import name_key
from outreach.ledger.people import contact, organisation

_PAGE = 5_000

Tie = tuple[int, str, int | None, str]
"""(contact's id, the name they say, the organisation or None, how it is known)."""


def ties(
    engine: sa.Engine, *, since: datetime | None = None, names: Collection[str] | None = None
) -> Iterator[Sequence[Any]]:
    """Yield pages of contacts with what they say of their organisation and how they are tied.

    `since`: only those changed from then on; `names`: only those who write one of these.
    `code_id` is the organisation whose ODS code they carry; whoever is tied to it already, as
    nearly all are whom an import has just brought, is left out.
    """
    c, o = contact.c, organisation.c
    query = (
        sa.select(
            c.id,
            c.organisation_name,
            c.organisation_postcode,
            c.organisation_id,
            c.organisation_how,
            o.id.label("code_id"),
        )
        .select_from(contact)
        .outerjoin(organisation, sa.and_(c.ods_code != "", o.ods_code == c.ods_code))
        .where(
            c.erased_at.is_(None),
            sa.or_(c.ods_code != "", c.organisation_name != "", c.organisation_id.is_not(None)),
            sa.or_(
                c.organisation_how != "code",
                c.organisation_id.is_(None),
                o.id.is_(None),
                o.id != c.organisation_id,
            ),
        )
        .order_by(c.id)
        .limit(_PAGE)
    )
    if since is not None:
        query = query.where(c.updated_at >= since)
    if names is not None:
        query = query.where(c.organisation_name.in_(names))
    last = 0
    while True:
        with reading(engine) as connection:
            page = connection.execute(query.where(c.id > last)).all()
        if not page:
            return
        last = page[-1].id
        yield page


def spellings(connection: sa.Connection, key: str) -> list[str]:
    """Return how contacts write the organisation whose name has this key."""
    rows = connection.execute(
        sa.select(contact.c.organisation_name).distinct().where(contact.c.organisation_name != "")
    ).scalars()
    return [name for name in rows if name_key(name) == key]


# An import that changed what they say meanwhile ties them itself.
_TIE = (
    "UPDATE contact SET organisation_id = ?, organisation_how = ? "
    "WHERE id = ? AND organisation_name = ?"
)


_new = (
    sa.func.unnest(
        sa.bindparam("number", type_=postgresql.ARRAY(sa.BigInteger())),
        sa.bindparam("said", type_=postgresql.ARRAY(sa.Text())),
        sa.bindparam("to", type_=postgresql.ARRAY(sa.BigInteger())),
        sa.bindparam("how", type_=postgresql.ARRAY(sa.Text())),
    )
    .table_valued("number", "said", "to", "how", name="new")
    .render_derived()
)
_TIE_ALL = (
    sa.update(contact)
    .where(
        contact.c.id == _new.c.number,
        contact.c.organisation_name == _new.c.said,
        # They come by number: without this a planner that knows no better reads everyone.
        contact.c.id.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .values(organisation_id=_new.c.to, organisation_how=_new.c.how)
)
"""The same for many at once, which spares PostgreSQL a round for each."""


def tie(connection: sa.Connection, rows: Sequence[Tie]) -> None:
    """Tie contacts, which come by their numbers."""
    lock_people(connection)
    if connection.dialect.name == "postgresql":
        names = ("number", "said", "to", "how")
        columns = [list(column) for column in zip(*rows, strict=True)]
        ends = {"first": rows[0][0], "last": rows[-1][0]}
        connection.execute(_TIE_ALL, {**dict(zip(names, columns, strict=True)), **ends})
    else:
        connection.exec_driver_sql(
            _TIE, [(to, how, number, said) for number, said, to, how in rows]
        )
