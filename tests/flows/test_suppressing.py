"""Suppressions of every kind: scoped, brought by other tools' lists, lifted one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.domain import SuppressionReason
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.imports import import_file
from outreach.flows.people import person, standing, suppress, unsuppress
from outreach.keys import Keys
from outreach.settings import Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table

ANN, BO, CY = "ann@example.org", "bo@example.org", "cy@example.org"


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    return own_workspace(settings, keys, engine, tmp_path)


def contacts(ws: Workspace, *addresses: str, **said: str) -> None:
    path = table(
        ws.settings.root / "c.csv",
        ("Email", *said),
        *((one, *said.values()) for one in addresses),
    )
    given = {"basis": "consent", "evidence": "form"}
    import_file(ws, path, "contacts", constants=given, **WHO)


def stops(ws: Workspace, name: str, *rows: tuple[object, ...], **how: str) -> None:
    result = import_file(
        ws, table(ws.settings.root / name, *rows), "suppressions", constants=how, **WHO
    )
    assert (result.state, result.quarantined) == ("done", 0), result.message


def reasons(ws: Workspace, address: str) -> list[str]:
    return [one.reason.value for one in standing(ws, address)]


def test_a_suppression_for_one_purpose_keeps_who_set_it_and_may_grow(ws: Workspace) -> None:
    assert suppress(ws, ANN, reason="objected", scope="direct_marketing", **WHO)
    assert not suppress(ws, ANN, reason="objected", scope="direct_marketing", **WHO)
    assert suppress(ws, ANN, reason="objected", **WHO)
    assert not suppress(ws, ANN, reason="objected", scope="public_task", **WHO)
    rows = rows_of(ws.engine, "suppression")
    assert [(r["scope"], r["by"]) for r in rows] == [("direct_marketing", "lee"), ("all", "lee")]
    with pytest.raises(InputError, match="direct_marketing"):
        suppress(ws, ANN, reason="objected", scope="newsletters", **WHO)


def test_where_several_stand_a_person_chooses_which_is_lifted(ws: Workspace) -> None:
    contacts(ws, ANN)
    suppress(ws, ANN, reason="unsubscribed", **WHO)
    suppress(ws, ANN, reason="hard bounce", **WHO)
    with pytest.raises(Refused, match=r"choose its number.*unsubscribed, for all.*hard bounce"):
        unsuppress(ws, ANN, reason="the mailbox works again", **WHO)
    bounce = standing(ws, ANN)[1].number
    with pytest.raises(NotFound, match="no suppression 99"):
        unsuppress(ws, ANN, reason="the mailbox works again", which=99, **WHO)
    assert unsuppress(ws, ANN, reason="the mailbox works again", which=bounce, **WHO) == 1
    assert reasons(ws, ANN) == ["unsubscribed"]
    assert person(ws, ANN).summary == "a contact, not written to: unsubscribed"
    assert rows_of(ws.engine, "audit")[-1]["detail"] == "hard bounce, for all"


def test_a_leaver_stays_left_until_a_person_lifts_it(ws: Workspace) -> None:
    contacts(ws, ANN, left_on="2026-03-01")
    contacts(ws, ANN, job_role="Nurse")
    assert person(ws, ANN).summary == "a contact, not written to: left"
    unsuppress(ws, ANN, reason="back from leave, says the practice", **WHO)
    assert person(ws, ANN).summary == "a contact, may be written to"
    contacts(ws, ANN, left_on="2026-03-01", job_role="Nurse")
    assert person(ws, ANN).summary == "a contact, may be written to"


def test_a_leaving_day_still_to_come_marks_nobody_and_is_counted(ws: Workspace) -> None:
    file = table(
        ws.settings.root / "staff.csv",
        ("Email", "Left on"),
        *((ANN, "31/12/4712"), (BO, "2999-01-01"), (CY, "2026-03-01")),
    )
    said = import_file(ws, file, "contacts", **WHO)
    assert (said.accepted, said.quarantined) == (3, 0)
    assert "not marked as left, since that day is still to come: 2" in said.message
    assert {row["email"] for row in rows_of(ws.engine, "contact") if row["left_at"]} == {CY}


def test_left_as_a_reason_marks_the_contact_and_lifting_it_unmarks_them(ws: Workspace) -> None:
    contacts(ws, ANN, BO)
    suppress(ws, ANN, reason="left", **WHO)
    stops(ws, "gone.csv", ("Email", "Reason", "Date"), (BO, "No longer here", "2026-03-01"))
    assert all(row["left_at"] for row in rows_of(ws.engine, "contact"))
    assert reasons(ws, ANN) == reasons(ws, BO) == ["left"]
    unsuppress(ws, ANN, reason="came back", **WHO)
    left = {row["email"]: row["left_at"] is not None for row in rows_of(ws.engine, "contact")}
    assert left == {ANN: False, BO: True}


def test_an_import_never_takes_an_unsubscribe_away_or_makes_it_less(ws: Workspace) -> None:
    stops(ws, "one.csv", ("Email", "Reason"), (ANN, "unsubscribed"))
    stops(ws, "two.csv", ("Email", "Reason", "Scope"), (ANN, "bounced", "all"),
          (ANN, "unsubscribed", "direct_marketing"))  # fmt: skip
    assert reasons(ws, ANN) == ["unsubscribed", "hard bounce"]
    rows = rows_of(ws.engine, "suppression")
    assert [row["import_id"] for row in rows] == [1, 2]
    contacts(ws, ANN)
    assert person(ws, ANN).summary == "a contact, not written to: unsubscribed"


def test_an_erasure_that_a_list_tells_of_stops_mail_and_is_left_to_a_person(ws: Workspace) -> None:
    contacts(ws, ANN)
    stops(ws, "gone.csv", ("Email", "Reason"), (ANN, "forgotten"), (BO, "forgotten"))
    found = {r["reason"]: r["detail"] for r in rows_of(ws.engine, "suppression")}
    assert found == {"objected": "asked to be erased, as the source says; erase them here too",
                     "erased": ""}  # fmt: skip
    path = table(ws.settings.root / "d.csv", ("Email",), (BO,))
    assert import_file(ws, path, "contacts", **WHO).quarantined == 1


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        (
            "suppression_bounces.csv",
            [("status", "reason", "email", "created"),
             ("5.1.1", "550 5.1.1 The email account does not exist", ANN, "1709294400"),
             ("5.0.0", "unable to get mx info", BO, "1709294400")],
            ["hard bounce", "hard bounce"],
        ),
        (
            "suppression_unsubscribes.csv",
            [("email", "created"), (ANN, "1709294400"), (BO, "1709294400")],
            ["unsubscribed", "unsubscribed"],
        ),
        (
            "unsubscribed_members_export_1a2b.csv",
            [("Email Address", "First Name", "UNSUB_TIME", "UNSUB_REASON", "UNSUB_REASON_OTHER"),
             (ANN, "Ann", "2024-03-01 12:00:00", "NORMAL", ""),
             (BO, "Bo", "2024-03-01 12:00:00", "ABUSE", "")],
            ["unsubscribed", "complained"],
        ),
        (
            "cleaned_members_export_1a2b.csv",
            [("Email Address", "CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE"),
             (ANN, "2024-03-01 12:00:00", "May news"), (BO, "2024-03-01 12:00:00", "May news")],
            ["hard bounce", "hard bounce"],
        ),
        (
            "suppressed contacts.csv",
            [("Email", "Status", "Date removed"),
             (ANN, "HardBounced", "01/03/2024 12:00"), (BO, "IsspComplained", "01/03/2024 12:00")],
            ["hard bounce", "complained"],
        ),
        ("plain.csv", [("Email",), (ANN,), (BO,)], ["unsubscribed", "unsubscribed"]),
    ],
)  # fmt: skip
def test_what_other_tools_export_is_read_as_it_comes(
    ws: Workspace, name: str, rows: list[tuple[object, ...]], expected: list[str]
) -> None:
    stops(ws, name, *rows)
    found = rows_of(ws.engine, "suppression")
    assert [row["reason"] for row in found] == expected
    if len(rows[0]) > 1:
        assert {row["created_at"].year for row in found} == {2024}


def test_a_reason_that_nobody_foresaw_suppresses_all_the_same(ws: Workspace) -> None:
    stops(ws, "odd.csv", ("Email", "Reason"), (ANN, "Moved to Wales"))
    (row,) = rows_of(ws.engine, "suppression")
    assert (row["reason"], row["detail"]) == (SuppressionReason.MANUAL, "Moved to Wales")


def test_an_address_that_is_no_contact_says_what_stands_against_it(ws: Workspace) -> None:
    suppress(ws, ANN, reason="objected", **WHO)
    suppress(ws, BO, reason="asked", scope="direct_marketing", **WHO)
    assert person(ws, ANN).summary == "not a contact; never to be written to: objected"
    assert "manual (for direct marketing alone)" in person(ws, BO).summary


def test_who_may_be_written_to_for_one_purpose_alone_is_told_apart(ws: Workspace) -> None:
    contacts(ws, ANN)
    suppress(ws, ANN, reason="objected", scope="direct_marketing", **WHO)
    assert person(ws, ANN).summary == (
        "a contact, may be written to; not for direct marketing: objected"
    )


def test_a_status_that_says_the_opposite_is_named_by_its_own_heading(ws: Workspace) -> None:
    file = table(ws.settings.root / "all.csv", ("Email", "Status"), (ANN, "Subscribed"))
    import_file(ws, file, "suppressions", **WHO)
    assert [row["column_name"] for row in rows_of(ws.engine, "quarantined_row")] == ["Status"]


def test_who_may_be_written_to_for_no_purpose_is_not_said_to_be(ws: Workspace) -> None:
    file = table(ws.settings.root / "c.csv", ("Email", "Basis purpose"), (ANN, "direct_marketing"))
    given = {"basis": "public_task", "evidence": "list"}
    import_file(ws, file, "contacts", constants=given, **WHO)
    assert person(ws, ANN).summary.startswith("a contact, not written to; not for ")
