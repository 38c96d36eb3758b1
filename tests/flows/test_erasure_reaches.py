"""Every table that knows a person is in their export, and emptied when they are erased."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.cli import main
from outreach.errors import InputError, Refused
from outreach.flows.erasing import remains
from outreach.flows.people import erase_person, export_person, suppress
from outreach.flows.receipts import check_receipt, write_receipt
from outreach.keys import Keys
from outreach.ledger import people as tables
from outreach.ledger.editions import audit, delivery, event, exclusion, notice
from outreach.ledger.erasing import STAYS, places
from outreach.ledger.schema import metadata
from outreach.settings import Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of, table
from tests.flows.test_people import JOANN, kept_files, two_people_and_an_edition

ANN = "ann@example.org"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
POINTS_AT_A_PERSON = {"contact_id", "address_hash", "email"}
ABOUT_PEOPLE = sorted(n for n, t in metadata.tables.items() if POINTS_AT_A_PERSON & set(t.c.keys()))
SECTIONS = {
    "contact": "contact", "pledge": "pledges", "basis": "bases", "statement": "statements",
    "tracking_choice": "tracking", "suppression": "suppressions", "delivery": "deliveries",
    "exclusion": "exclusions", "event": "events", "erasure": "erasures",
}  # fmt: skip
"""Table -> its part of a person's export."""


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    return own_workspace(settings, keys, engine, tmp_path)


def known_everywhere(ws: Workspace) -> None:
    """Give Ann at least one row in each table that points at a person."""
    edition_id = two_people_and_an_edition(ws)
    address_hash = ws.keys.address_hash(ANN)
    with ws.engine.begin() as c:
        number = c.execute(
            sa.select(tables.contact.c.id).where(tables.contact.c.address_hash == address_hash)
        ).scalar_one()
        mine: dict[str, Any] = {"contact_id": number}
        for row in (
            sa.insert(tables.pledge).values(
                **mine, address_hash=address_hash, pledged_at=NOW, recorded_at=NOW,
                source="Canary form", withdrawn_at=NOW, withdrawn_reason="Canary rang"),
            sa.insert(tables.statement).values(
                **mine, source="list", stated_at=NOW, said='{"last_name": "Canary"}'),
            sa.insert(tables.tracking_choice).values(
                **mine, given=True, evidence="Canary said so", at=NOW),
            sa.insert(tables.suppression).values(
                address_hash=address_hash, reason="hard bounce", created_at=NOW,
                detail=f"550 <{ANN}> Canary unknown", lifted_at=NOW, lifted_reason="Canary rang"),
            sa.insert(tables.erasure).values(
                address_hash=address_hash, at=NOW, by="lee", via="test", counts={}),
            sa.insert(exclusion).values(edition_id=edition_id, contact_id=number, reason="pledged"),
            sa.insert(audit).values(
                at=NOW, who="lee", via="test", action="mark left", subject=f"contact {number}",
                detail="Canary told us"),
            sa.insert(audit).values(
                at=NOW, who="lee", via="test", action="hold", subject="news",
                detail=f"{ANN} complained"),
            sa.insert(notice).values(at=NOW, text=f"bounced: {ANN.upper()}", once="x"),
            sa.update(delivery).where(delivery.c.contact_id == number).values(
                reason=f"550 <{ANN}> Canary unknown", state="failed"),
        ):  # fmt: skip
            c.execute(row)


def rows_about(ws: Workspace, name: str) -> list[dict[str, Any]]:
    address_hash = ws.keys.address_hash(ANN)
    (number,) = (
        r["id"] for r in rows_of(ws.engine, "contact") if r["address_hash"] == address_hash
    )
    return [
        row
        for row in rows_of(ws.engine, name)
        if row.get("address_hash") == address_hash or row.get("contact_id") == number
    ]


def test_the_tables_about_people_are_these_and_each_has_its_place() -> None:
    assert set(ABOUT_PEOPLE) == set(SECTIONS)
    emptied = {place.table.name for place in places(b"x" * 16, 1, NOW)}
    assert set(ABOUT_PEOPLE) <= emptied | set(STAYS)


