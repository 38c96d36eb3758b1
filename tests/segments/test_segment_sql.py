"""A rule as SQL selects whom the same rule said in plain Python selects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import given, settings

from outreach.ledger.caps import HANDED_OVER
from outreach.ledger.editions import delivery
from outreach.ledger.engine import open_engine
from outreach.ledger.people import contact, organisation
from outreach.ledger.schema import metadata
from outreach.ledger.segment_sql import Moment, condition
from outreach.segments import parse, vocabulary
from outreach.segments.tree import Expression
from tests.segments.trees import trees
from tests.segments.world import NOW, Person, ago, holds, people, store

PEOPLE = people()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """The world on SQLite, read by every example."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('world')}/outreach.db")
    metadata.create_all(engine)
    with engine.begin() as connection:
        store(connection, PEOPLE)
    yield engine
    engine.dispose()


def selected(connection: sa.Connection, rule: Expression) -> set[int]:
    query = sa.select(contact.c.id).select_from(contact.outerjoin(organisation))
    return set(connection.execute(query.where(condition(rule, Moment(NOW)))).scalars())


def expected(rule: Expression, everybody: list[Person] = PEOPLE) -> set[int]:
    return {one.id for one in everybody if holds(rule, one, everybody)}


@settings(max_examples=120, deadline=None)
@given(rule=trees)
def test_sql_selects_whom_the_rule_selects(ledger: sa.Engine, rule: Expression) -> None:
    with ledger.connect() as connection:
        assert selected(connection, rule) == expected(rule)


SOME = (
    'sector is "optometry" or borough is "BARNET"',
    'not role contains "a_b"',
    'role contains "100%"',
    'organisation is "ÉCOLE SURGERY" and pcn is "ünder"',
    "organisation has a pledge in the last 30 days",
    "organisation has no pledge",
    'subscriber type is "unknown" and not organisation is known',
    "pledged in the last 10 days or not pledged",
    "pledged since 2026-11-01 and shared mailbox",
    'got "news@one"',
    'not got "news@one" and not got campaign "other" in the last 20 days',
    'failed in "news@two" or bounced in "news@two" or in doubt in "news@one"',
    'accepted in "news@one"',
    "not written to in the last 14 days",
    'got "never@was"',
)


def test_both_databases_select_the_same(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        store(connection, PEOPLE)
    with engine.connect() as connection:
        for written in SOME:
            rule = parse(written)
            assert selected(connection, rule) == expected(rule), written
            assert written.startswith("got") or 0 < len(expected(rule)) < len(PEOPLE), written


def test_written_to_means_what_the_cap_counts() -> None:
    assert sorted(vocabulary.FACTS["written to"].states) == HANDED_OVER


def test_an_engagement_fact_joins_by_one_line(
    ledger: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As opened and clicked will: a line in the table, and no other change."""
    complained = vocabulary.Fact(
        ("complained about",),
        "complained about {of}{when}",
        "did not complain about {of}{when}",
        'complained about "news@one"',
        of="edition",
        window="may",
        moment="complained_at",
    )
    monkeypatch.setitem(vocabulary.FACTS, "complained about", complained)
    rule = parse('complained about "news@one" in the last 30 days and not pledged')
    d = delivery.c
    mine = sa.update(delivery).where(d.edition_id == 1)
    with ledger.connect() as connection:
        ids = list(connection.execute(sa.select(d.contact_id).where(d.edition_id == 1)).scalars())
        for contact_id, days in zip(ids, (1, 31), strict=False):
            told = mine.where(d.contact_id == contact_id).values(complained_at=ago(days))
            connection.execute(told)
        found = selected(connection, parse('complained about "news@one"'))
        assert found == set(ids[:2])
        assert selected(connection, rule) == set(ids[:1]) & expected(parse("not pledged"))
        connection.rollback()
