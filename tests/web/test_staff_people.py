"""Finding a person, what their page says, the orders about them; the list of suppressions."""

from __future__ import annotations

import csv
import io
import logging
import re

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from httpx import Response
from tests.staff_seed import HOSTILE, SENT_AT, WRES, insert
from tests.web.test_staff_guards import OWN
from tests.web.test_staff_pages import words

from outreach.ledger import editions as t
from outreach.ledger import people as p
from outreach.reports import contact_list
from outreach.web.html import masked, short
from outreach.workspace import Workspace


def post(client: TestClient, page: str, **form: str) -> Response:
    """Send one of our own forms."""
    return client.post(page, data=form, headers=OWN, follow_redirects=False)


def page_of(ws: Workspace, number: int) -> str:
    """The address of one contact's page."""
    return f"people/{ws.keys.person_id(number)}"


def listed(text: str) -> list[str]:
    """The addresses that a page names, in its order."""
    return re.findall(r">(person\d+@example\.org)<", text)


def values(ws: Workspace, table: sa.Table, number: int) -> dict[str, object]:
    """One row of the ledger."""
    with ws.engine.connect() as connection:
        return dict(
            connection.execute(sa.select(table).where(table.c.id == number)).mappings().one()
        )


SEARCHES: dict[str, list[int]] = {
    "person3@example.org": [3],
    "  PERSON3@example.ORG ": [3],
    "nobody@example.org": [],
    "person1": [1, 10, 11, 12],
    "EXAMPLE practice person2": [2],
    "person_": [],
    "per%1": [],
    "a\\'b\"/": [],
    "q" * 400: [],
}
"""What was typed -> whom it finds."""

FILTERED: tuple[tuple[dict[str, str], list[int]], ...] = (
    ({"sector": "Community Pharmacy"}, [1, 5, 9]),
    ({"standing": "unsubscribed"}, [9]),
    ({"standing": "no basis"}, [10, 11, 12]),
    ({"standing": "no"}, [8, 9, 10, 11, 12]),
    ({"standing": "yes", "pledged": "yes"}, [1, 2, 3]),
    ({"standing": "left"}, [8]),
    ({"standing": "domain suppressed"}, []),
    ({"standing": "erased"}, [7]),
    ({"standing": "nonsense"}, []),
    ({"shared": "yes"}, [4]),
    ({"source": "nowhere"}, []),
)
"""Filters -> whom they leave."""


def test_a_search_finds_a_whole_address_or_every_word(client: TestClient) -> None:
    for typed, found in SEARCHES.items():
        answer = post(client, "contacts", q=typed)
        assert answer.status_code == 200
        assert listed(answer.text) == [f"person{n}@example.org" for n in found], typed
        assert ("Nobody was found." in answer.text) is not bool(found), typed


def test_filters_are_links_that_anybody_may_keep(client: TestClient, ws: Workspace) -> None:
    with ws.engine.begin() as c:
        these = sa.update(p.contact)
        c.execute(these.where(p.contact.c.id == 8).values(left_at=SENT_AT))
        c.execute(these.where(p.contact.c.id == 4).values(shared_mailbox=True))
        c.execute(these.where(p.contact.c.id == 7).values(erased_at=SENT_AT, email=None))
    for filters, found in FILTERED:
        moved = post(client, "contacts", q=" ", **filters)
        assert moved.status_code == 303
        text = client.get(f"contacts?{moved.headers['location'].partition('?')[2]}").text
        ids = [ws.keys.open_person_id(one) for one in re.findall(r'href="people/(\w+)"', text)]
        assert ids == found, filters


def test_pages_lead_on_and_back_through_everybody(
    client: TestClient, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_list, "SIZE", 5)
    address, forward = "contacts", []
    while address:
        text = client.get(address).text
        forward.append(listed(text))
        address = _link(text, "next")
        back = _link(text, "prev") or ""
    assert [len(page) for page in forward] == [5, 5, 2]
    assert [one for page in forward for one in page] == [
        f"person{n}@example.org" for n in range(1, 13)
    ]
    second = client.get(back).text
    assert listed(second) == forward[1]
    first = client.get(_link(second, "prev")).text
    assert (listed(first), _link(first, "prev")) == (forward[0], "")


def test_an_id_that_is_not_ours_begins_at_the_beginning(client: TestClient, ws: Workspace) -> None:
    delivery = ws.keys.delivery_id(1, 9)
    for forged in ("x", delivery):
        assert listed(client.get(f"contacts?after={forged}").text)[0] == "person1@example.org"
    assert client.get(f"people/{delivery}").status_code == 404
    assert client.get("people/1").status_code == 404
    assert client.get(f"people/{ws.keys.person_id(999)}").status_code == 404


def test_what_was_found_is_a_safe_file_and_noted(client: TestClient, ws: Workspace) -> None:
    answer = post(client, "contacts.csv", q="person1", pledged="yes")
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert row["email"] == "person1@example.org"
    assert row["last_name"].startswith("'=cmd")
    assert row["mailable"] == "yes"
    with ws.engine.connect() as c:
        noted = c.execute(sa.select(t.audit).order_by(t.audit.c.id.desc())).first()
    assert noted is not None
    assert (noted.who, noted.action) == ("amy", "export contacts")


