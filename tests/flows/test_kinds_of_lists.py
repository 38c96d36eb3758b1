"""Lists as people and other tools save them, dropped into the folders that ship, and pulled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.flows.imports import pull_sources
from outreach.keys import Keys
from outreach.records import ImportResult
from outreach.settings import ROOT, Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The ledger's part is proven on both databases elsewhere."""
    return sqlite_url


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    contacts = tmp_path / "contacts"
    contacts.mkdir()
    shutil.copy(ROOT / "contacts" / "sources.yaml", contacts)
    return own_workspace(settings, keys, engine, tmp_path)


def dropped(
    ws: Workspace, kind: str, name: str, text: str, encoding: str = "utf-8"
) -> ImportResult:
    folder = ws.settings.root / "contacts" / "inbox" / kind
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode(encoding))
    (result,) = pull_sources(ws, only=f"inbox-{kind}", **WHO)
    assert not (folder / name).exists()
    return result


FORM = (
    "ID,Start time,Completion time,Email,Name,What is your full name?,"
    "What is your work email address?,What best describes your role?,"
    "Which sector of primary care do you work in?,Which borough is your practice in?,"
    "Which ICS area is your organisation in?,What is the name of your organisation?,"
    "What is your organisation's ODS code?,What is your organisation's postcode?,"
    "Are you pledging as an individual or on behalf of your organisation?,Anything else?\n"
    "1,20/10/2026 09:00,20/10/2026 09:04:10,anonymous,,Maya Roy,maya@example.org,Practice nurse,"
    "GP practice / Surgery,Islington borough,North Central London (NCL),Elm Surgery,F83004,"
    "N1 1AA,As an individual,No\n"
    "2,20/10/2026 10:00,20/10/2026 10:02:00,anonymous,,Tom Fox,tom@example.org,Dentist,"
    "Dentist,LB of Camden,NHS NCL ICB,Smile,,,On behalf of my organisation,No\n"
    "3,20/10/2026 11:00,20/10/2026 11:02:00,anonymous,,Una Low,una@example.org,Optician,"
    "Optician,Camden,NCL,Specs,,,Ask my manager,No\n"
)


@pytest.mark.parametrize(
    ("name", "mark", "encoding"),
    [
        ("p.csv", ",", "utf-8"),
        ("p.csv", ",", "utf-8-sig"),
        ("p.csv", ";", "cp1252"),
        ("p.csv", ";", "utf-16"),
        ("p.csv", "\t", "utf-16-le"),
        ("p.tsv", "\t", "utf-16-be"),
    ],
)
def test_answers_to_a_form_are_pledges_in_whatever_way_they_were_saved(
    ws: Workspace, name: str, mark: str, encoding: str
) -> None:
    text = FORM.replace(",", mark).replace("Maya", "Maÿa").replace("surgery", "Sürgery")
    result = dropped(ws, "pledges", name, text, encoding)
    assert result.quarantined_by_reason == {"who pledges is not recognised": 1}, result.message
    assert result.unrecognised_columns == ("Anything else?",)
    people = rows_of(ws.engine, "contact")
    told = {
        (one["first_name"], one["sector"], one["borough"], one["ics_area"], one["job_role"])
        for one in people
    }
    area = "North Central London"
    assert told == {
        ("Maÿa", "General Practice", "Islington", area, "Practice nurse"),
        ("Tom", "Dentistry", "Camden", area, "Dentist"),
    }
    assert {row["kind"] for row in rows_of(ws.engine, "pledge")} == {"person", "organisation"}


def test_a_reason_and_where_to_mend_it_stand_in_what_the_import_says(ws: Workspace) -> None:
    text = "Email,Sector\na@example.org,Podiatry\nb@example.org,Pharmacy (community)\n"
    said = dropped(ws, "contacts", "c.csv", text).message
    assert "1 new, 0 changed, 0 unchanged, 1 set aside (sector not recognised 1; " in said
    assert "see import 1 under Imports" in said


