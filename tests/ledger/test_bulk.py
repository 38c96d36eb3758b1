"""Many rows at once come out as they went in, whatever their texts hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from outreach.ledger.bulk import insert_columns, next_ids, stored
from outreach.ledger.engine import open_engine
from outreach.ledger.imports import lock_part
from outreach.ledger.people import contact

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ODD = ["a\tb", "a\nb", "a\r\nb", "back\\slash", "\\N", "\\.", "a,b;'\"", "é€𝄞\u202e", "", " "]


@pytest.fixture
def production(postgres_url: str) -> Iterator[sa.Engine]:
    """PostgreSQL, where several may write at once."""
    engine = open_engine(postgres_url)
    yield engine
    engine.dispose()


def test_texts_with_tabs_breaks_and_slashes_come_out_as_they_went_in(engine: sa.Engine) -> None:
    number = len(ODD)
    with engine.begin() as connection:
        now = stored(connection, NOW)
        insert_columns(
            connection,
            contact,
            {
                "id": next_ids(connection, contact, number),
                "email": [f"{i}@example.org" for i in range(number)],
                "address_hash": [bytes([i]) * 16 for i in range(number)],
                "domain_hash": [bytes(16)] * number,
                "first_name": ODD,
                "last_name": [ODD[0]] * number,
                "left_at": [now if i % 2 else None for i in range(number)],
                "created_at": [now] * number,
                "updated_at": [now] * number,
            },
            number,
        )
        c = contact.c
        rows = connection.execute(
            sa.select(c.first_name, c.last_name, c.address_hash, c.left_at).order_by(c.id)
        ).all()
    assert [row.first_name for row in rows] == ODD
    assert {row.last_name for row in rows} == {ODD[0]}
    assert [bytes(row.address_hash)[0] for row in rows] == list(range(number))
    assert [row.left_at for row in rows] == [NOW if i % 2 else None for i in range(number)]


def test_numbers_drawn_by_two_are_never_the_same(production: sa.Engine) -> None:
    with production.begin() as one, production.begin() as other:
        drawn = [list(next_ids(c, contact, n)) for c, n in ((one, 3), (other, 2), (one, 4))]
    numbers = [number for some in drawn for number in some]
    assert len(set(numbers)) == 9
    assert [len(some) for some in drawn] == [3, 2, 4]


def test_only_the_parts_of_an_import_do_not_wait_for_the_disk(production: sa.Engine) -> None:
    asked = sa.text("SHOW synchronous_commit")
    with production.begin() as connection:
        lock_part(connection)
        assert connection.execute(asked).scalar() == "off"
    with production.begin() as connection:
        assert connection.execute(asked).scalar() == "on"
