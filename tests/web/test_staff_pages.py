"""What a comms officer sees: states in words, sums that add up, nothing of a reader's run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import html5lib
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests.staff_seed import HOSTILE, WAITING, WRES
from tests.web.conftest import Person
from tests.web.test_staff_guards import OWN, addresses

from outreach.keys import Keys
from outreach.ledger import editions as t
from outreach.web.staff.app import Guards, create_staff_app
from outreach.workspace import Workspace

_XHTML = "{http://www.w3.org/1999/xhtml}"


def words(client: TestClient, address: str) -> str:
    """The text of a page, its spaces made single."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    tree = html5lib.parse(answer.text)
    return " ".join(" ".join(tree.itertext()).split())


def order(client: TestClient, **form: str) -> int:
    """Send the control form of the edition that is being sent."""
    answer = client.post(f"editions/{WRES}/control", data=form, headers=OWN, follow_redirects=False)
    return answer.status_code


def test_the_overview_names_what_needs_a_person(client: TestClient) -> None:
    text = words(client, "")
    assert "OUTREACH_FROM is not set" in text
    assert f"{WAITING} is waiting for approval" in text
    assert f"{WRES} has 2 deliveries in doubt" in text
    assert "Contacts 12" in text


def test_an_import_that_needs_mending_is_named_while_it_is_recent(
    client: TestClient, ws: Workspace
) -> None:
    from datetime import UTC, datetime, timedelta

    from outreach.ledger.people import import_

    for age, named in ((timedelta(days=1), True), (timedelta(days=60), False)):
        with ws.engine.begin() as c:
            c.execute(sa.update(import_).values(started_at=datetime.now(UTC) - age))
        assert (
            "Pledge form set aside 2 rows that still need mending" in words(client, "")
        ) is named


def test_refused_files_and_doubtful_names_are_named_too(client: TestClient, ws: Workspace) -> None:
    from datetime import UTC, datetime

    from outreach.ledger.people import import_

    now = datetime.now(UTC)
    with ws.engine.begin() as c:
        refused = sa.update(import_).where(import_.c.id == 1)
        c.execute(refused.values(state="refused", file_name="cut.csv", started_at=now))
    text = words(client, "")
    assert "cut.csv was refused, and nothing of it was taken" in text
    assert "Doubtful matches may mean one of several: 1 name for a person to settle" in text


def test_an_edition_accounts_for_everyone(client: TestClient) -> None:
    text = words(client, f"editions/{WRES}")
    assert "every one of the 10 people intended is accounted for" in text
    assert "Accepted by the provider 4" in text
    assert "In doubt 2" in text
    assert "Intended 10" in text
    assert "Decided by lee When 17 November 2026, 09:00 How airflow" in text
    assert "outside the audience 2" in text


def test_an_edition_that_does_not_add_up_says_so(client: TestClient, ws: Workspace) -> None:
    with ws.engine.begin() as c:
        c.execute(sa.update(t.edition).where(t.edition.c.id == 1).values(intended=11))
    assert "It does not balance." in words(client, f"editions/{WRES}")


def test_times_are_shown_in_london_time(client: TestClient, ws: Workspace) -> None:
    from datetime import UTC, datetime

    summer = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
    with ws.engine.begin() as c:
        c.execute(sa.update(t.edition).where(t.edition.c.id == 1).values(started_at=summer))
    assert "1 July 2026, 10:00" in words(client, f"editions/{WRES}")


def test_deliveries_are_filtered_and_paged(client: TestClient) -> None:
    text = words(client, f"editions/{WRES}/deliveries?state=unknown")
    assert "1 to 2 of 2 deliveries" in text
    assert "person6@example.org" in text
    assert "person1@example.org" not in text
    assert "1 to 10 of 10 deliveries" in words(client, f"editions/{WRES}/deliveries?page=99")


