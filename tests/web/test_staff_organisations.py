"""Organisations among the staff pages: found, settled, typed, and counted by network."""

from __future__ import annotations

import csv
import io
import re

import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests.staff_seed import SENT_AT
from tests.web.test_staff_guards import OWN
from tests.web.test_staff_pages import words

from outreach.ledger.organisation_names import name_key
from outreach.ledger.people import contact, organisation
from outreach.workspace import Workspace

LIST = "organisations"


def post(client: TestClient, address: str, **form: str) -> tuple[int, str]:
    answer = client.post(address, data=form, headers=OWN, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", "") or answer.text


FOUND = {
    "": "Alder Birchwood Cedar",
    "?text=birch": "Birchwood",
    "?text=f83003": "Cedar",
    "?text=the+BIRCHWOOD+surg": "Birchwood",
    "?text=100%25": "",
    "?borough=Camden": "Birchwood Cedar",
    "?pcn=U10001": "Alder Birchwood",
    "?pledged=yes": "Alder",
    "?pledged=no&pcn=U10001": "Birchwood",
    "?closed=yes": "Dogwood",
}
"""What is asked for -> whose names are shown."""


def test_organisations_are_found_by_name_code_place_network_and_pledge(client: TestClient) -> None:
    for query, names in FOUND.items():
        shown = re.findall(r'code/F8300\d">(\w+)', client.get(LIST + query).text)
        assert " ".join(shown) == names, query


def test_a_long_list_is_paged_both_ways(client: TestClient, ws: Workspace) -> None:
    rows = [
        {
            "id": 10 + n,
            "ods_code": f"V{n:05}",
            # Many share a name: none may be lost between two pages.
            "name": f"Smile Dental {n // 40}",
            "name_key": name_key(f"Smile Dental {n // 40}"),
            "updated_at": SENT_AT,
        }
        for n in range(120)
    ]
    with ws.engine.begin() as c:
        c.execute(sa.insert(organisation), rows)
    seen: list[str] = []
    address, pages = LIST, []
    while address:
        text = client.get(address).text
        pages.append(codes(text))
        seen += codes(text)
        address = LIST + link(text, "next") if link(text, "next") else ""
    assert len(pages) == 3
    assert len(seen) == len(set(seen)) == 123
    back = client.get(LIST + link(client.get(LIST + _third(client)).text, "prev")).text
    assert codes(back) == pages[1]
    assert codes(client.get(LIST + link(back, "prev")).text) == pages[0]


def _third(client: TestClient) -> str:
    second = link(client.get(LIST).text, "next")
    return link(client.get(LIST + second).text, "next")


def codes(text: str) -> list[str]:
    return [part.partition("<")[0] for part in text.split("<td><code>")[1:]]


def link(text: str, rel: str) -> str:
    """The address of the next or the previous page, '' where there is none."""
    _, found, rest = text.partition(f'rel="{rel}" href="')
    return rest.partition('"')[0].replace("&amp;", "&") if found else ""


def test_one_organisation_says_who_works_there_and_what_was_pledged(client: TestClient) -> None:
    text = words(client, f"{LIST}/code/f83001")
    assert "ODS code F83001" in text
    assert "Network 1 ( U10001 )" in text
    assert "Contacts 3 May be written to 3" in text
    assert "the person 3 17 November 2026" in text
    assert "closed" in words(client, f"{LIST}/code/F83004")
    assert client.get(f"{LIST}/code/NOWHERE").status_code == 404


def test_a_type_is_set_with_a_reason_and_shown_with_who_set_it(client: TestClient) -> None:
    form = f"{LIST}/code/F83001/type"
    assert post(client, form, chosen="corporate")[0] == 400
    assert "Write why you know its type" in post(client, form, chosen="corporate")[1]
    assert post(client, form, chosen="charity", reason="x")[0] == 400
    status, to = post(client, form, chosen="corporate", reason="Companies House")
    assert (status, to.endswith("?done=type")) == (303, True)
    text = words(client, f"{LIST}/code/F83001?done=type")
    assert "Type corporate Set by amy" in text
    assert "Companies House" in text


MATCH = f"{LIST}/doubtful/1"


def tied(ws: Workspace) -> tuple[int | None, str]:
    with ws.engine.connect() as c:
        query = sa.select(contact.c.organisation_id, contact.c.organisation_how)
        number, how = c.execute(query.where(contact.c.id == 4)).one()
    return number, how


def test_a_doubtful_match_is_settled_for_those_who_say_it(
    client: TestClient, ws: Workspace
) -> None:
    assert "In doubt (1)" in words(client, f"{LIST}/doubtful")
    assert "96% alike" in words(client, MATCH)
    status, to = post(client, MATCH, chosen="2", reason="I rang them")
    assert (status, to.endswith("?done=settled")) == (303, True)
    assert tied(ws) == (2, "settled")
    assert "No match is in doubt" in words(client, f"{LIST}/doubtful?done=settled")
    assert "by" in words(client, f"{LIST}/doubtful?settled=yes")
    assert post(client, MATCH, chosen="another", code="f83003", reason="no, there")[0] == 303
    assert tied(ws) == (3, "settled")
    assert post(client, MATCH, chosen="none", reason="in Kent")[0] == 303
    assert tied(ws) == (None, "")


def test_a_form_that_misses_something_settles_nothing(client: TestClient, ws: Workspace) -> None:
    for form, said in (
        ({"reason": "I rang them"}, "Choose the organisation that is meant"),
        ({"chosen": "2"}, "Write why you know which organisation is meant"),
        ({"chosen": "3", "reason": "guessed"}, "Choose the organisation that is meant"),
        ({"chosen": "another", "reason": "I rang"}, "Write the ODS code"),
        ({"chosen": "another", "code": "F8X", "reason": "I rang"}, "no organisation has this ODS"),
        ({"chosen": "another", "code": "F83004", "reason": "I rang"}, "F83004 has closed"),
    ):
        status, text = post(client, MATCH, **form)
        assert status in (400, 409)
        assert said in text
        assert form.get("reason", "") in text
    assert tied(ws) == (None, "")


def test_coverage_counts_open_organisations_by_network_and_borough(client: TestClient) -> None:
    text = words(client, f"{LIST}/coverage")
    assert "Network 1 North Central London 2 1 50.0% 0" in text
    assert "Network 2 North Central London 1 0 0.0% 0" in text
    assert "All 3 1 33.3% 0" in text
    assert "Camden North Central London 2 0 0.0% 0" in words(client, f"{LIST}/coverage?by=borough")
    assert "no organisations like that" in words(client, f"{LIST}/coverage?sector=Dentistry")


def test_coverage_is_downloaded_for_every_grouping(client: TestClient) -> None:
    answer = client.get(f"{LIST}/coverage.csv?area=North+Central+London")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["grouped_by"] for row in rows} == {
        "Primary Care Network",
        "Borough",
        "Area",
        "Sector",
    }
    (first,) = [row for row in rows if row["code"] == "U10001"]
    assert (first["organisations"], first["with_a_pledge"], first["share"]) == ("2", "1", "50.0%")
    assert "example.org" not in answer.text
