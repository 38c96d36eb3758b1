"""What people call organisations, and which is meant: as judged, or as a person settled it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.errors import NotFound
from outreach.ledger.columns import BigId, chunks
from outreach.ledger.facts import get_fact, set_fact
from outreach.ledger.imports import lock_people
from outreach.ledger.organisation_names import name_key, postcode_key
from outreach.ledger.people import contact, organisation, organisation_match

SETTLED, NONE = "settled", "none"
DECIDED = (SETTLED, NONE)
"""States that a person gave; nothing but a person changes them."""

_REGISTER = "organisations that names were last matched with"
_LOOKED = "contacts were matched with organisations until"

Key = tuple[str, str]
"""A name's key and a postcode's."""


@dataclass(frozen=True, slots=True)
class Said:
    """One name at one postcode: how it was written first, and how many contacts say it."""

    name: str
    people: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What is known of one name at one postcode."""

    id: int
    state: str
    organisation_id: int | None
    candidates: tuple[tuple[int, int], ...]
    people: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be kept of one name at one postcode."""

    key: Key
    said: Said
    state: str
    organisation_id: int | None
    candidates: tuple[tuple[int, int], ...]


def register_is_empty(connection: sa.Connection) -> bool:
    """Whether no organisation is known, open or closed."""
    return connection.execute(sa.select(organisation.c.id).limit(1)).first() is None


def without_name_key(connection: sa.Connection) -> list[tuple[int, str]]:
    """Return (id, key) of organisations of before this version, which have no key to compare."""
    o = organisation.c
    rows = connection.execute(sa.select(o.id, o.name).where(o.name_key == "", o.name != ""))
    return [(row.id, key) for row in rows if (key := name_key(row.name))]


def keep_name_keys(connection: sa.Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Give organisations the key that matching compares."""
    lock_people(connection)
    update = sa.update(organisation).where(organisation.c.id == sa.bindparam("number"))
    connection.execute(
        update.values(name_key=sa.bindparam("key")),
        [{"number": number, "key": key} for number, key in rows],
    )


def open_organisations(connection: sa.Connection, now: datetime) -> list[tuple[int, str, str]]:
    """Return (id, name's key, postcode's key) of every organisation that has not closed."""
    o = organisation.c
    rows = connection.execute(
        sa.select(o.id, o.name_key, o.postcode)
        .where(o.name_key != "", sa.or_(o.closed_at.is_(None), o.closed_at > now))
        .order_by(o.id)
    )
    return [(row.id, row.name_key, postcode_key(row.postcode)) for row in rows]


def names_said(connection: sa.Connection) -> dict[Key, Said]:
    """Return every name that contacts without a known ODS code say, by its key."""
    c = contact.c
    rows = connection.execute(
        sa.select(c.organisation_name, c.organisation_postcode, sa.func.count().label("people"))
        .where(c.organisation_name != "", c.erased_at.is_(None), ~_code_known())
        .group_by(c.organisation_name, c.organisation_postcode)
        .order_by(c.organisation_name, c.organisation_postcode)
    )
    found: dict[Key, Said] = {}
    for name, postcode, people in rows:
        key = name_key(name), postcode_key(postcode)
        if key[0]:
            first = found.get(key)
            found[key] = Said(
                first.name if first else name, people + (first.people if first else 0)
            )
    return found


def _code_known() -> sa.ColumnElement[bool]:
    known = sa.exists().where(organisation.c.ods_code == contact.c.ods_code).correlate(contact)
    # Whoever is tied by code needs no second look at the register.
    return sa.or_(contact.c.organisation_how == "code", sa.and_(contact.c.ods_code != "", known))


def decisions(connection: sa.Connection) -> dict[Key, Decision]:
    """Return everything judged or settled so far."""
    m = organisation_match.c
    rows = connection.execute(sa.select(organisation_match)).mappings()
    return {
        (row[m.name_key], row[m.postcode]): Decision(
            row[m.id],
            row[m.state],
            row[m.organisation_id],
            tuple((number, likeness) for number, likeness in row[m.candidates]),
            row[m.people],
        )
        for row in rows
    }


