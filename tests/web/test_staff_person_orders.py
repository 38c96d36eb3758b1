"""The orders about one person on their page: each named, reasoned, kept, and said in words."""

from __future__ import annotations

import json
import re

import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests.staff_seed import SENT_AT
from tests.web.test_staff_pages import words
from tests.web.test_staff_people import page_of, post, values

from outreach.ledger import people as p
from outreach.workspace import Workspace


def test_mail_is_stopped_and_let_go_on_by_a_named_person_with_a_reason(
    client: TestClient, ws: Workspace
) -> None:
    page = page_of(ws, 1)
    order = {"order": "suppress", "kind": "objected"}
    assert post(client, page, **order).status_code == 400
    assert post(client, page, **order | {"kind": "erased", "reason": "x"}).status_code == 400
    assert post(client, page, **order, reason="by phone").status_code == 303
    assert post(client, page, **order, reason="again").status_code == 409
    assert "Public task no objected" in words(client, page)
    number = max(int(n) for n in re.findall(r'name="which" value="(\d+)"', client.get(page).text))
    lift = {"order": "lift", "which": str(number)}
    assert "Write why" in post(client, page, **lift).text
    assert post(client, page, **lift, reason="asked again").status_code == 303
    again = post(client, page, **lift, reason="asked again")
    assert (again.status_code, "nothing stands against" in again.text) == (404, True)
    assert post(client, page, order="lift", which="x", reason="y").status_code == 404
    text = words(client, page)
    assert "Public task yes" in text
    assert "by amy: asked again" in text
    assert "amy suppress staff pages objected" in text
    assert "amy unsuppress staff pages objected, for all" in text


def test_mail_is_stopped_for_one_purpose_and_one_of_several_lifted(
    client: TestClient, ws: Workspace
) -> None:
    page = page_of(ws, 1)
    consent = {"order": "give", "kind": "consent", "reason": "Letter of 2 May", "wording": "v3"}
    assert post(client, page, **consent).status_code == 303
    assert "Direct marketing yes Public task yes" in words(client, page)
    order = {"order": "suppress", "kind": "objected", "reason": "no adverts"}
    assert post(client, page, **order, scope="nonsense").status_code == 400
    assert post(client, page, **order, scope="direct_marketing").status_code == 303
    text = words(client, page)
    assert "Direct marketing no objected Public task yes" in text
    assert "Objected, for direct marketing" in text
    everything = {"order": "suppress", "kind": "manual", "reason": "all of it", "scope": "all"}
    assert post(client, page, **everything).status_code == 303
    assert "Public task no" in words(client, page)
    last = max(map(int, re.findall(r"why-lift(\d+)", client.get(page).text)))
    assert post(client, page, order="lift", which=str(last), reason="a mistake").status_code == 303
    assert "Direct marketing no objected Public task yes" in words(client, page)


def test_a_suppression_is_lifted_only_on_the_page_of_whom_it_is_for(
    client: TestClient, ws: Workspace
) -> None:
    theirs = {"order": "lift", "which": "1", "reason": "x"}
    assert post(client, page_of(ws, 2), **theirs).status_code == 404
    assert values(ws, p.suppression, 1)["lifted_at"] is None


def test_a_leaver_is_marked_and_comes_back_however_the_mark_was_set(
    client: TestClient, ws: Workspace
) -> None:
    page = page_of(ws, 2)
    assert post(client, page, order="left", reason="").status_code == 400
    assert post(client, page, order="left", reason="retired in May").status_code == 303
    assert post(client, page, order="left", reason="again").status_code == 409
    assert "Public task no left" in words(client, page)
    number = re.findall(r"why-lift(\d+)", client.get(page).text)[0]
    assert post(client, page, order="lift", which=number, reason="is back").status_code == 303
    assert "Public task yes" in words(client, page)
    with ws.engine.begin() as c:
        c.execute(sa.update(p.contact).where(p.contact.c.id == 2).values(left_at=SENT_AT))
    assert "Left, as a list said" in words(client, page)
    assert post(client, page, order="lift", which="0", reason="rang them").status_code == 303
    assert values(ws, p.contact, 2)["left_at"] is None
    assert "by amy: rang them" in words(client, page)


