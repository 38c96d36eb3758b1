"""A declared source's file that was stopped: why, and taking it all the same on one's word."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests.staff_seed import seed
from tests.web.conftest import Person
from tests.web.test_staff_pages import words
from tests.web.test_staff_people import post

from outreach.flows.imports import pull_sources
from outreach.hub import load_hub
from outreach.keys import Keys
from outreach.ledger import editions as t
from outreach.pullwords import LET_PASS
from outreach.settings import ROOT, Settings
from outreach.workspace import Workspace

WHO = {"by": "lee", "via": "airflow"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database is enough: imports themselves are tested on both."""
    return sqlite_url


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    """The seeded ledger, with a contacts folder of its own."""
    seed(engine, keys)
    (tmp_path / "contacts" / "inbox").mkdir(parents=True)
    own = replace(settings, root=tmp_path)
    return Workspace(own, keys, load_hub(ROOT / "hub.yaml"), engine)


def declare(ws: Workspace, **source: object) -> None:
    one = {"name": "staff", "kind": "contacts", "path": "staff.csv", **source}
    (ws.settings.root / "contacts" / "sources.yaml").write_text(json.dumps({"sources": [one]}))


def stopped(ws: Workspace) -> str:
    """Take thirty rows, then a file with two of them; return the page of the one stopped."""
    for people in (30, 2):
        rows = "".join(f"p{n}@example.org,Nurse\n" for n in range(people))
        (ws.settings.root / "contacts" / "staff.csv").write_text(f"Email,Job role\n{rows}")
        (result,) = pull_sources(ws, **WHO)
    assert result.state == "refused"
    return f"imports/{result.import_id}"


def test_a_stopped_file_is_taken_by_a_named_person_with_a_reason(
    client: TestClient, ws: Workspace
) -> None:
    declare(ws)
    page = stopped(ws)
    assert "looks cut short" in words(client, page)
    assert "Take it all the same" in words(client, page)
    assert "--allow" not in words(client, page)
    assert post(client, page, reason=" ").status_code == 400
    answer = post(client, page, reason="The team is smaller now")
    assert answer.status_code == 303
    taken = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    assert "Rows read 2" in words(client, f"imports/{taken}")
    with ws.engine.connect() as c:
        kept = sa.select(t.audit).where(t.audit.c.action == "take a stopped file")
        (entry,) = c.execute(kept).all()
    assert (entry.who, entry.detail) == ("amy", "shrink: The team is smaller now")
    assert "Take it all the same" not in words(client, page)
    assert post(client, page, reason="again").status_code == 409


def test_a_viewer_is_told_why_and_offered_nothing(
    client: TestClient, ws: Workspace, person: Person
) -> None:
    declare(ws)
    page = stopped(ws)
    person.may_act = False
    assert "looks cut short" in words(client, page)
    assert "Take it all the same" not in words(client, page)
    assert post(client, page, reason="x").status_code == 403


def test_a_dropped_file_says_how_it_passes(client: TestClient, ws: Workspace) -> None:
    declare(ws, path="inbox/*", drop=True, stale_after_days=3)
    dropped = ws.settings.root / "contacts" / "inbox" / "team.csv"
    dropped.write_text("Email\nann@example.org\n")
    os.utime(dropped, (0, 0))
    (result,) = pull_sources(ws, **WHO)
    text = words(client, f"imports/{result.import_id}")
    assert "put the file into its folder again" in text
    assert f"staff and {LET_PASS['stale']}" in text
    assert post(client, f"imports/{result.import_id}", reason="x").status_code == 409


def test_a_list_that_bears_a_sources_name_is_sent_again_with_a_tick(
    client: TestClient, ws: Workspace
) -> None:
    declare(ws)
    rows = "".join(f"p{n}@example.org\n" for n in range(30))
    form = {"kind": "contacts", "source": "staff"}
    for people in (rows, "p1@example.org\n"):
        answer = client.post(
            "list",
            data=form,
            files={"file": ("mine.csv", f"Email\n{people}")},
            headers={"Origin": "http://airflow.example.org"},
            follow_redirects=False,
        )
    page = answer.headers["location"].removeprefix("./")
    assert "tick It may be much smaller than the last file" in words(client, page)
    assert post(client, page.partition("?")[0], reason="x").status_code == 409