def keep_verdicts(connection: sa.Connection, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Write new and changed judgements, without touching what a person decided."""
    lock_people(connection)
    known = decisions_for(connection, [one.key for one in verdicts])
    new = [_row(one, now) for one in verdicts if one.key not in known]
    if new:
        connection.execute(sa.insert(organisation_match), new)
    changed = [_row(one, now) for one in verdicts if one.key in known]
    if changed:
        connection.execute(_REJUDGE, [_bound(row) for row in changed])


def decisions_for(connection: sa.Connection, keys: Sequence[Key]) -> set[Key]:
    """Return those of these keys that something is known of."""
    m = organisation_match.c
    found: set[Key] = set()
    for some in chunks(sorted({name for name, _ in keys})):
        query = sa.select(m.name_key, m.postcode).where(m.name_key.in_(some))
        found |= {(row.name_key, row.postcode) for row in connection.execute(query)}
    return found


def _row(one: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "name": one.said.name,
        "name_key": one.key[0],
        "postcode": one.key[1],
        "state": one.state,
        "organisation_id": one.organisation_id,
        "candidates": [list(pair) for pair in one.candidates],
        "people": one.said.people,
        "judged_at": now,
    }


_CHANGING = ("state", "organisation_id", "candidates", "people", "judged_at")
_m = organisation_match.c
_decided = _m.state.in_(DECIDED)
_REJUDGE = (
    sa.update(organisation_match)
    .where(_m.name_key == sa.bindparam("b_name_key"), _m.postcode == sa.bindparam("b_postcode"))
    .values(
        people=sa.bindparam("b_people"),
        judged_at=sa.bindparam("b_judged_at"),
        state=sa.case((_decided, _m.state), else_=sa.bindparam("b_state", type_=sa.Text())),
        organisation_id=sa.case(
            (_decided, _m.organisation_id), else_=sa.bindparam("b_organisation_id", type_=BigId)
        ),
        candidates=sa.bindparam("b_candidates", type_=sa.JSON()),
    )
)


def _bound(row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"b_{name}": row[name] for name in ("name_key", "postcode", *_CHANGING)}


def forget_unsaid(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Take out judgements of names that nobody says any more; what a person decided stays."""
    lock_people(connection)
    for some in chunks(ids):
        connection.execute(
            sa.delete(organisation_match).where(
                organisation_match.c.id.in_(some), ~organisation_match.c.state.in_(DECIDED)
            )
        )


def register_known(connection: sa.Connection) -> str:
    """Return the fingerprint of the register that names were last matched with."""
    return get_fact(connection, _REGISTER)


def looked_until(connection: sa.Connection) -> datetime | None:
    """Return until when every change to a contact was looked at; None where none was yet."""
    value = get_fact(connection, _LOOKED)
    return datetime.fromisoformat(value) if value else None


def keep_look(engine: sa.Engine, fingerprint: str, until: datetime | None, now: datetime) -> None:
    """Remember the register matched with (unless ''), and until when contacts were looked at."""
    with engine.begin() as connection:
        if fingerprint:
            set_fact(connection, _REGISTER, fingerprint, now)
        if until:
            set_fact(connection, _LOOKED, until.isoformat(), now)


def match_numbered(connection: sa.Connection, number: int) -> sa.RowMapping:
    """Return one judgement. Raises NotFound."""
    row = (
        connection.execute(sa.select(organisation_match).where(organisation_match.c.id == number))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(f"there is no match {number}; outreach organisations doubtful lists them")
    return row


def settle(
    connection: sa.Connection,
    number: int,
    organisation_id: int | None,
    *,
    by: str,
    reason: str,
    now: datetime,
) -> None:
    """Keep a person's decision: this organisation, or None for none of them."""
    connection.execute(
        sa.update(organisation_match)
        .where(organisation_match.c.id == number)
        .values(
            state=SETTLED if organisation_id else NONE,
            organisation_id=organisation_id,
            settled_at=now,
            settled_by=by,
            settled_reason=reason,
        )
    )
