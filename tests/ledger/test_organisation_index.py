"""The people of one organisation are found by the index, which is in stretches of 4,096 people."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from outreach.ledger.organisation_views import people_at, working_at
from outreach.ledger.people import contact, organisation

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NUMBERS = (1, 4095, 4096, 8191, 8192, 20_000, 20_001)
"""Contacts: at both sides of where a stretch ends, and after a gap of stretches."""


def _seed(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.insert(organisation),
            [{"id": n, "ods_code": f"F{n}", "updated_at": NOW} for n in (1, 2)],
        )
        connection.execute(
            sa.insert(contact),
            [
                {
                    "id": number,
                    "email": f"person.{number}@example.org",
                    "address_hash": number.to_bytes(16),
                    "domain_hash": bytes(16),
                    "organisation_id": 2 if number == 20_001 else 1,
                    "created_at": NOW,
                    "updated_at": NOW,
                }
                for number in NUMBERS
            ],
        )


def test_everybody_is_found_in_whatever_stretch_they_are(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert people_at(connection, 1) == ()
    _seed(engine)
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(contact.c.id).where(working_at(connection, 1)).order_by(contact.c.id)
        )
        assert tuple(found.scalars()) == NUMBERS[:-1]
        assert sum(one.people for one in people_at(connection, 1)) == 6
        assert sum(one.people for one in people_at(connection, 2)) == 1


def test_they_are_looked_up_in_the_index(engine: sa.Engine) -> None:
    _seed(engine)
    with engine.connect() as connection:
        query = sa.select(contact.c.id).where(working_at(connection, 1))
        text = query.compile(connection, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # seven people are one page
        plan = str(connection.exec_driver_sql(f"{explain} {text}").all())
    assert "ix_contact_organisation" in plan
    assert "SCAN contact" not in plan
