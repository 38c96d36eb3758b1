"""Restoring a backup: what the journal knows is listed as doubt, and never sent again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.errors import Refused
from outreach.flows import editions, events
from outreach.flows.imports import import_file
from outreach.flows.people import person, suppress
from outreach.flows.recovery import JournalGuard, recover
from outreach.journal import Journal
from outreach.ledger.editions import delivery
from outreach.workspace import Workspace, open_workspace
from tests.fakes.deployment import CONTENT, EDITION, PEOPLE, Deployment, deploy
from tests.fakes.running import FakeSendGrid
from tests.ledger.seeds import EVERYONE, make_edition


@pytest.fixture(params=["sqlite"])
def database_url(sqlite_url: str) -> str:
    """A file that can be copied and put back, as a backup is."""
    return sqlite_url


@pytest.fixture
def deployed(ws: Workspace, sendgrid_server: FakeSendGrid) -> Deployment:
    return deploy(ws, sendgrid_server)


def _restore(deployed: Deployment, backup: Path, file: Path) -> Deployment:
    deployed.ws.engine.dispose()
    for rest in file.parent.glob(f"{file.name}*"):
        rest.unlink()
    shutil.copy(backup, file)
    return Deployment(open_workspace(deployed.ws.settings), deployed.server)


def test_back_up_send_restore_send_again_writes_to_no_one_twice(
    deployed: Deployment, tmp_path: Path
) -> None:
    file, backup = tmp_path / "outreach.db", tmp_path / "backup.db"
    with sqlite3.connect(file) as source, sqlite3.connect(backup) as copy:
        source.backup(copy)
    deployed.send()
    assert len(deployed.recipients()) == PEOPLE
    deployed = _restore(deployed, backup, file)
    refused = deployed.sender()
    _, errors = refused.communicate(timeout=60)
    assert refused.returncode != 0
    assert "outreach recover" in errors
    assert len(deployed.recipients()) == PEOPLE
    done = recover(deployed.ws, by="amy", via="test")
    assert (done.doubted, done.editions) == (PEOPLE, (EDITION,))
    deployed.send()
    account = editions.settle(deployed.ws, EDITION)
    assert (account.unknown, account.accepted, account.balanced) == (PEOPLE, 0, True)
    assert len(deployed.recipients()) == len(set(deployed.recipients())) == PEOPLE
    assert recover(deployed.ws, by="amy", via="test").doubted == 0


def test_a_ledger_that_was_lost_is_made_again_from_the_journal(
    deployed: Deployment, tmp_path: Path
) -> None:
    deployed.send()
    deployed.ws.engine.dispose()
    for rest in tmp_path.glob("outreach.db*"):
        rest.unlink()
    ws = open_workspace(deployed.ws.settings)
    done = recover(ws, by="amy", via="test")
    assert (done.doubted, done.editions) == (PEOPLE, (EDITION,))
    account = editions.certificate(ws, EDITION)
    assert (account.state, account.unknown, account.balanced) == ("recovered", PEOPLE, True)
    assert make_edition(ws.engine, rule=EVERYONE) is None
    with ws.engine.connect() as connection:
        held = connection.execute(sa.select(sa.func.count()).select_from(delivery)).scalar_one()
    assert held == PEOPLE
    ws.engine.dispose()


def test_people_made_again_from_the_journal_get_their_address_back_by_import(
    deployed: Deployment, tmp_path: Path
) -> None:
    deployed.send()
    deployed.ws.engine.dispose()
    for rest in tmp_path.glob("outreach.db*"):
        rest.unlink()
    ws = open_workspace(deployed.ws.settings)
    recover(ws, by="amy", via="test")
    file = tmp_path / "contacts.csv"
    rows = [f"Person{n}@Example.org,Ann" for n in range(PEOPLE)]
    file.write_text("\n".join(["email,first name", *rows]), encoding="utf-8")
    constants = {"basis": "public_task", "evidence": "test"}
    done = import_file(ws, file, "contacts", constants=constants, by="amy", via="test")
    assert (done.created, done.changed, done.quarantined) == (0, PEOPLE, 0)
    found = person(ws, "person3@example.org")
    assert found.summary.startswith("a contact, may be written to")
    suppress(ws, "example.org", reason="asked", by="amy", via="test")
    assert "domain" in person(ws, "person3@example.org").summary
    ws.engine.dispose()


def test_a_claim_journalled_before_the_newest_is_not_overlooked(deployed: Deployment) -> None:
    deployed.send()
    journal = Journal(deployed.ws.settings.journal)
    known = journal.last()
    assert known is not None
    journal.append(replace(known, batch=99))
    journal.append(known)
    with pytest.raises(Refused, match="outreach recover"):
        JournalGuard(journal, deployed.ws.engine).check()
    recover(deployed.ws, by="amy", via="test")
    JournalGuard(journal, deployed.ws.engine).check()


def test_a_guard_that_has_looked_looks_at_what_is_added_and_forgets_nothing(
    deployed: Deployment,
) -> None:
    deployed.send()
    journal = Journal(deployed.ws.settings.journal)
    known = journal.last()
    assert known is not None
    guard = JournalGuard(journal, deployed.ws.engine)
    guard.check()
    journal.append(known)
    guard.check()
    journal.append(replace(known, epoch=99))
    for _ in range(2):
        with pytest.raises(Refused, match="outreach recover"):
            guard.check()
        journal.append(known)
    recover(deployed.ws, by="amy", via="test")
    guard.check()


def test_late_news_of_a_forgotten_edition_is_never_taken_for_another_editions(
    deployed: Deployment, tmp_path: Path
) -> None:
    file, backup = tmp_path / "outreach.db", tmp_path / "backup.db"
    with sqlite3.connect(file) as source, sqlite3.connect(backup) as copy:
        source.backup(copy)
    tips, digest = replace(EVERYONE, slug="tips"), replace(EVERYONE, slug="digest")
    made = {"provider": "sendgrid", "content": CONTENT}
    make_edition(deployed.ws.engine, rule=tips, **made)
    make_edition(deployed.ws.engine, rule=digest, **made)
    reached = {
        "sendgrid_api_key": deployed.server.api_key,
        "sendgrid_base_url": deployed.server.address,
    }
    settings = replace(deployed.ws.settings, **reached)
    editions.send(replace(deployed.ws, settings=settings), "digest@one")
    told = [
        {
            "event": "delivered",
            "timestamp": 1_795_000_000,
            "sg_event_id": one["delivery"],
            "email": one["to"][0],
            "outreach_delivery": one["delivery"],
        }
        for one in deployed.server.accepted()
    ]
    deployed = _restore(deployed, backup, file)
    recover(deployed.ws, by="amy", via="test")
    for slug in ("tips", "walks"):
        make_edition(deployed.ws.engine, rule=replace(EVERYONE, slug=slug), **made)
    events.store_raw(deployed.ws, "sendgrid", json.dumps(told).encode())
    assert events.drain(deployed.ws).added == PEOPLE
    for name in ("tips@one", "walks@one"):
        account = editions.certificate(deployed.ws, name)
        assert (account.planned, account.accepted) == (PEOPLE, 0)
    assert editions.certificate(deployed.ws, "digest@one").became["delivered"] == PEOPLE