def test_lifting_that_somebody_left_among_the_suppressions_takes_the_mark_off(
    client: TestClient, ws: Workspace
) -> None:
    add = {"order": "add", "kind": "left", "reason": "moved", "target": "person3@example.org"}
    assert post(client, "suppressions", **add, scope="public_task").status_code == 400
    assert post(client, "suppressions", **add).status_code == 303
    assert values(ws, p.contact, 3)["left_at"] is not None
    (number,) = re.findall(r"suppressions/(\d+)/lift", client.get("suppressions?reason=left").text)
    assert post(client, f"suppressions/{number}/lift", reason="is back").status_code == 303
    assert values(ws, p.contact, 3)["left_at"] is None


def test_a_basis_is_withdrawn_for_one_purpose_or_all(client: TestClient, ws: Workspace) -> None:
    page = page_of(ws, 2)
    withdraw = {"order": "basis", "kind": "public_task", "which": "2"}
    assert post(client, page, **withdraw).status_code == 400
    assert post(client, page, **withdraw, reason="x", purpose="nonsense").status_code == 400
    one = {**withdraw, "purpose": "public_task", "reason": "asked us to"}
    assert post(client, page, **one).status_code == 303
    text = words(client, page)
    assert "Public task: stands, but not for public task" in text
    assert "Public task no" in text
    assert post(client, page, **one).status_code == 404
    assert post(client, page, **withdraw, reason="asked again").status_code == 303
    found = values(ws, p.basis, 2)
    assert (found["withdrawn_by"], found["withdrawn_reason"]) == ("amy", "asked again")
    assert values(ws, p.basis, 3)["withdrawn_at"] is None
    assert post(client, page, order="explode").status_code == 400


def test_a_pledge_is_withdrawn_and_clicks_are_counted_only_by_consent(
    client: TestClient, ws: Workspace
) -> None:
    page = page_of(ws, 3)
    assert post(client, page, order="pledge").status_code == 400
    assert post(client, page, order="pledge", reason="by phone").status_code == 303
    assert post(client, page, order="pledge", reason="again").status_code == 404
    assert "by amy: by phone" in words(client, page)
    assert "Withdraw their pledge" not in words(client, page)
    assert post(client, page, order="tracking-on").status_code == 400
    agrees = {"order": "tracking-on", "reason": "Form of 3 May", "wording": "clicks-2"}
    assert post(client, page, **agrees).status_code == 303
    assert post(client, page, **agrees).status_code == 409
    assert "agreed, amy; Form of 3 May (wording clicks-2)" in words(client, page)
    assert post(client, page, order="tracking-off", reason="by phone").status_code == 303
    text = words(client, page)
    assert "refused or withdrew, amy; by phone" in text
    for said in ("withdraw pledge staff pages", "consent to count clicks staff pages withdrawn"):
        assert said in text


def test_a_person_is_given_what_we_hold_and_erased_after_typing_so(
    client: TestClient, ws: Workspace
) -> None:
    page = page_of(ws, 3)
    data = client.get(f"{page}/export.json")
    assert json.loads(data.text)["address"] == "person3@example.org"
    assert "attachment" in data.headers["content-disposition"]
    assert client.get(f"{page}/export.html").headers["content-type"].startswith("text/html")
    assert client.get(f"{page}/export.pdf").status_code == 404
    assert post(client, page, order="erase", sure="yes").status_code == 400
    assert "person3@example.org" in words(client, page)
    said = post(client, page, order="erase", sure="Erase")
    assert said.status_code == 200
    assert "What was changed or removed" in said.text
    assert "person3@" not in said.text
    text = words(client, page)
    assert "An erased person" in text
    assert "amy export person staff pages" in text
    assert "What you can do" not in text
    assert client.get(f"{page}/export.json").status_code == 404
