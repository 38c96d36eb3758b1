"""How long things are kept: counted first, then confirmed by name, on a page."""

from __future__ import annotations

from dataclasses import fields

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import Person
from tests.web.test_staff_pages import words
from tests.web.test_staff_people import post

from outreach.flows.retention import confirmed, latest
from outreach.retention import Retention
from outreach.web.staff import retention
from outreach.workspace import Workspace


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database is enough: letting go is tested on both."""
    return sqlite_url


def test_every_rule_is_said_in_words() -> None:
    assert list(retention.WHAT) == [one.name for one in fields(Retention)]


def test_rules_are_confirmed_by_name_after_a_count(client: TestClient, ws: Workspace) -> None:
    assert "so nothing goes" in words(client, "retention")
    assert "First count what would go" in words(client, "retention")
    confirm = {"order": "confirm", "sure": "yes"}
    assert post(client, "retention", **confirm).status_code == 409
    assert post(client, "retention", order="look").status_code == 303
    assert (latest(ws)[0].by, latest(ws)[0].dry_run) == ("amy", True)
    assert "All details of contacts who left 365 days 0" in words(client, "retention")
    assert "Who did what for good" in words(client, "retention")
    assert post(client, "retention", order="confirm").status_code == 400
    assert post(client, "retention", **confirm).status_code == 303
    assert confirmed(ws)
    assert "These rules are confirmed" in words(client, "retention?done=confirm")
    assert "Confirm with my name" not in words(client, "retention")
    assert post(client, "retention", order="apply").status_code == 400


def test_a_viewer_reads_the_rules_and_confirms_nothing(
    client: TestClient, ws: Workspace, person: Person
) -> None:
    person.may_act = False
    assert "Count what would go" not in words(client, "retention")
    assert post(client, "retention", order="look").status_code == 403
    assert latest(ws) == ()
