"""Orders and accounts on the pages: doubts, stops, holds, notices, the certificate's files."""

from __future__ import annotations

import csv
import io

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from httpx import Response
from tests.staff_seed import HOSTILE, SENT_AT, WRES
from tests.web.conftest import Person
from tests.web.test_staff_pages import words

from outreach.flows import doubts, notices
from outreach.ledger import editions as t
from outreach.ledger import holds
from outreach.workspace import Workspace


def test_a_doubt_is_settled_by_name_with_a_reason_and_sent_again_as_an_edition(
    client: TestClient, ws: Workspace
) -> None:
    page = f"editions/{WRES}/doubts"
    assert "2 in doubt" in words(client, page)
    assert "the reply was lost" in words(client, page)
    one, _ = (doubt.delivery_id for doubt in doubts.doubts(ws, WRES))
    told = {"order": "settle", "delivery": [one], "reason": "not in the provider's activity"}
    assert _post(client, page, {**told, "reason": " "}).status_code == 400
    assert _post(client, page, {**told, "delivery": []}).status_code == 400
    assert _post(client, page, {**told, "delivery": ["x"]}).status_code == 404
    assert _post(client, page, told).status_code == 303
    assert "1 in doubt" in words(client, page)
    assert "2 failed" in words(client, page)
    assert "settled by amy" in words(client, page)
    refused = _post(client, page, told)
    assert refused.status_code == 409
    assert "not in doubt" in refused.text
    again = {"order": "again", "delivery": [one], "reason": "they asked for it"}
    made = _post(client, page, again)
    assert made.status_code == 303
    assert (
        "Nothing of it has left yet"
        in client.get(f"editions/{made.headers['location'].split('/')[-1]}").text
    )


def test_all_sending_is_stopped_and_let_go_on_with_who_and_why(client: TestClient) -> None:
    order = {"order": "stop", "reason": "a wrong link"}
    assert _post(client, "stop", order).status_code == 400
    assert _post(client, "stop", {**order, "sure": "yes", "order": "x"}).status_code == 400
    assert _post(client, "stop", {**order, "sure": "yes"}).status_code == 303
    overview = words(client, "")
    assert "All sending is stopped By amy" in overview
    assert "a wrong link" in overview
    assert "stopped by amy: a wrong link" in words(client, f"editions/{WRES}/progress")
    assert _post(client, "stop", {"order": "start"}).status_code == 303
    assert "All sending is stopped" not in words(client, "")
    assert _post(client, "stop", {"order": "start"}).status_code == 409


def test_a_campaign_is_held_and_released_with_who_and_why(client: TestClient) -> None:
    page = "campaigns/what-is-wres"
    assert _post(client, f"{page}/hold", {"order": "hold"}).status_code == 400
    assert _post(client, f"{page}/hold", {"order": "x", "reason": "y"}).status_code == 400
    told = {"order": "hold", "reason": "a complaint"}
    assert _post(client, f"{page}/hold", told).status_code == 303
    assert "This campaign is held By amy" in words(client, page)
    assert _post(client, f"{page}/hold", {"order": "release"}).status_code == 303
    assert "This campaign is held" not in words(client, page)


def test_a_campaign_that_outreach_holds_says_why_and_what_to_do(
    client: TestClient, ws: Workspace
) -> None:
    figures = "3 of 1,000 people reported it as spam (0.30%; the limit is 0.25%)"
    with ws.engine.begin() as c:
        holds.hold(c, 1, holds.ITSELF, figures, SENT_AT)
    text = words(client, "campaigns/what-is-wres")
    assert f"By Outreach itself, 17 November 2026, 10:00: {figures}." in text
    assert "First find out why" in text
    assert f"what-is-wres is held by Outreach itself: {figures}" in words(client, "")
    assert "held by Outreach itself" in words(client, f"editions/{WRES}/progress")


@pytest.mark.parametrize(
    ("page", "where", "listed"),
    [
        ("", "", 2),
        ("campaign", "campaigns/what-is-wres", 2),
        ("edition", f"editions/{WRES}", 1),
    ],
)
def test_a_notice_is_listed_where_it_belongs_until_a_named_person_has_seen_it(
    client: TestClient, ws: Workspace, page: str, where: str, listed: int
) -> None:
    text = words(client, where)
    assert f"{WRES} paused itself: {HOSTILE} was refused." in text
    assert text.count("I have seen this") == listed
    assert "Owner: amy" in text
    answer = _post(client, "notices/1/seen", {"page": page})
    assert answer.status_code == 303
    back = answer.headers["location"].removeprefix("../../")
    assert back.removeprefix("./") == where
    assert "paused itself" not in words(client, where)
    assert notices.one(ws, 1).seen_by == "amy"
    with ws.engine.begin() as c:
        audit = c.execute(sa.select(t.audit).where(t.audit.c.action == "seen")).one()
    assert (audit.who, audit.via, audit.subject) == ("amy", "staff pages", "notice 1")
    assert _post(client, "notices/99/seen", {}).status_code == 404


def test_a_notice_is_not_seen_for_a_viewer_or_by_another_sites_form(
    client: TestClient, ws: Workspace, person: Person
) -> None:
    assert client.post("notices/1/seen", headers={"Origin": "http://x.example"}).status_code == 403
    person.may_act = False
    assert _post(client, "notices/1/seen", {}).status_code == 403
    assert notices.one(ws, 1).seen_at is None


@pytest.mark.parametrize(
    ("kind", "type_"), [("csv", "text/csv"), ("html", "text/html"), ("json", "application/json")]
)
def test_a_certificate_is_downloaded_in_each_form(
    client: TestClient, kind: str, type_: str
) -> None:
    answer = client.get(f"editions/{WRES}/certificate.{kind}")
    assert answer.headers["content-type"].startswith(type_)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content
    assert client.get(f"editions/{WRES}/certificate.exe").status_code == 404


def test_what_a_provider_said_cannot_calculate_in_a_spreadsheet(client: TestClient) -> None:
    for file in ("certificate.csv", "deliveries.csv"):
        cells = [
            cell
            for line in csv.reader(io.StringIO(client.get(f"editions/{WRES}/{file}").text))
            for cell in line
        ]
        assert any("HYPERLINK" in cell for cell in cells), file
        assert not [cell for cell in cells if cell.startswith("=")], file


def _post(client: TestClient, page: str, form: dict[str, object]) -> Response:
    own = {"Origin": "http://airflow.example.org"}
    return client.post(page, data=form, headers=own, follow_redirects=False)
