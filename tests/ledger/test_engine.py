"""What the ledger's engine says when something goes wrong."""

from __future__ import annotations

import traceback

import pytest
import sqlalchemy as sa

from outreach.ledger.people import contact


def test_an_error_of_the_database_quotes_no_row(engine: sa.Engine) -> None:
    row = {"email": "ann@example.org", "first_name": "Ann", "domain_hash": b"d"}
    with pytest.raises(sa.exc.IntegrityError) as raised, engine.begin() as connection:
        connection.execute(sa.insert(contact).values(**row))
    told = "".join(traceback.format_exception(raised.value))
    assert "address_hash" in told
    assert "ann@" not in told
    assert isinstance(raised.value.orig, engine.dialect.loaded_dbapi.IntegrityError)
