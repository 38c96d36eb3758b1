"""Contacts tied to their organisations, on both databases: certain ones alone, and as settled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.errors import NotFound, Refused
from outreach.flows.imports import ImportResult, import_file
from outreach.flows.organisations import set_subscriber_type
from outreach.flows.organising import doubtful, match_organisations, settle_match
from outreach.keys import Keys
from outreach.ledger.people import contact, organisation_match
from outreach.settings import Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table

ORGANISATIONS = (
    (
        "ODS code",
        "Name",
        "Sector",
        "ICS area",
        "Borough",
        "Postcode",
        "Status",
        "PCN code",
        "PCN name",
    ),
    (
        "F83001",
        "Alder Medical Practice",
        "GP",
        "NCL",
        "Barnet",
        "N1 1AA",
        "",
        "U10001",
        "North PCN",
    ),
    ("F83002", "Birchwood Surgery", "GP", "NCL", "Camden", "N2 2BB", "", "U10001", "North PCN"),
    ("F83003", "Cedar Surgery", "GP", "NCL", "Camden", "N3 3CC", "Closed", "", ""),
    ("FA111", "Alder Pharmacy", "Pharmacy", "NCL", "Barnet", "N1 1AA", "", "", ""),
)
PEOPLE = ("Email", "Organisation name", "Practice postcode", "ODS code")


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    return own_workspace(settings, keys, engine, tmp_path)


def take(ws: Workspace, name: str, kind: str, *rows: tuple[object, ...]) -> ImportResult:
    path = table(ws.settings.root / name, *rows)
    may = {"allow_shrink": True, "allow_lost_column": True}
    return import_file(ws, path, kind, source=kind, **may, **WHO)


def register(ws: Workspace, *more: tuple[object, ...], name: str = "orgs.csv") -> None:
    take(ws, name, "organisations", *ORGANISATIONS, *more)


def people(ws: Workspace, *rows: tuple[str, str, str, str], name: str = "people.csv") -> None:
    """Take people in, their postcode put where an import puts it."""
    take(ws, name, "contacts", PEOPLE, *((*row,) for row in rows))
    with ws.engine.begin() as connection:
        for email, _, postcode, _ in rows:
            where = sa.update(contact).where(contact.c.email == email)
            connection.execute(where.values(organisation_postcode=postcode))
    match_organisations(ws)


def tied(ws: Workspace) -> dict[str, tuple[str, str]]:
    """Address -> the ODS code of the organisation they are tied to, and how it is known."""
    codes = {row["id"]: row["ods_code"] for row in rows_of(ws.engine, "organisation")}
    return {
        row["email"].partition("@")[0]: (
            codes.get(row["organisation_id"], ""),
            row["organisation_how"],
        )
        for row in rows_of(ws.engine, "contact")
    }


def test_a_code_counts_first_then_a_name_at_its_postcode(ws: Workspace) -> None:
    register(ws)
    people(
        ws,
        ("code@example.org", "Whatever it is called", "", "f83002"),
        ("name@example.org", "the ALDER med. practice", "n1 1aa", ""),
        ("other@example.org", "Alder Pharmacy", "N11AA", ""),
        ("wild@example.org", "Alder Medical Practice", "N1 1AA", "F83999"),
        ("vets@example.org", "Quayside Vets", "N1 1AA", ""),
        ("none@example.org", "", "", ""),
    )
    assert tied(ws) == {
        "code": ("F83002", "code"),
        "name": ("F83001", "name"),
        "other": ("FA111", "name"),
        "wild": ("F83001", "name"),
        "vets": ("", ""),
        "none": ("", ""),
    }


def test_whichever_comes_first_they_are_tied(ws: Workspace) -> None:
    people(ws, ("a@example.org", "Alder Medical Practice", "N1 1AA", ""))
    assert tied(ws) == {"a": ("", "")}
    register(ws)
    assert tied(ws) == {"a": ("F83001", "name")}


def test_what_is_only_likely_waits_for_a_person(ws: Workspace) -> None:
    register(ws)
    people(
        ws,
        ("a@example.org", "Birchwood Surgery", "", ""),
        ("b@example.org", "BIRCHWOOD  surgery", "", ""),
    )
    (one,) = doubtful(ws)
    assert (one.people, one.state) == (2, "doubtful")
    assert [(c.row.ods_code, c.likeness) for c in one.candidates] == [("F83002", 100)]
    assert set(tied(ws).values()) == {("", "")}


def test_a_settled_match_holds_for_all_who_say_it_and_for_those_to_come(ws: Workspace) -> None:
    register(ws)
    people(ws, ("a@example.org", "Birchwood Surgery", "", ""))
    (one,) = doubtful(ws)
    chosen = one.candidates[0].row.id
    assert settle_match(ws, one.id, chosen, reason="I rang them", **WHO) == 1
    people(ws, ("b@example.org", "birchwood surgery", "", ""), name="later.csv")
    register(
        ws,
        ("F83009", "Birchwood Surgery", "GP", "NCL", "Camden", "N9 9ZZ", "", "", ""),
        name="2.csv",
    )
    assert tied(ws) == {"a": ("F83002", "settled"), "b": ("F83002", "settled")}
    assert doubtful(ws) == ()
    (kept,) = doubtful(ws, settled=True)
    assert (kept.settled_by, kept.settled_reason) == ("lee", "I rang them")
    said = [row for row in rows_of(ws.engine, "audit") if row["action"].startswith("settle")]
    assert [(row["who"], row["detail"]) for row in said] == [("lee", "F83002: I rang them")]


def test_what_was_settled_may_be_settled_otherwise(ws: Workspace) -> None:
    register(ws)
    people(ws, ("a@example.org", "Birchwood Surgery", "", ""))
    (one,) = doubtful(ws)
    settle_match(ws, one.id, None, reason="another one in Kent", **WHO)
    assert (tied(ws), doubtful(ws)) == ({"a": ("", "")}, ())
    match_organisations(ws)
    assert tied(ws) == {"a": ("", "")}
    settle_match(ws, one.id, one.candidates[0].row.id, reason="it is ours", **WHO)
    assert tied(ws) == {"a": ("F83002", "settled")}


def test_a_code_that_becomes_known_later_counts_before_what_was_settled(ws: Workspace) -> None:
    register(ws)
    people(ws, ("a@example.org", "Birchwood Surgery", "", ""))
    (one,) = doubtful(ws)
    settle_match(ws, one.id, one.candidates[0].row.id, reason="I rang them", **WHO)
    people(ws, ("a@example.org", "Birchwood Surgery", "", "F83001"), name="later.csv")
    assert tied(ws) == {"a": ("F83001", "code")}


def test_the_tie_follows_whoever_says_that_they_work_elsewhere(ws: Workspace) -> None:
    register(ws)
    people(ws, ("a@example.org", "Alder Medical Practice", "N1 1AA", ""))
    people(ws, ("a@example.org", "Birchwood Surgery", "N2 2BB", ""), name="later.csv")
    assert tied(ws) == {"a": ("F83002", "name")}
    people(ws, ("a@example.org", "Quayside Vets", "", ""), name="last.csv")
    assert tied(ws) == {"a": ("", "")}


def test_a_new_employer_without_a_code_is_not_the_one_of_the_old_code(ws: Workspace) -> None:
    register(ws)
    take(ws, "a.csv", "contacts", PEOPLE, ("a@example.org", "Alder", "N1 1AA", "F83001"))
    assert tied(ws) == {"a": ("F83001", "code")}
    moved = ("a@example.org", "Birchwood Surgery", "N2 2BB", "")
    take(ws, "b.csv", "contacts", PEOPLE, moved)
    assert tied(ws) == {"a": ("F83002", "name")}


def test_a_row_without_a_code_leaves_ties_by_name_and_by_a_person_alone(ws: Workspace) -> None:
    register(ws)
    rows = (
        ("name@example.org", "Alder Medical Practice", "N1 1AA", ""),
        ("settled@example.org", "Birchwood Surgery", "", ""),
    )
    take(ws, "a.csv", "contacts", PEOPLE, *rows)
    (one,) = doubtful(ws)
    settle_match(ws, one.id, one.candidates[0].row.id, reason="I rang them", **WHO)
    before = {"name": ("F83001", "name"), "settled": ("F83002", "settled")}
    assert tied(ws) == before
    job = (*PEOPLE, "Job role")
    take(ws, "b.csv", "contacts", job, *((*row, "GP") for row in rows))
    assert tied(ws) == before


def test_nobody_is_tied_by_name_to_what_has_closed(ws: Workspace) -> None:
    register(ws)
    people(ws, ("a@example.org", "Cedar Surgery", "N3 3CC", ""))
    people(ws, ("b@example.org", "Alder Medical Practice", "N1 1AA", ""), name="b.csv")
    assert tied(ws) == {"a": ("", ""), "b": ("F83001", "name")}
    closed = [(*row[:6], "Closed", *row[7:]) for row in ORGANISATIONS[1:2]]
    take(ws, "closed.csv", "organisations", ORGANISATIONS[0], *closed)
    assert tied(ws)["b"] == ("", "")


def test_matching_again_writes_nothing(ws: Workspace) -> None:
    register(ws)
    people(
        ws,
        ("a@example.org", "Birchwood Surgery", "", ""),
        ("b@example.org", "Alder Medical Practice", "N1 1AA", ""),
        ("c@example.org", "", "", "F83001"),
    )
    before = _everything(ws)
    report = match_organisations(ws)
    assert (report.tied, report.untied) == (0, 0)
    assert dict(report.names) == {"doubtful": 1, "matched": 1}
    assert _everything(ws) == before


def _everything(ws: Workspace) -> list[Any]:
    return [rows_of(ws.engine, name) for name in ("contact", "organisation_match", "fact")]


def test_judgements_of_names_that_nobody_says_any_more_are_forgotten(ws: Workspace) -> None:
    register(ws)
    people(ws, ("a@example.org", "Birchwood Surgery", "", ""))
    people(ws, ("a@example.org", "Quayside Vets", "", ""), name="later.csv")
    with ws.engine.connect() as connection:
        names = connection.execute(sa.select(organisation_match.c.name)).scalars().all()
    assert names == ["Quayside Vets"]


def test_a_match_is_settled_by_a_named_person_with_a_reason_for_what_is_open(ws: Workspace) -> None:
    register(ws)
    people(ws, ("a@example.org", "Birchwood Surgery", "", ""))
    (one,) = doubtful(ws)
    closed = next(r["id"] for r in rows_of(ws.engine, "organisation") if r["closed_at"])
    with pytest.raises(Refused, match="named person with a reason"):
        settle_match(ws, one.id, None, by="lee", via="test", reason=" ")
    with pytest.raises(Refused, match="F83003 has closed"):
        settle_match(ws, one.id, closed, reason="it was there", **WHO)
    with pytest.raises(NotFound):
        settle_match(ws, one.id, 9_999_999, reason="it was there", **WHO)
    with pytest.raises(NotFound):
        settle_match(ws, one.id + 1, None, reason="it was there", **WHO)
    assert len(doubtful(ws)) == 1


def why_not(ws: Workspace) -> str:
    from outreach.ledger.mailable import not_mailable

    with ws.engine.connect() as connection:
        query = sa.select(not_mailable(Purpose.DIRECT_MARKETING)).select_from(contact)
        return str(connection.execute(query).scalar_one())


def test_the_type_of_the_organisation_they_are_tied_to_decides_who_is_written_to(
    ws: Workspace,
) -> None:
    register(ws)
    rows = (
        ("Email", "ODS code", "Basis", "Evidence"),
        ("a@example.org", "F83001", "public_task", "x"),
    )
    take(ws, "basis.csv", "contacts", *rows)
    assert why_not(ws) == "no basis for this purpose"
    set_subscriber_type(ws, "F83001", "corporate", reason="a limited company", **WHO)
    assert why_not(ws) == ""


def test_a_type_set_by_hand_is_not_undone_by_an_import(ws: Workspace) -> None:
    register(ws)
    set_subscriber_type(ws, "f83001", "individual", reason="a partnership", **WHO)
    again = ("ODS code", "Subscriber type"), ("F83001", "corporate"), ("F83002", "corporate")
    take(ws, "types.csv", "organisations", *again)
    kinds = {r["ods_code"]: r["subscriber_type"] for r in rows_of(ws.engine, "organisation")}
    assert (kinds["F83001"], kinds["F83002"]) == ("individual", "corporate")
    said = [row for row in rows_of(ws.engine, "audit") if "type" in row["action"]]
    assert [row["subject"] for row in said] == ["organisation F83001"]
    with pytest.raises(Refused, match="named person with a reason"):
        set_subscriber_type(ws, "F83001", "unknown", by="", via="test", reason="x")