def test_a_persons_page_says_who_said_what_and_why(client: TestClient, ws: Workspace) -> None:
    text = words(client, page_of(ws, 1))
    assert "Direct marketing no no basis for this purpose Public task yes" in text
    assert "Job role – =cmd x" in text
    assert "GP Staff list, 8 November 2026, 10:00" in text
    assert "import 2" in text
    assert f"agreed, –; {HOSTILE}" in text
    assert "your mail server took it" in text
    assert "x" * 400 not in text
    raw = client.get(page_of(ws, 1)).text
    assert "\u202e" not in raw
    assert HOSTILE not in raw


def test_their_message_is_shown_as_it_was_sent_and_runs_nothing(
    client: TestClient, ws: Workspace
) -> None:
    answer = client.get(f"{page_of(ws, 1)}/editions/{WRES}")
    assert answer.status_code == 200
    assert 'sandbox=""' in answer.text
    assert HOSTILE not in answer.text
    assert "Not exact" in answer.text
    assert "Stop: " in answer.text
    assert "/unsubscribe/the-readers-own" in answer.text
    assert not re.search(r"/unsubscribe/(?!the-readers-own)", answer.text)
    assert client.get(f"{page_of(ws, 8)}/editions/{WRES}").status_code == 409
    assert client.get(f"{page_of(ws, 11)}/editions/{WRES}").status_code == 404
    assert client.get(f"{page_of(ws, 1)}/editions/nothing@x").status_code == 404


def test_no_address_is_in_a_link_of_the_pages_about_people(
    client: TestClient, ws: Workspace
) -> None:
    pages = [client.get(a).text for a in ("contacts", page_of(ws, 9), "suppressions")]
    pages.append(post(client, "contacts", q="person9@example.org").text)
    for text in pages:
        assert "person9@example.org" in text
        assert not [
            link for link in re.findall(r'(?:href|action)="([^"]*)"', text) if "@exam" in link
        ]


def test_suppressions_are_listed_filtered_looked_up_added_and_lifted(
    client: TestClient, ws: Workspace
) -> None:
    assert "person9@example.org unsubscribed everything" in words(client, "suppressions")
    add = {"order": "add", "kind": "objected", "reason": "by letter"}
    assert post(client, "suppressions", **add, target="").status_code == 400
    assert "Error: Supp" in post(client, "suppressions", **add, target="nodot").text
    assert post(client, "suppressions", **add, target="practice.org.uk").status_code == 303
    assert post(client, "suppressions", **add, target="practice.org.uk").status_code == 409
    assert post(client, "suppressions", **add, target="new@other.org.uk").status_code == 303
    assert post(client, "suppressions", order="x").status_code == 400
    text = words(client, "suppressions?reason=objected")
    assert "a whole domain objected by letter" in text
    assert "not a contact objected by letter" in text
    assert "person9@" not in text
    looked = post(client, "suppressions", order="search", target="Anyone@PRACTICE.org.uk").text
    assert "a whole domain" in looked
    assert "person9@" not in looked
    none = post(client, "suppressions", order="search", target="free@example.net")
    assert "Nothing stands or ever stood" in none.text
    page = "suppressions/1/lift"
    assert post(client, page, reason="").status_code == 400
    assert post(client, page, reason="a mistake of ours").status_code == 303
    assert "lifted" in words(client, "suppressions?state=lifted")
    assert "by amy: a mistake of ours" in words(client, "suppressions?state=lifted")
    assert post(client, page, reason="again").status_code == 409
    assert client.get("suppressions/99/lift").status_code == 404
    rows = list(csv.DictReader(io.StringIO(client.get("suppressions.csv?state=lifted").text)))
    assert [(row["email"], row["lifted_by"]) for row in rows] == [("person9@example.org", "amy")]


def test_an_erasure_is_not_lifted(client: TestClient, ws: Workspace) -> None:
    with ws.engine.begin() as c:
        insert(c, p.suppression, address_hash=b"e" * 16, reason="erased", created_at=SENT_AT, id=50)
    assert "cannot be lifted" in words(client, "suppressions/50/lift")
    assert post(client, "suppressions/50/lift", reason="please").status_code == 409


def test_a_search_leaves_no_trace_of_the_person_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        post(client, "contacts", q="person3@example.org")
        post(client, "suppressions", order="search", target="person3@example.org")
    assert "person3" not in caplog.text


@pytest.mark.parametrize(
    ("address", "shown"),
    [("jo@example.org", "j…@example.org"), ("@example.org", "…@example.org"), ("", ""), (None, "")],
)
def test_an_address_is_masked(address: str | None, shown: str) -> None:
    assert masked(address) == shown


def test_a_cell_is_one_short_line_without_what_nobody_can_see() -> None:
    assert short("a\n\0b\u202e\u2028c") == "a b c"
    assert len(short("x" * 10_000)) == 80


def _link(text: str, rel: str) -> str:
    found = re.search(rf'<a rel="{rel}" href="([^"]+)"', text)
    return found[1].replace("&amp;", "&") if found else ""
