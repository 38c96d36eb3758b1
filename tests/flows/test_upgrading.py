"""A ledger of an earlier version, with people in it, is taken on: nothing of them is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from outreach.flows import editions, mending
from outreach.flows.imports import import_file
from outreach.flows.organising import doubtful
from outreach.flows.people import person
from outreach.hub import load_hub
from outreach.keys import Keys, load_keys
from outreach.ledger import migrate
from outreach.ledger.columns import UTCDateTime
from outreach.ledger.engine import open_engine
from outreach.settings import ROOT, load_settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, people_tables, rows_of, table

THEN = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = datetime(2026, 2, 2, 9, tzinfo=UTC)

CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News
preview: What is new.
trigger: manual
approval: person
owner: amy
segment: {}
---
Dear {{ contact.first_name or 'colleague' }},
"""

PEOPLE: dict[str, dict[str, Any]] = {
    "ann@example.org": {
        "first_name": "Ann",
        "job_role": "Nurse",
        "ods_code": "Y00001",
        "organisation_id": 1,
        "tracking_consent": True,
    },
    "ben@example.org": {"first_name": "Ben"},
    "cat@example.org": {"first_name": "Cat"},
    "info@example.org": {"first_name": "Dee"},
    "eve@example.org": {"email": None, "erased_at": LATER},
    "fay@example.org": {"first_name": "Fay", "organisation_name": "The Elm Surgery"},
}
"""Address -> what an earlier version held of them, in the order of their numbers."""


def written(connection: sa.Connection, into: str, **values: Any) -> None:
    """Write one row as an earlier version would: what it did not know of is left out."""
    places = ", ".join(f":{column}" for column in values)
    row = sa.text(f'INSERT INTO "{into}" ({", ".join(values)}) VALUES ({places})')
    times = {name: UTCDateTime() for name, one in values.items() if isinstance(one, datetime)}
    typed = [sa.bindparam(name, type_=kind) for name, kind in times.items()]
    connection.execute(row.bindparams(*typed), values)


def people_of_then(connection: sa.Connection, keys: Keys) -> None:
    """Write an organisation, contacts, bases, suppressions, a pledge, and an import."""
    at = {"updated_at": THEN}
    written(connection, "organisation", ods_code="Y00001", name="Alder Surgery", **at)
    written(connection, "organisation", ods_code="Y00002", name="Elm Surgery", **at)
    for number, (address, said) in enumerate(PEOPLE.items(), 1):
        hashes = {
            "address_hash": keys.address_hash(address),
            "domain_hash": keys.domain_hash(address),
        }
        row = {"email": address, "source": "old list", **hashes, **at, "created_at": THEN, **said}
        written(connection, "contact", **row)
        withdrawn = LATER if address.startswith("cat") else None
        basis = {"kind": "public_task", "evidence": "the old list", "source": "old list"}
        basis |= {"recorded_at": THEN, "withdrawn_at": withdrawn}
        written(connection, "basis", contact_id=number, **basis)
    for address, reason in (("ben@example.org", "unsubscribed"), ("eve@example.org", "erased")):
        whom = {"address_hash": keys.address_hash(address), "reason": reason}
        written(connection, "suppression", **whom, created_at=LATER)
    pledge = {"address_hash": keys.address_hash("ann@example.org"), "pledged_at": THEN}
    written(connection, "pledge", contact_id=1, recorded_at=THEN, **pledge)
    counts = {"rows_read": 7, "accepted": 6, "quarantined": 1}
    taken = {"source": "old list", "kind": "contacts", "file_name": "old.csv", "state": "done"}
    written(connection, "import", **taken, **counts, started_at=THEN, finished_at=THEN)
    for number, url, sector in (
        (1, "https://example.org/guide", "Dentistry"),
        (2, "https://www.example.org/guide/?utm_source=news", ""),
        (3, "https://example.org/video", ""),
    ):
        about = {"resource_key": url, "title": f"Resource {number}", "url": url, "sector": sector}
        written(connection, "resource", **about, recorded_at=THEN)
    bad = {"Email": "gil(at)example.org", "First name": "Gil"}
    reason = {"column_name": "Email", "reason": "not an email address", "row": json.dumps(bad)}
    written(connection, "quarantined_row", import_id=1, row_number=8, **reason)


@pytest.fixture
def ws(request: pytest.FixtureRequest, nothing_yet: str, tmp_path: Path) -> Iterator[Workspace]:
    """A deployment whose ledger was an earlier version's, brought up to date."""
    home = {"OUTREACH_HOME": str(tmp_path / "home"), "OUTREACH_DATABASE_URL": nothing_yet}
    settings = load_settings({**home, "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org"})
    settings.home.mkdir()
    keys = load_keys(settings)
    engine = open_engine(nothing_yet)
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, getattr(request, "param", "0002"))
        people_of_then(connection, keys)
    migrate.upgrade(engine, keys)
    campaigns = tmp_path / "campaigns"
    campaigns.mkdir()
    (campaigns / "news.md").write_text(CAMPAIGN)
    settings = replace(settings, campaigns=(campaigns,))
    yield Workspace(settings, keys, load_hub(ROOT / "hub.yaml"), engine)
    engine.dispose()