def test_the_variant_page_shows_one_readers_message_and_no_real_link(client: TestClient) -> None:
    page = client.get(f"editions/{WRES}/variants/2")
    assert "About WRES, Amina" in page.text
    assert "/unsubscribe/the-readers-own" in page.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_hostile_name_is_inert_on_every_page(
    staff: FastAPI, client: TestClient, keys: Keys
) -> None:
    for method, address in addresses(staff, keys):
        if method == "GET" and not address.endswith((".csv", ".css")):
            assert HOSTILE not in client.get(address).text, address
    framed = client.get(f"editions/{WRES}/variants/1").text
    frame = html5lib.parse(framed).find(f".//{_XHTML}iframe")
    assert frame is not None
    assert "&lt;script&gt;" in frame.attrib["srcdoc"]


def test_a_proof_stands_in_a_frame_that_can_do_nothing(client: TestClient) -> None:
    answer = client.get(f"editions/{WRES}/variants/1")
    frame = html5lib.parse(answer.text).find(f".//{_XHTML}iframe")
    assert frame is not None
    assert frame.attrib["sandbox"] == ""
    assert "default-src 'none'" in frame.attrib["srcdoc"]
    assert "src" not in frame.attrib


def test_every_answer_carries_its_safety_headers(
    staff: FastAPI, client: TestClient, keys: Keys
) -> None:
    for method, address in addresses(staff, keys):
        if method == "GET":
            headers = client.get(address).headers
            assert "default-src 'none'" in headers["content-security-policy"], address
            assert "frame-ancestors 'self'" in headers["content-security-policy"], address
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"


def test_only_pages_with_a_proof_allow_inline_styles(
    staff: FastAPI, client: TestClient, keys: Keys
) -> None:
    loose = {
        address
        for method, address in addresses(staff, keys)
        if method == "GET"
        and "'unsafe-inline'" in client.get(address).headers["content-security-policy"]
    }
    assert loose == {
        f"editions/{WRES}/variants/1",
        "campaigns/what-is-wres",
        f"people/{keys.person_id(1)}/editions/{WRES}",
    }


def test_scripts_run_only_with_the_nonce_of_their_page(client: TestClient) -> None:
    answer = client.get("")
    nonces = set(re.findall(r'<script nonce="([^"]+)"', answer.text))
    assert len(nonces) == 1
    assert f"script-src 'nonce-{nonces.pop()}'" in answer.headers["content-security-policy"]
    assert answer.text.count("<script") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_links_work_under_any_prefix(ws: Workspace, guards: Guards) -> None:
    outer = FastAPI()
    outer.mount("/airflow/outreach", create_staff_app(lambda: ws, guards))
    client = TestClient(outer, base_url="http://airflow.example.org")
    seen, waiting = set(), ["/airflow/outreach/"]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = client.get(address)
        assert answer.status_code == 200, address
        if "text/html" not in answer.headers["content-type"]:
            continue
        tree = html5lib.parse(answer.text)
        for link in (*tree.iter(f"{_XHTML}a"), *tree.iter(f"{_XHTML}link")):
            assert not link.attrib["href"].startswith("/"), (address, link.attrib["href"])
            found = urljoin(address, link.attrib["href"]).partition("#")[0].partition("?")[0]
            if "data-airflow" in link.attrib:
                assert found.startswith(("/airflow/required_actions", "/airflow/dags"))
            else:
                assert found.startswith("/airflow/outreach/"), (address, link.attrib["href"])
                waiting.append(found)
    assert f"/airflow/outreach/editions/{WRES}/variants/2" in seen
    assert len(seen) > 15


