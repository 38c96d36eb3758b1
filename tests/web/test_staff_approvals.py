"""Approvals on the pages: deputies, standing approvals, moved audiences, tests for colleagues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests.flows.approving import add_dentists, deployed, edit, letters, sent
from tests.web.conftest import OneApp, Person
from tests.web.test_staff_pages import words

from outreach.flows import editions, side_messages, standing
from outreach.hub import load_hub
from outreach.keys import Keys
from outreach.ledger.people import contact
from outreach.settings import ROOT, Settings
from outreach.workspace import Workspace

OWN = {"Origin": "http://airflow.example.org"}
TWO = "news@two"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the pages ask of the ledger is proven on both kinds elsewhere."""
    return sqlite_url


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    """Two editions of a campaign: one sent, the other with half as many people again."""
    plain = Workspace(settings, keys, load_hub(ROOT / "hub.yaml"), engine)
    found = deployed(plain, tmp_path / "campaigns", deputies={"lee": ("kim",)})
    sent(found)
    add_dentists(found, range(10, 12))
    editions.prepare(found, "news", "two", by="amy", via="test")
    editions.check(found, TWO)
    return found


def test_a_moved_audience_is_shown_and_let_pass_by_somebody_else(
    client: TestClient, ws: Workspace, person: Person
) -> None:
    shown = words(client, f"editions/{TWO}/audience")
    assert "it moved by 50%. Its limit is 20%" in shown
    assert "Joined Borough Camden 1" in shown
    assert "person10@example.org" in shown
    refused = client.post(f"editions/{TWO}/audience", data={"reason": "all right"}, headers=OWN)
    assert (refused.status_code, "somebody else has to" in refused.text) == (409, True)
    person.name = "lee"
    assert client.post(f"editions/{TWO}/audience", headers=OWN).status_code == 400
    passed = client.post(f"editions/{TWO}/audience", data={"reason": "new"}, headers=OWN)
    assert "This audience may pass" in passed.text
    assert "stopped by faults" not in words(client, f"editions/{TWO}")
    assert "lee let it pass: new" in words(client, f"editions/{TWO}/audience")


def test_a_viewer_sees_the_comparison_with_masked_addresses_and_gives_no_order(
    client: TestClient, person: Person
) -> None:
    person.may_act = False
    shown = words(client, f"editions/{TWO}/audience")
    assert "p…@example.org" in shown
    assert "person10@" not in shown
    assert "Let this audience pass" not in shown
    assert "Name my deputy" not in words(client, "approvals")
    for page in ("approvals", f"editions/{TWO}/audience", f"editions/{TWO}/test"):
        assert client.post(page, data={"reason": "x"}, headers=OWN).status_code == 403


def test_the_file_of_movers_is_safe_in_a_spreadsheet(client: TestClient, ws: Workspace) -> None:
    with ws.engine.begin() as connection:
        connection.execute(sa.update(contact).values(borough="=1+1"))
    text = client.get(f"editions/{TWO}/audience.csv").text
    assert text.splitlines()[0] == "change,contact_id,email,sector,ics_area,borough,reason"
    assert ",'=1+1," in text
    assert "export audience" in words(client, f"editions/{TWO}")


def test_an_approver_names_a_deputy_and_ends_it(client: TestClient, person: Person) -> None:
    days = {"since": "2026-01-01", "until": f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}"}
    order = {"order": "deputy", "deputy": "jo", "since": days["until"], "until": days["until"]}
    refused = client.post("approvals", data=order, headers=OWN)
    assert (refused.status_code, "not an approver" in refused.text) == (409, True)
    person.name = "lee"
    assert client.post("approvals", data={**order, "since": "soon"}, headers=OWN).status_code == 400
    assert "Your deputy is named" in client.post("approvals", data=order, headers=OWN).text
    shown = words(client, "approvals")
    assert "lee jo" in shown
    assert "kim" in shown
    assert "in hub.yaml" in shown
    ended = client.post("approvals", data={"order": "end", "which": "1"}, headers=OWN)
    assert "time is ended" in ended.text
    for which in ("1", "x"):
        gone = client.post("approvals", data={"order": "end", "which": which}, headers=OWN)
        assert gone.status_code == 404


def test_what_waits_says_until_when_and_who_may_answer(client: TestClient, ws: Workspace) -> None:
    side_messages.asked(ws, TWO, answer_by=datetime.now(UTC) + timedelta(hours=4))
    side_messages.tell_approvers(ws, TWO)
    assert "lee, kim for lee" in words(client, "approvals")
    edition = words(client, f"editions/{TWO}")
    assert "it is rejected" in edition
    assert "question lee – accepted" in edition


def test_a_standing_approval_is_listed_and_withdrawn(
    client: TestClient, ws: Workspace, person: Person
) -> None:
    edit(ws, "owner: amy", "owner: amy\napproval: standing\naudience_limit: off")
    editions.prepare(ws, "news", "three", by="amy", via="test")
    editions.approve(ws, "news@three", by="lee", via="airflow")
    [one] = standing.standing_approvals(ws)
    assert "News lee" in words(client, "approvals")
    person.name = "lee"
    order = {"order": "withdraw", "which": str(one.row.id), "reason": "out of date"}
    assert "is withdrawn" in client.post("approvals", data=order, headers=OWN).text
    assert "None stands" in words(client, "approvals")


def test_a_test_is_sent_from_the_page_of_an_edition_and_of_a_campaign(
    client: TestClient, ws: Workspace
) -> None:
    for page in (f"editions/{TWO}/test", "campaigns/news/test"):
        before = len([*letters(ws)])
        order = {"to": ["lee", "jo"], "variant": "1", "once": "abc"}
        for _ in range(2):  # pressed twice
            sent_now = client.post(page, data=order, headers=OWN)
        assert "was handed over before" in sent_now.text
        assert len([*letters(ws)]) == before + 2
        assert "test, by amy" in words(client, page)
    assert client.post(f"editions/{TWO}/test", headers=OWN).status_code == 400
    outside = client.post(f"editions/{TWO}/test", data={"to": "person1@example.org"}, headers=OWN)
    assert (outside.status_code, "not among the colleagues" in outside.text) == (400, True)
    assert client.get("campaigns/none/test").status_code == 404


@pytest.fixture
def nobody(one_app: OneApp, ws: Workspace, client: TestClient) -> Iterator[TestClient]:
    one_app.ws = replace(ws, hub=replace(ws.hub, colleagues={}))
    yield client
    one_app.ws = ws


def test_without_colleagues_the_page_says_what_to_do(nobody: TestClient) -> None:
    assert "names none" in words(nobody, f"editions/{TWO}/test")