def new_list(ws: Workspace, folder: Path, name: str = "new.csv", step: int = 1) -> Any:
    """Take in a list that knows everyone from before, and one person more; -1: from its end."""
    rows = [(address, "Renamed", "Dentist", "Camden") for address in PEOPLE]
    rows.append(("hal@example.org", "Hal", "GP", "Barnet"))
    file = table(folder / name, ("Email", "First name", "Job role", "Borough"), *rows[::step])
    basis = {"basis": "public_task", "evidence": "the new list"}
    return import_file(ws, file, "contacts", constants=basis, source="new list", **WHO)


def contacts(ws: Workspace) -> Mapping[str, dict[str, Any]]:
    return {row["email"]: row for row in rows_of(ws.engine, "contact")}


@pytest.mark.parametrize("ws", ["0002", "0003"], indirect=True)
def test_a_ledger_of_an_earlier_version_holds_what_it_held_when_a_list_comes_in(
    ws: Workspace, tmp_path: Path
) -> None:
    result = new_list(ws, tmp_path)
    assert (result.created, result.quarantined) == (1, 1), "Hal is new, and Eve stays erased"
    now = contacts(ws)
    ann = now["ann@example.org"]
    assert (ann["first_name"], ann["job_role"], ann["borough"]) == ("Ann", "Nurse", "Camden")
    assert (ann["organisation_id"], ann["organisation_how"]) == (1, "code")
    (elm,) = doubtful(ws)
    assert (elm.name, elm.organisation) == ("The Elm Surgery", None)
    assert len(elm.candidates) == 1, "a name without a postcode is for a person to settle"
    assert [one for one, row in now.items() if row["tracking_consent"]] == ["ann@example.org"]
    assert [one for one, row in now.items() if row["shared_mailbox"]] == ["info@example.org"]
    assert len(rows_of(ws.engine, "pledge")) == 1
    said = [row["source"] for row in rows_of(ws.engine, "statement") if row["contact_id"] == 1]
    assert said == ["old list", "new list"]
    before = people_tables(ws.engine)
    again = new_list(ws, tmp_path, "again.csv", step=-1)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 6)
    assert people_tables(ws.engine) == before


def test_an_edition_after_an_upgrade_reaches_nobody_who_was_out_before(
    ws: Workspace, tmp_path: Path
) -> None:
    new_list(ws, tmp_path)
    assert editions.prepare(ws, "news", "one", by="amy", via="test").planned == 4
    editions.approve(ws, "news@one", by="lee", via="airflow")
    editions.send(ws, "news@one")
    greeted = {}
    for file in ws.settings.home.glob("outbox/**/*.eml"):
        message = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        body = message.get_body(("plain",))
        greeted[message["To"]] = body.get_content().split(",")[0] if body else ""
    assert greeted == {
        "ann@example.org": "Dear Ann",
        "fay@example.org": "Dear Fay",
        "hal@example.org": "Dear Hal",
        "info@example.org": "Dear colleague",
    }
    assert editions.settle(ws, "news@one").balanced
    assert "unsubscribed" in person(ws, "ben@example.org").summary


def test_a_row_that_an_earlier_version_set_aside_can_still_be_mended(
    ws: Workspace, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.csv"
    assert mending.write_sheet(ws, 1, sheet, **WHO) == 1
    mended = sheet.read_text("utf-8-sig").replace("gil(at)", "gil@")
    sheet.write_text(mended, "utf-8")
    basis = {"basis": "public_task", "evidence": "the old list"}
    result = import_file(ws, sheet, "contacts", constants=basis, source="any", **WHO)
    assert (result.source, result.created) == ("old list", 1)
    assert rows_of(ws.engine, "quarantined_row")[0]["mended_by"] == result.import_id


def test_resources_of_an_earlier_version_are_known_by_their_pages(
    ws: Workspace, tmp_path: Path
) -> None:
    guide, double, video = rows_of(ws.engine, "resource")
    assert [(row["sectors"], row["ics_areas"]) for row in (guide, video)] == [
        (["Dentistry"], []),
        ([], []),
    ]
    assert (double["withdrawn_at"], guide["withdrawn_at"]) == (THEN, None)
    rows = [("A new title", f"https://example.org/{name}/") for name in ("guide", "video")]
    file = table(tmp_path / "r.csv", ("Title", "Link"), *rows)
    result = import_file(ws, file, "resources", source="any", **WHO)
    assert (result.created, result.changed) == (0, 2)