@pytest.mark.parametrize(
    ("name", "text", "reasons"),
    [
        ("suppression_bounces.csv",
         'status,reason,email,created\n5.1.1,"550 no such user",a@example.org,1731405600\n',
         ["hard bounce"]),
        ("suppression_unsubscribes.csv", "email,created\na@example.org,1731405600\n",
         ["unsubscribed"]),
        ("suppression_spam_reports.csv", "ip,email,created\n,a@example.org,1731405600\n",
         ["complained"]),
        ("suppression_invalid_emails.csv", "reason,email,created\nBad,a@example.org,1731405600\n",
         ["manual"]),
        ("unsubscribed_members.csv",
         "Email Address,First Name,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON\n"
         "a@example.org,A,,2026-05-01 10:00:00,NORMAL\n",
         ["unsubscribed"]),
        ("cleaned_members.csv", "Email Address,CLEAN_TIME\na@example.org,2026-05-01 10:00:00\n",
         ["hard bounce"]),
        ("dotdigital.csv", "Email,Reason,DateRemoved\na@example.org,HardBounced,13/31/2026\n",
         ["hard bounce"]),
        ("old opt-outs.txt", "a@example.org\nb@example.org\n", ["unsubscribed", "unsubscribed"]),
        ("domains.csv", "Email or domain,Reason\n@bad.example.org,Do not contact\n", ["objected"]),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(("csv", "txt")) else "",
)  # fmt: skip
def test_what_the_previous_tool_knew_is_taken_as_it_exports_it(
    ws: Workspace, name: str, text: str, reasons: list[str]
) -> None:
    result = dropped(ws, "suppressions", name, text)
    assert (result.state, result.quarantined) == ("done", 0), result.message
    assert [row["reason"] for row in rows_of(ws.engine, "suppression")] == reasons
    assert ("taken without their date" in result.message) == ("13/31" in text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("new.csv", "Title,Link,Sector,Date\nToolkit,https://example.org/a,Gp,1 Nov 2026\n"),
        ("new.json", '[{"title": "Toolkit", "url": "https://example.org/a", "sector": "GP"}]'),
        ("new.rss", '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><item>'
         "<title>Toolkit</title><link>https://example.org/a</link></item></channel></rss>"),
        ("new.xml", '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x'
         '</title><entry><title>Toolkit</title><link href="https://example.org/a"/><id>a</id>'
         "<updated>2026-11-01T09:00:00Z</updated></entry></feed>"),
    ],
    ids=["csv", "json", "rss", "atom"],
)  # fmt: skip
def test_new_resources_are_taken_from_a_table_from_json_and_from_a_feed(
    ws: Workspace, name: str, text: str
) -> None:
    assert dropped(ws, "resources", name, text).created == 1
    (one,) = rows_of(ws.engine, "resource")
    assert (one["title"], one["url"]) == ("Toolkit", "https://example.org/a")


FULL = (
    '"{code}","{name}","Y56","QMJ","1 ROAD","","","LONDON","","N1 1AA","19740401","","A","B",'
    + ('"93C","","","","","","","0","","","","{setting}",""\n')
)


@pytest.mark.parametrize(
    ("name", "code", "setting", "sector"),
    [
        ("epraccur.csv", "F83004", "4", "General Practice"),
        ("edispensary.csv", "FA123", "", "Community Pharmacy"),
        ("egdpprac.csv", "V00001", "", "Dentistry"),
        ("eoptsite.csv", "TP1AA", "", "Optometry"),
    ],
)
def test_lists_of_the_organisation_data_service_are_taken_without_a_word_on_their_columns(
    ws: Workspace, name: str, code: str, setting: str, sector: str
) -> None:
    text = FULL.format(code=code, name="ELM PLACE", setting=setting)
    result = dropped(ws, "organisations", name, text)
    assert (result.created, result.unrecognised_columns) == (1, ()), result.message
    (one,) = rows_of(ws.engine, "organisation")
    assert (one["ods_code"], one["name"], one["sector"]) == (code, "Elm Place", sector)
