"""Nobody reaches a staff page unseen, a viewer changes nothing, another site's form is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from tests.staff_seed import WRES
from tests.web.conftest import Person

from outreach.keys import Keys
from outreach.web.staff.app import Guards
from outreach.web.staff.guards import same_origin

OWN = {"Origin": "http://airflow.example.org"}
_VALUES = {
    "{name}": WRES,
    "{slug}": "what-is-wres",
    "{import_id}": "2",
    "{variant}": "1",
    "{kind}": "csv",
    "{notice_id}": "1",
    "{match_id}": "1",
    "{ods_code}": "F83001",
    "{suppression_id}": "1",
    "{resource_id}": "1",
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database is enough: what is proven here stands before any query."""
    return sqlite_url


def addresses(app: FastAPI, keys: Keys) -> list[tuple[str, str]]:
    """Every (method, address) of the app, with real values in the places of its parameters."""
    values = {**_VALUES, "{person}": keys.person_id(1)}
    found = []
    for route in app.routes:
        assert isinstance(route, APIRoute), f"{route} is not a route that guards can be put on"
        address = route.path.replace("export.{kind}", "export.html").replace(
            "sheet.{kind}", "sheet.csv"
        )
        for place, value in values.items():
            address = address.replace(place, value)
        found += [(method, address.lstrip("/")) for method in sorted(route.methods)]
    return found


def calls(dependant: Dependant) -> Iterator[object]:
    """Every function that a route depends on, however deep."""
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


def test_every_route_depends_on_the_read_guard(staff: FastAPI, guards: Guards) -> None:
    routes = [route for route in staff.routes if isinstance(route, APIRoute)]
    assert len(routes) == len(staff.routes) >= 15
    assert [r.path for r in routes if guards.read not in calls(r.dependant)] == []


def test_every_route_that_changes_or_exports_depends_on_the_act_guard(
    staff: FastAPI, guards: Guards
) -> None:
    acting = {
        route.path
        for route in staff.routes
        if isinstance(route, APIRoute) and guards.act in calls(route.dependant)
    }
    assert acting == {
        "/approvals",
        "/editions/{name}/audience",
        "/editions/{name}/audience.csv",
        "/editions/{name}/test",
        "/campaigns/{slug}/test",
        "/editions/{name}/control",
        "/editions/{name}/deliveries.csv",
        "/editions/{name}/events.csv",
        "/imports/{import_id}",
        "/imports/{import_id}/rows",
        "/imports/{import_id}/sheet.{kind}",
        "/list",
        "/contacts",
        "/contacts.csv",
        "/people/{person}",
        "/people/{person}/export.{kind}",
        "/people/{person}/editions/{name}",
        "/suppressions",
        "/suppressions.csv",
        "/suppressions/{suppression_id}/lift",
        "/resources/{resource_id}/withdraw",
        "/retention",
        "/stop",
        "/campaigns/{slug}/hold",
        "/editions/{name}/doubts",
        "/editions/{name}/follow-up",
        "/editions/{name}/certificate.{kind}",
        "/notices/{notice_id}/seen",
        "/organisations/doubtful",
        "/organisations/doubtful/{match_id}",
        "/organisations/code/{ods_code}/type",
    }
    for route in staff.routes:
        assert isinstance(route, APIRoute)
        if route.methods - {"GET"}:
            assert guards.act in calls(route.dependant), route.path
            assert same_origin in calls(route.dependant), route.path


def test_nobody_is_refused_on_every_route(
    staff: FastAPI, client: TestClient, person: Person, keys: Keys
) -> None:
    person.name = ""
    answers = {
        (method, address): client.request(method, address, headers=OWN).status_code
        for method, address in addresses(staff, keys)
    }
    assert set(answers.values()) == {401}


def test_a_refused_page_shows_nothing_of_the_ledger(client: TestClient, person: Person) -> None:
    person.name = ""
    assert "example.org" not in client.get(f"editions/{WRES}/deliveries").text


