"""Compare what an import said and wrote with what is true of its list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from bench.messy import Truth
from bench.messy_people import TEXTS
from outreach.ledger.people import contact, pledge, quarantined_row
from outreach.records import ImportResult


def differences(engine: sa.Engine, result: ImportResult, truth: Truth) -> list[str]:
    """Return every way in which an import into an empty ledger differs from the truth."""
    return [*_in_what_it_said(result, truth), *_in_the_ledger(engine, result, truth)]


def _in_what_it_said(result: ImportResult, truth: Truth) -> Iterator[str]:
    if result.state != "done":
        yield f"state: {result.state}, {result.message}"
    for name, ours in (
        ("rows_read", truth.rows),
        ("accepted", truth.rows - truth.quarantined),
        ("created", truth.created),
        ("changed", truth.changed),
        ("unchanged", truth.unchanged),
        ("new_pledges", truth.new_pledges),
        ("quarantined", truth.quarantined),
        ("quarantined_by_reason", dict(truth.reasons)),
    ):
        yield from _differ(name, getattr(result, name), ours)


def _in_the_ledger(engine: sa.Engine, result: ImportResult, truth: Truth) -> Iterator[str]:
    c = contact.c
    number = sa.func.count()
    with engine.connect() as connection:
        for name, counted, expected in (
            ("contacts", sa.select(number).select_from(contact), truth.created),
            ("pledges", sa.select(number).select_from(pledge), truth.new_pledges),
            ("leavers", sa.select(sa.func.count(c.left_at)), truth.left),
        ):
            yield from _differ(name, connection.execute(counted).scalar_one(), expected)
        for name, people in truth.values.items():
            found = connection.execute(sa.select(c[name], number).group_by(c[name]))
            yield from _differ(name, _pairs(found), dict(people))
        q = quarantined_row.c
        kept = connection.execute(
            sa.select(q.reason, number).where(q.import_id == result.import_id).group_by(q.reason)
        )
        yield from _differ("rows kept", _pairs(kept), dict(truth.reasons))
        yield from _in_people(connection, truth)


def _in_people(connection: sa.Connection, truth: Truth) -> Iterator[str]:
    c, p = contact.c, pledge.c
    columns = [c.email, c.left_at, *(c[name] for name in TEXTS)]
    pledges: dict[int, list[Any]] = {}
    people: dict[str, dict[str, Any]] = {}
    for start in range(0, len(truth.people), 500):
        emails = [*truth.people][start : start + 500]
        for row in connection.execute(sa.select(c.id, *columns).where(c.email.in_(emails))):
            found = dict(row._mapping)
            pledges[found.pop("id")] = found["pledges"] = []
            found["left_on"] = found.pop("left_at")
            people[found.pop("email")] = found
        of = sa.select(p.contact_id, p.pledged_at).order_by(p.pledged_at)
        joined = of.join(contact, c.id == p.contact_id).where(c.email.in_(emails))
        for contact_id, at in connection.execute(joined):
            pledges[contact_id].append(at)
    for email, expected in truth.people.items():
        for name, ours in expected.items():
            yield from _differ(f"{email}: {name}", people.get(email, {}).get(name), ours)


def _pairs(result: sa.Result[Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in result}


def _differ(name: str, found: Any, expected: Any) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        wrong = Counter(found)
        wrong.subtract(expected)
        if any(wrong.values()):
            yield f"{name}: more (or fewer) than is true: { {k: v for k, v in wrong.items() if v} }"
    elif found != expected:
        yield f"{name}: {found!r}, and the truth is {expected!r}"
