"""What the ledger's engine says when something goes wrong."""

from __future__ import annotations

import threading
import time
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.ledger.engine import reading, writing_much
from outreach.ledger.people import contact
from outreach.ledger.sheets import laid_out, lay_out


def test_an_error_of_the_database_quotes_no_row(engine: sa.Engine) -> None:
    row = {"email": "ann@example.org", "first_name": "Ann", "domain_hash": b"d"}
    with pytest.raises(sa.exc.IntegrityError) as raised, engine.begin() as connection:
        connection.execute(sa.insert(contact).values(**row))
    told = "".join(traceback.format_exception(raised.value))
    assert "address_hash" in told
    assert "ann@" not in told
    assert isinstance(raised.value.orig, engine.dialect.loaded_dbapi.IntegrityError)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_much_is_written_with_its_statements_undone_from_memory_and_nothing_else(
    engine: sa.Engine,
) -> None:
    def where(connection: sa.Connection) -> int | None:
        return connection.exec_driver_sql("PRAGMA temp_store").scalar()

    with writing_much(engine) as connection:
        assert where(connection) == 2
    with engine.begin() as connection:
        assert where(connection) == 0
    with pytest.raises(ZeroDivisionError), writing_much(engine) as connection:
        _ = where(connection), 1 / 0
    with reading(engine) as connection:
        assert where(connection) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_foreign_keys_are_looked_up_again_once_a_sheet_is_taken_away(engine: sa.Engine) -> None:
    stray = "INSERT INTO basis (contact_id, kind, recorded_at) VALUES (404, 'consent', 'now')"
    sheet = lay_out([], lambda _: [])
    with writing_much(engine) as connection:
        with pytest.raises(ZeroDivisionError), laid_out(connection, sheet), connection.begin():
            _ = 1 / 0
        with pytest.raises(sa.exc.IntegrityError), connection.begin():
            connection.exec_driver_sql(stray)
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.exec_driver_sql(stray)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_written_much_goes_into_the_file_while_more_is_written(engine: sa.Engine) -> None:
    file = Path(engine.url.database or "")
    before, until = file.stat().st_size, time.monotonic() + 30
    with writing_much(engine) as connection:
        with connection.begin():
            # Less than the writer would copy by itself.
            connection.exec_driver_sql("CREATE TABLE much AS SELECT randomblob(500000) AS said")
        while file.stat().st_size == before and time.monotonic() < until:
            time.sleep(0.02)
        assert file.stat().st_size > before + 500_000
        with connection.begin():
            connection.exec_driver_sql("DROP TABLE much")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_copies_the_log_once_the_writing_is_over(engine: sa.Engine) -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), writing_much(engine):
        _ = 1 / 0
    assert threading.active_count() == before
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 1_000