def test_a_persons_export_has_every_row_of_every_table(ws: Workspace, tmp_path: Path) -> None:
    known_everywhere(ws)
    found = json.loads(export_person(ws, ANN, tmp_path / "ann.json").read_text())
    for name in ABOUT_PEOPLE:
        rows = rows_about(ws, name)
        assert rows, f"give Ann a row in {name}"
        assert len(found[SECTIONS[name]]) == len(rows), name
    assert found["history"][0]["detail"] == "Canary told us"
    assert found["messages"][0]["edition"] == "news@one"
    assert JOANN not in json.dumps(found)
    page = export_person(ws, ANN, tmp_path / "ann.html").read_text()
    assert "What each source said of you, and when" in page


def test_what_stays_of_an_erased_person_is_only_what_is_said_to_stay(ws: Workspace) -> None:
    known_everywhere(ws)
    erase_person(ws, ANN, **WHO)
    for name in ABOUT_PEOPLE:
        for row in rows_about(ws, name):
            for column in set(row) - STAYS.get(name, frozenset()):
                assert row[column] in (None, "", False), f"{name}.{column} is still there"
    everything = str({name: rows_of(ws.engine, name) for name in metadata.tables})
    assert "Canary" not in everything
    assert f"'{ANN}" not in everything.lower()
    assert f"<{ANN}" not in everything.lower()
    assert "(erased) complained" in everything
    assert [r["type"] for r in rows_of(ws.engine, event.name)] == ["bounced"]


def test_an_erasure_leaves_its_proof_and_can_be_checked_place_by_place(ws: Workspace) -> None:
    known_everywhere(ws)
    kept_files(ws)
    before = remains(ws, ANN)
    assert not before.nothing
    held = {"contacts", "statements", "deliveries", "raw events", "kept files", "written messages",
            "texts that name them", "quarantined rows", "history"}  # fmt: skip
    assert {place for place in held if not before.counts[place]} == set()
    done = erase_person(ws, ANN, **WHO)
    assert set(done.counts) == set(before.counts)
    after = remains(ws, ANN)
    assert after.nothing, after.counts
    assert [one.number for one in after.erasures][-1] == done.number
    assert remains(ws, JOANN).counts["contacts"] == 1
    assert not remains(ws, "stranger@example.org").nothing


@pytest.mark.parametrize("kind", ["json", "html"])
def test_a_receipt_names_nobody_and_cannot_be_altered(
    ws: Workspace, tmp_path: Path, kind: str
) -> None:
    two_people_and_an_edition(ws)
    done = erase_person(ws, ANN, **WHO)
    file = write_receipt(ws, done, tmp_path / f"receipt.{kind}")
    text = file.read_text()
    assert "example.org" not in text
    assert "Canary" not in text
    assert check_receipt(ws, ANN, file) == done.number
    with pytest.raises(Refused, match="another address"):
        check_receipt(ws, JOANN, file)
    altered = tmp_path / f"altered.{kind}"
    quote = '"' if kind == "json" else "&quot;"
    assert f"{quote}by{quote}: {quote}lee{quote}" in text
    altered.write_text(text.replace(f"{quote}lee{quote}", f"{quote}amy{quote}"))
    with pytest.raises(Refused, match="altered"):
        check_receipt(ws, ANN, altered)
    with pytest.raises(InputError, match="not a receipt"):
        check_receipt(ws, ANN, table(tmp_path / "x.csv", ("a",)))
    with pytest.raises(InputError, match=r"\.json"):
        write_receipt(ws, done, tmp_path / "receipt.txt")


def test_the_commands_erase_give_a_receipt_and_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "home"))
    receipt = str(tmp_path / "r.html")
    people = table(tmp_path / "p.csv", ("Email", "Pledged on"), (ANN, "2026-03-01"))
    assert main(["import", str(people), "--kind", "pledges"]) == 0
    assert main(["person", ANN, "--erased"]) == 1
    assert main(["person", ANN, "--erase", "--receipt", receipt]) == 0
    capsys.readouterr()
    assert main(["person", ANN, "--erased", "--receipt", receipt]) == 0
    assert "The receipt is genuine: it is that of erasure 1" in capsys.readouterr().out
    assert main(["person", ANN, "--receipt", receipt]) == 1


def test_a_suppression_by_hand_is_in_the_export_with_who_lifted_it(
    ws: Workspace, tmp_path: Path
) -> None:
    suppress(ws, ANN, reason="objected", **WHO)
    found = json.loads(export_person(ws, ANN, tmp_path / "a.json").read_text())
    assert found["suppressions"][0]["by"] == "lee"
