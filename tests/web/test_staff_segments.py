"""Whom a rule selects, on the campaign's page and where one is tried; and planning a follow-up."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from tests.staff_seed import WAITING, WRES
from tests.web.conftest import Person
from tests.web.test_staff_pages import words

from outreach.ledger import segment_counts


def tried(client: TestClient, rule: str) -> str:
    return words(client, f"segments?q={quote(rule)}")


def test_a_rule_is_shown_in_words_with_a_count_reasons_and_a_sample(client: TestClient) -> None:
    text = tried(client, "pledged OR sector IS 'dentistry'")
    assert "In words: has pledged; or sector is Dentistry." in text
    assert 'To write in a file: pledged or sector is "Dentistry"' in text
    assert "Selected 5 Would be written to 4 Would not 1" in text
    assert "no basis 1" in text
    assert "person2@example.org" in text


def test_a_rule_with_a_fault_has_it_marked(client: TestClient) -> None:
    text = tried(client, "pledged and sectr is 'Dentistry'")
    assert (
        "Character 13: there is nothing called “sectr” to ask about; did you mean “sector”?" in text
    )
    page = client.get("segments", params={"q": "pledged and sectr is 'x'"}).text
    assert "pledged and <mark>sectr</mark> is" in page
    assert "there is no edition called" in tried(client, "got 'what-is-wres@2026-11-18'")


@pytest.mark.parametrize("rule", ["<script>alert(1)</script>", "role is '<b>'", "x" * 5_000, "\0"])
def test_whatever_is_typed_is_inert(client: TestClient, rule: str) -> None:
    answer = client.get(f"segments?q={quote(rule)}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<b>" not in answer.text


def test_a_viewer_sees_the_figures_and_no_address(client: TestClient, person: Person) -> None:
    person.may_act = False
    page = client.get("segments?q=everyone").text
    assert "p…@example.org" in page
    assert "person2@" not in page
    assert "Amina" not in page
    assert "/people/" not in page


def test_a_campaigns_page_says_whom_it_selects_now(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = words(client, "campaigns/pledge-thank-you")
    assert "The rule in words: has pledged in the last 14 days." in text
    assert "As it is written: pledged in the last 14 days" in text
    assert "Would be written to" in text
    monkeypatch.setattr(segment_counts, "LARGE", 3)
    text = words(client, "campaigns/pledge-thank-you")
    assert "Count them now" in text
    assert "Would be written to" not in text
    assert "Would be written to" in words(client, "campaigns/pledge-thank-you?count=yes")


def test_a_follow_up_is_planned_on_the_editions_page_and_nothing_is_made(
    client: TestClient,
) -> None:
    answer = client.get(f"editions/{WRES}/follow-up?campaign=pledge-thank-you&to=accepted")
    assert answer.status_code == 409
    assert "it is not clear yet who gets it" in answer.text
    client.post(
        f"editions/{WRES}/control",
        data={"order": "cancel", "reason": "a wrong link", "sure": "yes"},
        headers={"Origin": "http://airflow.example.org"},
    )
    assert "Follow it up" in words(client, f"editions/{WRES}")
    page = words(client, f"editions/{WRES}/follow-up?campaign=pledge-thank-you&to=accepted")
    assert "Accepted here 4 Would be written to 4 In doubt here, left out 2" in page
    assert "pledge-thank-you@accepted-what-is-wres.2026-11-17" in page
    assert "Edition to follow up what-is-wres@2026-11-17" in page
    failed = words(client, f"editions/{WRES}/follow-up?campaign=pledge-thank-you&to=failed")
    assert "Failed here 1" in failed
    assert "accepted-what-is-wres" not in words(client, "editions")
    assert client.get(f"editions/{WAITING}/follow-up?campaign=never").status_code == 404