def test_a_viewer_reads_every_page_and_reaches_nothing_else(
    staff: FastAPI, client: TestClient, person: Person, keys: Keys
) -> None:
    person.may_act = False
    answers = {
        address: client.get(address).status_code
        for method, address in addresses(staff, keys)
        if method == "GET"
    }
    assert {address for address, code in answers.items() if code == 403} == {
        f"editions/{WRES}/audience.csv",
        f"editions/{WRES}/test",
        "campaigns/what-is-wres/test",
        f"editions/{WRES}/control",
        f"editions/{WRES}/deliveries.csv",
        f"editions/{WRES}/events.csv",
        "imports/2/rows",
        "imports/2/sheet.csv",
        "list",
        f"people/{keys.person_id(1)}",
        f"people/{keys.person_id(1)}/export.html",
        f"people/{keys.person_id(1)}/editions/{WRES}",
        "suppressions.csv",
        "suppressions/1/lift",
        "resources/1/withdraw",
        "stop",
        "campaigns/what-is-wres/hold",
        f"editions/{WRES}/doubts",
        f"editions/{WRES}/follow-up",
        f"editions/{WRES}/certificate.csv",
        "organisations/doubtful",
        "organisations/doubtful/1",
        "organisations/code/F83001/type",
    }
    assert set(answers.values()) == {200, 403}


def test_a_viewer_sees_no_address_and_no_name_on_any_page(
    staff: FastAPI, client: TestClient, person: Person, keys: Keys
) -> None:
    person.may_act = False
    seen = {}
    for method, address in addresses(staff, keys):
        text = client.get(address).text if method == "GET" else ""
        seen[address] = "person1@" in text or "person9@" in text or "person6@" in text
    assert [address for address, whole in seen.items() if whole] == []
    assert "p…@example.org" in client.get(f"editions/{WRES}/deliveries").text
    assert "p…@example.org" in client.get("contacts").text
    assert "Amina" not in client.get("contacts").text
    assert "p…@example.org" in client.get("suppressions").text


def test_a_viewer_is_offered_no_link_that_they_may_not_follow(
    staff: FastAPI, client: TestClient, person: Person, keys: Keys
) -> None:
    person.may_act = False
    offered: dict[str, str] = {}
    forms: list[str] = []
    for method, address in addresses(staff, keys):
        text = client.get(address).text if method == "GET" else ""
        forms += [address] if 'method="post"' in text else []
        for link in re.findall(r'<a (?:rel="\w+" )?(?:class="\w+" )?href="([^"#]+)"', text):
            offered.setdefault(urljoin(str(client.base_url.join(address)), unescape(link)), address)
    ours = {link: page for link, page in offered.items() if link.startswith(str(client.base_url))}
    assert len(ours) > 20
    refused = {link: page for link, page in ours.items() if client.get(link).status_code == 403}
    assert (refused, forms) == ({}, [])


def test_a_viewer_sees_a_variant_without_any_readers_values(
    client: TestClient, person: Person
) -> None:
    page = f"editions/{WRES}/variants/2"
    assert "Dear Amina" in client.get(page).text
    person.may_act = False
    assert "Amina" not in client.get(page).text
    assert "Dear [value 2]" in client.get(page).text


@pytest.mark.parametrize(
    "address", ["contacts", "contacts.csv", "suppressions", "suppressions/1/lift", "list"]
)
def test_a_viewer_searches_exports_lifts_and_takes_in_nothing(
    client: TestClient, person: Person, address: str
) -> None:
    person.may_act = False
    form = {"q": "person1@example.org", "order": "search", "target": "person9@example.org"}
    assert client.post(address, data=form, headers=OWN).status_code == 403


def test_a_viewer_cannot_order_anything(client: TestClient, person: Person) -> None:
    person.may_act = False
    order = {"order": "pause", "reason": "no"}
    answer = client.post(f"editions/{WRES}/control", data=order, headers=OWN)
    assert answer.status_code == 403
    assert "look but not act" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.example.org"},
        {"Origin": "null"},
        {"Origin": "http://airflow.example.org.elsewhere.example.org"},
        {"Origin": "http://airflow.example.org:8080"},
        {"Referer": "https://elsewhere.example.org/airflow.example.org"},
        {"Origin": "https://elsewhere.example.org", "Referer": "http://airflow.example.org/"},
    ],
)
def test_a_form_from_elsewhere_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    order = {"order": "pause", "reason": "forged"}
    answer = client.post(f"editions/{WRES}/control", data=order, headers=headers)
    assert answer.status_code == 403
    assert "forged" not in client.get(f"editions/{WRES}").text


@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_our_own_form_is_taken_by_either_header(client: TestClient, header: str) -> None:
    order = {"order": "pause", "reason": "lunch"}
    sent_from = {"Origin": OWN["Origin"], "Referer": f"{OWN['Origin']}/outreach/editions/x/control"}
    answer = client.post(
        f"editions/{WRES}/control",
        data=order,
        headers={header: sent_from[header]},
        follow_redirects=False,
    )
    assert answer.status_code == 303


def test_there_is_no_api_documentation_to_read(client: TestClient) -> None:
    for address in ("docs", "redoc", "openapi.json"):
        assert client.get(address).status_code == 404
