"""An audience that moved further than it may stops before anybody is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.errors import Refused
from outreach.flows import editions, notices, side_messages
from outreach.flows.audience_limit import moved
from outreach.ledger.editions import audit
from outreach.ledger.people import contact
from outreach.reports import approvals, exports
from outreach.workspace import Workspace
from tests.flows.approving import (
    LEE,
    NAME,
    TWO,
    add_dentists,
    deployed,
    edit,
    prepared,
    sent,
    stops,
)
from tests.ledger.seeds import suppress

HOUR = timedelta(hours=1)


@pytest.fixture
def there(ws: Workspace, tmp_path: Path) -> Workspace:
    return deployed(ws, tmp_path / "campaigns", people=10)


def test_an_audience_that_moved_too_far_stops_and_says_what_moved(there: Workspace) -> None:
    sent(there)
    with there.engine.begin() as connection:
        suppress(connection, there.keys, "person0@example.org")
        connection.execute(
            sa.update(contact).where(contact.c.email == "person1@example.org").values(sector="")
        )
    add_dentists(there, range(20, 23))
    [said] = stops(there, prepared(there, "two"))
    assert "moved by 50% since news@one, and 20% is the limit: 3 joined, 2 are gone" in said
    assert "Joined by sector: Dentistry 3" in said
    assert "Gone by reason: outside the audience: sector 1, unsubscribed 1" in said
    assert "outreach let-pass news@two" in said
    assert [one.kind for one in notices.notices(there, edition=TWO)] == ["audience"]
    with pytest.raises(Refused, match="20% is the limit"):
        editions.approve(there, TWO, by="lee", via="airflow")
    lists = {m.email: (m.change, m.reason) for m in approvals.audience_export(there, TWO, **LEE)}
    assert lists["person20@example.org"] == ("joined", "")
    assert lists["person0@example.org"] == ("gone", "unsubscribed")
    assert sum(change == "both" for change, _ in lists.values()) == 8


def test_somebody_else_lets_this_one_edition_pass_with_a_reason(there: Workspace) -> None:
    sent(there)
    add_dentists(there, range(20, 25))
    prepared(there, "two")
    assert stops(there, TWO)
    with pytest.raises(Refused, match="name and a reason"):
        editions.let_audience_pass(there, TWO, **LEE)
    with pytest.raises(Refused, match="somebody else"):
        editions.let_audience_pass(there, TWO, by="Amy", via="test", reason="all new")
    editions.let_audience_pass(there, TWO, **LEE, reason="the new practices")
    assert stops(there, TWO) == []
    assert "lee let it pass: the new practices" in editions.approval_request(there, TWO).body
    with pytest.raises(Refused, match="let pass already"):
        editions.let_audience_pass(there, TWO, **LEE, reason="again")
    assert editions.approve(there, TWO, by="lee", via="airflow").state == "approved"
    assert stops(there, prepared(there, "three")), "it was for one edition alone"


@pytest.mark.parametrize(
    ("limit", "stopped"), [("audience_limit: 60", 0), ("audience_limit: off", 0), ("", 1)]
)
def test_a_campaign_sets_its_own_limit(there: Workspace, limit: str, stopped: int) -> None:
    sent(there)
    add_dentists(there, range(20, 25))
    edit(there, "owner: amy", f"owner: amy\n{limit}")
    assert len(stops(there, prepared(there, "two"))) == stopped


@pytest.mark.parametrize("edited", ["audience_limit: off"])
def test_an_author_who_edits_the_file_lifts_no_limit_of_an_edition_that_stopped(
    there: Workspace, edited: str
) -> None:
    sent(there)
    add_dentists(there, range(20, 25))
    assert stops(there, prepared(there, "two"))
    edit(there, "owner: amy", f"owner: amy\n{edited}")
    assert len(stops(there, TWO)) == 1


def test_what_was_never_sent_is_no_base_and_a_first_edition_has_none(there: Workspace) -> None:
    prepared(there, "one")
    assert moved(there, NAME).change is None
    assert "nothing to compare" in moved(there, NAME).words
    editions.cancel(there, NAME, **LEE, reason="wrong")
    add_dentists(there, range(20, 25))
    assert stops(there, prepared(there, "two")) == []


def test_once_a_person_is_asked_the_limit_is_not_judged_again(there: Workspace) -> None:
    prepared(there, "one")
    assert stops(there, NAME) == []
    side_messages.asked(there, NAME, answer_by=datetime.now(UTC) + HOUR)
    add_dentists(there, range(20, 25))
    sent(there, "two")
    assert stops(there, NAME) == []


def test_the_lists_are_safe_in_a_spreadsheet_and_noted(there: Workspace) -> None:
    sent(there)
    with there.engine.begin() as connection:
        connection.execute(sa.update(contact).values(borough="=cmd()"))
    prepared(there, "two")
    rows = approvals.audience_export(there, TWO, **LEE)
    text = "".join(exports.csv_lines(approvals.MOVER_COLUMNS, rows))
    assert ",'=cmd()," in text
    with there.engine.connect() as connection:
        last = connection.execute(sa.select(audit).order_by(audit.c.id.desc())).first()
    assert last is not None
    assert (last.action, last.who) == ("export audience", "lee")