def test_every_page_has_the_bones_that_assistive_technology_needs(
    staff: FastAPI, client: TestClient, keys: Keys
) -> None:
    titles = []
    for method, address in addresses(staff, keys):
        answer = client.get(address) if method == "GET" else None
        if answer is None or "text/html" not in answer.headers["content-type"]:
            continue
        if "content-disposition" in answer.headers:
            continue
        tree = html5lib.parse(answer.text)
        assert tree.attrib["lang"] == "en-GB"
        assert len(list(tree.iter(f"{_XHTML}h1"))) == 1, address
        assert len(list(tree.iter(f"{_XHTML}main"))) == 1, address
        titles.append("".join(next(tree.iter(f"{_XHTML}title")).itertext()))
        for table in tree.iter(f"{_XHTML}table"):
            assert table.find(f"{_XHTML}caption") is not None, address
            assert all("scope" in cell.attrib for cell in table.iter(f"{_XHTML}th")), address
        labels = {label.attrib["for"] for label in tree.iter(f"{_XHTML}label")}
        for field in (*tree.iter(f"{_XHTML}input"), *tree.iter(f"{_XHTML}select")):
            if field.attrib.get("type") != "hidden":
                assert field.attrib["id"] in labels, address
        ids = [element.attrib["id"] for element in tree.iter() if "id" in element.attrib]
        assert len(ids) == len(set(ids)), address
    # The two pages of import 2 (with and without the rows themselves) share theirs.
    assert len(set(titles)) == len(titles) - 1


def test_pausing_and_resuming_is_done_and_remembered(client: TestClient) -> None:
    assert order(client, order="pause", reason="wrong figure in the copy") == 303
    text = words(client, f"editions/{WRES}?done=pause")
    assert "This edition is paused." in text
    assert "amy pause staff pages wrong figure in the copy" in text
    assert f"{WRES} is paused" in words(client, "")
    assert order(client, order="resume") == 303
    assert "sending" in words(client, f"editions/{WRES}")


def test_cancelling_takes_a_reason_and_a_tick(client: TestClient) -> None:
    assert order(client, order="cancel", reason="not needed") == 400
    assert order(client, order="cancel", sure="yes") == 400
    assert "Planned 2" in words(client, f"editions/{WRES}")
    assert order(client, order="cancel", reason="not needed", sure="yes") == 303
    text = words(client, f"editions/{WRES}")
    assert "Cancelled 2" in text
    assert "Planned 0" in text


def test_an_order_that_makes_no_sense_says_what_is_wrong(client: TestClient) -> None:
    answer = client.post(f"editions/{WRES}/control", data={"order": "pause"}, headers=OWN)
    assert answer.status_code == 400
    assert "Write why you pause this edition" in answer.text
    assert "<title>Error: " in answer.text
    assert order(client, order="explode", reason="x") == 400
    assert order(client, order="pause", reason="x" * 301) == 400


def test_a_reason_is_kept_without_characters_that_print_nothing(
    client: TestClient, ws: Workspace
) -> None:
    assert order(client, order="pause", reason="wait\0 for\u202e Lee") == 303
    assert "wait for Lee" in words(client, f"editions/{WRES}")


def test_a_ledger_that_is_away_is_said_on_a_page(client: TestClient, ws: Workspace) -> None:
    with ws.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE edition RENAME TO away"))
    answer = client.get("editions")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_an_ended_edition_takes_no_order(client: TestClient) -> None:
    assert order(client, order="cancel", reason="over", sure="yes") == 303
    assert order(client, order="pause", reason="again") == 409
    assert "nothing more can be ordered" in words(client, f"editions/{WRES}/control")


