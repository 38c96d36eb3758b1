"""The pages about resources: found, told to how many, withdrawn with a reason and restored."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import Person
from tests.web.test_staff_pages import words
from tests.web.test_staff_people import post

from outreach.keys import Keys


def test_resources_are_found_by_words_sector_and_area(client: TestClient) -> None:
    assert "1 to 1 of 1 resources" in words(client, "resources")
    assert "Toolkit <script>" in words(client, "resources?text=TOOLKIT&sector=Dentistry&area=x")
    assert "No resource is like that" in words(client, "resources?sector=Optometry")
    assert "Old guide" in words(client, "resources?state=withdrawn&sector=Optometry")
    assert "Told of it 4 people" in words(client, "resources/1"), "one of five was refused"
    assert client.get("resources/77").status_code == 404


def test_a_persons_page_lists_what_they_were_told_of(client: TestClient, keys: Keys) -> None:
    told = words(client, f"people/{keys.person_id(1)}")
    assert "Resources they were told of" in told
    assert "Toolkit <script>" in told
    assert "Resources they were told of" not in words(client, f"people/{keys.person_id(5)}")


@pytest.mark.parametrize("person_may_act", [True, False])
def test_withdrawing_takes_a_name_and_a_reason(
    client: TestClient, person: Person, person_may_act: bool
) -> None:
    person.may_act = person_may_act
    order = {"order": "withdraw", "reason": "out of date"}
    if not person_may_act:
        assert post(client, "resources/1/withdraw", **order).status_code == 403
        assert "Withdraw it" not in words(client, "resources/1")
        return
    assert "has it already" in words(client, "resources/1/withdraw")
    assert post(client, "resources/1/withdraw", order="withdraw").status_code == 400
    assert post(client, "resources/1/withdraw", order="both", reason="x").status_code == 400
    assert post(client, "resources/1/withdraw", **order).status_code == 303
    page = words(client, "resources/1?done=withdrawn")
    assert "goes in no digest" in page
    assert "by amy : out of date" in page
    assert post(client, "resources/1/withdraw", **order).status_code == 409
    order = {"order": "restore", "reason": "mended"}
    assert post(client, "resources/1/withdraw", **order).status_code == 303
    assert "1 to 1 of 1 resources" in words(client, "resources?text=toolkit")
