"""The Organisation Data Service's files as it publishes them, read into organisations."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from outreach.records import ImportKind, OrganisationRecord
from outreach.sources import ods
from outreach.sources.fields import Context
from outreach.sources.reading import Columns, open_file
from outreach.sources.values import Lists
from tests.flows.importing import table

LISTS = Lists(
    ("General Practice", "Community Pharmacy", "Dentistry", "Optometry"),
    ("North Central London", "North East London"),
    ("Camden",),
)
HEADED = (
    *("Organisation Code", "Name", "National Grouping", "High Level Health Geography"),
    *(f"Address Line {n}" for n in range(1, 6)),
    *("Postcode", "Open Date", "Close Date", "Status Code", "Organisation Sub-Type Code"),
    *("Commissioner", "Join Provider/Purchaser Date", "Left Provider/Purchaser Date"),
    *("Contact Telephone Number", "Null", "Null", "Null", "Amended Record Indicator", "Null"),
    *("Provider/Purchaser", "Null", "Prescribing Setting", "Null"),
)


def full(code: str, name: str, **said: str) -> tuple[str, ...]:
    """A row of one of the reports with 27 columns."""
    cells = [code, name, "Y56", said.get("icb", "QMJ"), *["somewhere"] * 5, "N1 1AA"]
    cells += [said.get("opened", "19740401"), said.get("closed", ""), said.get("status", "A")]
    cells += ["B", "93C", "20200401", "", "020 7946 0000", *[""] * 3, "0", "", "93C", ""]
    return (*cells, said.get("setting", "4"), "")


def read(path: Path, *rows: tuple[str, ...]) -> list[OrganisationRecord]:
    context = Context(LISTS, datetime(2026, 11, 23, tzinfo=UTC))
    file = open_file(table(path, *rows), ImportKind.ORGANISATIONS, Columns(), context)
    found = list(file.records(context))
    assert all(isinstance(one, OrganisationRecord) for one in found), found
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("headed", [False, True])
def test_a_full_report_is_read_with_and_without_headings(tmp_path: Path, headed: bool) -> None:
    rows = [
        full("F83004", "ALDER MEDICAL PRACTICE"),
        full("F83005", "CEDAR SURGERY", closed="20210630", status="C"),
        full("Y00001", "A PRISON", setting="8", icb="QOP"),
    ]
    head = [HEADED] if headed else []
    open_one, closed, prison = read(tmp_path / "epraccur.csv", *head, *rows)
    assert (open_one.ods_code, open_one.name) == ("F83004", "Alder Medical Practice")
    assert (open_one.sector, open_one.ics_area) == ("General Practice", "North Central London")
    assert (open_one.postcode, open_one.is_open) == ("N1 1AA", True)
    assert open_one.opened_at == datetime(1974, 3, 31, 23, tzinfo=UTC)
    assert closed.closed_at == datetime(2021, 6, 29, 23, tzinfo=UTC)
    assert (prison.sector, prison.ics_area) == ("", "")


@pytest.mark.parametrize(
    ("file", "status", "sector"),
    [
        ("edispensary.csv", "ACTIVE", "Community Pharmacy"),
        ("egdpprac.csv", "A", "Dentistry"),
        ("eoptsite.csv", "", "Optometry"),
        ("edispensary (Include headers).csv", "A", "Community Pharmacy"),
        ("elsewhere.csv", "A", ""),
    ],
)
def test_the_name_of_a_report_tells_its_sector(
    tmp_path: Path, file: str, status: str, sector: str
) -> None:
    (one,) = read(tmp_path / file, full("FA111", "MAPLE PHARMACY", status=status, setting=""))
    assert (one.sector, one.is_open) == (sector, True if status else None)


NETWORK = ("U10001", "CAMDEN NORTH PCN", "93C", "NHS NCL ICB - 93C", "20190701", "", *["x"] * 5)


def test_networks_are_organisations_of_their_own_network(tmp_path: Path) -> None:
    heads = ("PCN Code", "PCN Name", "Current\r\nSub ICB Loc Code", "Sub ICB Location", "Open Date")
    heads += ("Close Date", *(f"Address Line {n}" for n in range(1, 6)), "Postcode")
    row = (*NETWORK, "N1 1AA")
    assert read(tmp_path / "epcn.csv", row) == read_one_below(
        tmp_path / "PCNDetails.csv", heads, row
    )
    (one,) = read(tmp_path / "epcn.csv", row)
    assert (one.ods_code, one.pcn_code, one.pcn_name) == ("U10001", "U10001", "Camden North PCN")
    assert (one.ics_area, one.postcode, one.sector) == ("North Central London", "N1 1AA", "")


def read_one_below(
    path: Path, heads: tuple[str, ...], *rows: tuple[str, ...]
) -> list[OrganisationRecord]:
    """Read rows below headings, numbered as if there were none."""
    from dataclasses import replace

    return [replace(one, row_number=one.row_number - 1) for one in read(path, heads, *rows)]


def test_partners_of_networks_are_read_with_when_they_joined_and_left(tmp_path: Path) -> None:
    heads = (
        *(
            "Partner\r\nOrganisation\r\nCode",
            "Partner\r\nName",
            "Practice\r\nParent\r\nSub ICB Loc Code",
        ),
        *("Practice\r\nParent\r\nSub ICB Loc Name", "PCN Code", "PCN Name"),
        *("PCN Parent\r\nSub ICB Loc Code", "PCN Parent\r\nSub ICB Loc Name"),
        "Practice to PCN\r\nRelationship\r\nStart Date",
        "Practice to PCN\r\nRelationship\r\nEnd Date",
        "Practice Sub ICB and PCN Sub ICB Match?",
    )
    sub_icb = ("93C", "NHS NCL ICB - 93C")
    rows = [
        ("F83004", "ALDER", *sub_icb, "U10001", "CAMDEN NORTH PCN", *sub_icb, "20190701", "", "Y"),
        (
            "F83005",
            "CEDAR",
            *sub_icb,
            "U10001",
            "CAMDEN NORTH PCN",
            *sub_icb,
            "20190701",
            "20210630",
            "Y",
        ),
    ]
    headless = read(tmp_path / "epcncorepartnerdetails.csv", *rows)
    assert headless == read_one_below(tmp_path / "PCN Core Partner Details.csv", heads, *rows)
    alder, cedar = headless
    assert (alder.ods_code, alder.pcn_code, alder.pcn_until) == ("F83004", "U10001", None)
    assert alder.pcn_from == datetime(2019, 6, 30, 23, tzinfo=UTC)
    assert cedar.pcn_until == datetime(2021, 6, 29, 23, tzinfo=UTC)


def test_another_file_of_as_many_columns_is_not_taken_for_one() -> None:
    assert ods.headings(("F83004", *["x"] * 11)) == ()
    assert ods.headings(("Email", *["x"] * 26)) == ()
    assert ods.headings(("F83004", *["x"] * 10)) == ()


@pytest.mark.parametrize(
    ("published", "printed"),
    [
        ("ST JOHN'S MEDICAL CENTRE", "St John's Medical Centre"),
        ("DR OKAFOR & PARTNERS", "Dr Okafor & Partners"),
        ("THE SURGERY AT ALDER-ON-SEA", "The Surgery at Alder-on-Sea"),
        ("NHS NCL ICB - 93C", "NHS NCL ICB - 93C"),
        ("CAMDEN NORTH PCN", "Camden North PCN"),
        ("Alder House", "Alder House"),
        ("", ""),
    ],
)
def test_a_name_in_capitals_is_printed_as_people_write_it(published: str, printed: str) -> None:
    assert ods.spelled(published) == printed