def test_the_deliveries_file_has_everyone_once_and_runs_nothing(
    client: TestClient, ws: Workspace
) -> None:
    answer = client.get(f"editions/{WRES}/deliveries.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f'filename="deliveries-{WRES}.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 10
    assert rows[0] == {
        "delivery_id": ws.keys.delivery_id(1, 1),
        "edition_id": WRES,
        "campaign": "what-is-wres",
        "variant": "1",
        "contact_id": "1",
        "email": "person1@example.org",
        "status": "delivered",
        "reason": "",
        "provider_message_id": "msg-1",
        "accepted_at": "2026-11-17T10:00:00Z",
    }
    assert rows[4]["reason"].startswith("'=HYPERLINK")


def test_the_engagement_page_shows_each_arm_below_its_edition(
    client: TestClient, ws: Workspace
) -> None:
    assert "Its arm" not in words(client, "engagement")
    with ws.engine.begin() as c:
        c.execute(sa.update(t.variant).where(t.variant.c.number == 1).values(arm="plain"))
        c.execute(sa.update(t.variant).where(t.variant.c.number == 2).values(arm="question"))
    text = words(client, "engagement")
    assert re.search(rf"{WRES}.* Its arm plain \d+ \d+ .* Its arm question \d+ \d+ ", text)


def test_a_download_of_people_is_noted(client: TestClient) -> None:
    client.get(f"editions/{WRES}/deliveries.csv")
    assert "amy export deliveries staff pages" in words(client, f"editions/{WRES}")


def test_the_events_file_says_which_were_made_up(client: TestClient) -> None:
    answer = client.get(f"editions/{WRES}/events.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["type"], row["simulated"]) for row in rows] == [
        ("delivered", "no"),
        ("opened", "yes"),
    ]


def test_engagement_keeps_people_and_machines_apart_and_says_simulated(
    client: TestClient, ws: Workspace
) -> None:
    page = client.get("engagement").text
    assert f"{WRES}</a> <span" in page
    assert "simulated" in page
    assert "<svg aria-hidden" in page
    assert "Opened by a machine" in words(client, "engagement")


def test_contacts_are_counted_with_the_reasons(client: TestClient) -> None:
    text = words(client, "contacts/figures")
    assert "Contacts 12" in text
    assert "May be written to 8" in text
    assert "no basis 3" in text
    assert "unsubscribed 1" in text
    assert "Not known" in text


def test_rows_set_aside_show_their_content_only_to_those_who_may_act(
    client: TestClient, person: Person
) -> None:
    assert "nobody3" in words(client, "imports/2/rows")
    assert "nobody3" not in words(client, "imports/2")
    assert "Row 3 email not an address" in words(client, "imports/2")


def test_a_campaign_page_shows_its_copy_for_made_up_readers(client: TestClient) -> None:
    page = client.get("campaigns/what-is-wres")
    assert page.status_code == 200
    assert "Amina" in page.text
    other = client.get("campaigns/what-is-wres?proof=2")
    assert other.text != page.text
    assert client.get("campaigns/what-is-wres?proof=99999").status_code == 200


def test_a_campaign_file_with_faults_is_named_with_its_line(
    with_campaigns: Callable[..., Workspace], guards: Guards, broken_campaigns: Path
) -> None:
    broken = with_campaigns(broken_campaigns)
    client = TestClient(create_staff_app(lambda: broken, guards))
    assert re.search(r"broken\.md:\d+ .*purpos", words(client, "/campaigns"))
    assert re.search(r"broken\.md:\d+", words(client, "/"))
    assert "no edition can be made from it" in words(client, "/campaigns/broken")


def test_a_campaign_whose_file_is_gone_keeps_its_editions(client: TestClient) -> None:
    text = words(client, "campaigns/winter-news")
    assert "There is no file of this name any more" in text
    assert WAITING in text


@pytest.mark.parametrize(
    "address",
    [
        "nothing",
        "editions/nothing@x",
        f"editions/{WRES}/variants/9",
        "imports/99",
        "campaigns/x",
        "imports/x",
        "imports/-1",
        "imports/99999999999999999999",
        "imports/99999999999999999999/rows",
        f"editions/{WRES}/variants/99999999999999999999",
        "editions/%00",
        "editions/%00/control",
        "editions/%00/deliveries.csv",
        "campaigns/%00",
    ],
)
def test_what_does_not_exist_is_a_page_that_says_so(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "ot found</h1>" in answer.text


@pytest.mark.parametrize("address", ["editions?page=abc", "editions?page=0"])
def test_an_address_that_makes_no_sense_is_a_page_too(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert "cannot be read</h1>" in answer.text


def test_an_empty_ledger_has_pages_too(ws: Workspace, guards: Guards) -> None:
    from outreach.ledger.schema import metadata

    with ws.engine.begin() as c:
        for table in reversed(metadata.sorted_tables):
            c.execute(sa.delete(table))
    client = TestClient(create_staff_app(lambda: ws, guards))
    assert "No edition has been prepared yet" in words(client, "/")
    assert "Nothing has been handed over yet" in words(client, "/engagement")
    for address in (
        "/editions",
        "/contacts",
        "/contacts/figures",
        "/imports",
        "/campaigns",
        "/suppressions",
    ):
        words(client, address)
