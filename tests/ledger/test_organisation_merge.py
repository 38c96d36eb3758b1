"""Organisations merged: closing, reopening, and networks in whatever order their rows come."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.keys import Keys
from outreach.ledger.imports import Tally
from outreach.ledger.organisation_merge import merge_organisations
from outreach.ledger.people import organisation
from outreach.ledger.people_merge import Merge
from outreach.records import OrganisationRecord

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def day(year: int, month: int = 7) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


@pytest.fixture
def put(engine: sa.Engine, keys: Keys) -> Any:
    """Take one file's rows in."""

    def taken(*records: OrganisationRecord, chunk: int = 300) -> Tally:
        merge = Merge(keys, "ods", NOW)
        for start in range(0, len(records), chunk):
            with engine.begin() as connection:
                tally = merge_organisations(connection, records[start : start + chunk], merge)
        return tally

    return taken


def row(engine: sa.Engine, code: str = "F83004") -> dict[str, Any]:
    with engine.connect() as connection:
        query = sa.select(organisation).where(organisation.c.ods_code == code)
        return dict(connection.execute(query).mappings().one())


def test_one_that_closes_stays_with_the_day_and_may_open_again(engine: sa.Engine, put: Any) -> None:
    put(OrganisationRecord(1, "F83004", "Alder", is_open=True, opened_at=day(1974)))
    put(OrganisationRecord(1, "F83004", closed_at=day(2024)))
    assert (row(engine)["closed_at"], row(engine)["name"]) == (day(2024), "Alder")
    put(OrganisationRecord(1, "F83004", is_open=True))
    assert row(engine)["closed_at"] is None
    put(OrganisationRecord(1, "F83004", is_open=False))
    assert row(engine)["closed_at"] == NOW
    assert put(OrganisationRecord(1, "F83004", is_open=False)).unchanged == 1


def test_a_name_is_kept_as_matching_compares_it(engine: sa.Engine, put: Any) -> None:
    put(OrganisationRecord(1, "F83004", "The St. John's Med Ctr"))
    assert row(engine)["name_key"] == "st johns medical centre"


HISTORY = (
    OrganisationRecord(
        1,
        "F83004",
        "Alder",
        "",
        pcn_code="U1",
        pcn_name="One",
        pcn_from=day(2019),
        pcn_until=day(2021),
    ),
    OrganisationRecord(
        2,
        "F83004",
        "Alder",
        "",
        pcn_code="U2",
        pcn_name="Two",
        pcn_from=day(2021),
        pcn_until=day(2023),
    ),
    OrganisationRecord(3, "F83004", "Alder", "", pcn_code="U1", pcn_name="One", pcn_from=day(2023)),
    OrganisationRecord(
        4, "F83004", "Alder", "", pcn_code="U9", pcn_name="Next", pcn_from=day(2027)
    ),
)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database is enough: its rules are not in SQL."""
    return sqlite_url


@pytest.mark.parametrize("chunk", [300, 1])
def test_a_history_of_networks_comes_out_the_same_in_any_order(
    engine: sa.Engine, put: Any, chunk: int
) -> None:
    for order in permutations(HISTORY):
        put(*order, chunk=chunk)
        now = row(engine)
        assert (now["pcn_code"], now["pcn_name"], now["pcn_since"]) == ("U1", "One", day(2023))
        assert put(*order, chunk=chunk).changed == 0
        with engine.begin() as connection:
            connection.execute(sa.delete(organisation))


def test_who_left_its_network_is_in_none(engine: sa.Engine, put: Any) -> None:
    put(HISTORY[2])
    left = OrganisationRecord(1, "F83004", pcn_code="U1", pcn_from=day(2023), pcn_until=day(2025))
    put(left)
    assert (row(engine)["pcn_code"], row(engine)["pcn_name"]) == ("", "")
    assert put(left).unchanged == 1


def test_the_first_row_of_a_file_counts_however_far_apart_they_stand(
    engine: sa.Engine, put: Any
) -> None:
    rows = [OrganisationRecord(n, f"F8{n:04}", "x") for n in range(2)]
    twice = (
        OrganisationRecord(9, "F83004", "Alder"),
        *rows,
        OrganisationRecord(9, "F83004", "Else"),
    )
    put(*twice, chunk=1)
    assert row(engine)["name"] == "Alder"
    assert put(*twice, chunk=1).changed == 0
