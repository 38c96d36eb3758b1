"""Agreeing an edition: deputies, reminders, standing approvals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.answering import Reminders
from outreach.errors import InputError, NotFound, Refused
from outreach.flows import deputies, editions, lapsing, notices, side_messages, standing
from outreach.flows.decisions import decide
from outreach.flows.side_messages.asking import due
from outreach.ledger.approval_tables import question
from outreach.ledger.editions import audit
from outreach.ledger.question_store import Question
from outreach.workspace import Workspace
from tests.flows.approving import LEE, NAME, SLUG, TWO, answer, deployed, edit, letters, prepared

HOUR = timedelta(hours=1)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is kept is simple; the comparison of audiences is proven on both kinds."""
    return sqlite_url


@pytest.fixture
def there(ws: Workspace, tmp_path: Path) -> Workspace:
    return deployed(ws, tmp_path / "campaigns", people=10)


# ---- deputies


def test_a_deputy_answers_and_the_certificate_says_for_whom(there: Workspace) -> None:
    ws = replace(there, hub=replace(there.hub, deputies={"lee": ("jo", "amy")}))
    prepared(ws, "one")
    shown = editions.approval_request(ws, NAME).approval_hash
    for author in ("amy", "kim"):
        with pytest.raises(Refused):
            decide(ws, NAME, shown, answer(author))
    decided = decide(ws, NAME, shown, answer("jo"))
    assert decided.message == "news@one is approved by jo for lee"
    with ws.engine.connect() as connection:
        assert "jo for lee" in connection.execute(sa.select(audit.c.who)).scalars().all()


def test_nobody_answers_in_an_authors_place(there: Workspace) -> None:
    hub = replace(there.hub, approvers=("lee", "kim"), deputies={"lee": ("jo",)})
    ws = replace(there, hub=hub)
    prepared(ws, "one", by="lee")
    assert deputies.who_may_answer(ws, NAME) == ("kim",)
    assert side_messages.tell_approvers(ws, NAME).words == "kim: handed over"


def test_an_approver_names_a_deputy_for_a_time_and_ends_it(there: Workspace) -> None:
    now = datetime.now(UTC)
    prepared(there, "one")
    made = deputies.name_deputy(there, "kim", since=now - HOUR, until=now + HOUR, **LEE)
    deputies.name_deputy(there, "jo", since=now + HOUR, until=now + 2 * HOUR, **LEE)
    assert deputies.who_may_answer(there, NAME) == ("lee", "kim")
    with pytest.raises(Refused, match="only they can end it"):
        deputies.end_deputy(
            replace(there, hub=replace(there.hub, approvers=("lee", "kim"))), made.id,
            by="kim", via="test",
        )  # fmt: skip
    deputies.end_deputy(there, made.id, **LEE)
    assert deputies.who_may_answer(there, NAME) == ("lee",)
    with pytest.raises(NotFound):
        deputies.end_deputy(there, made.id, **LEE)


@pytest.mark.parametrize(
    ("by", "named", "hours", "why"),
    [
        ("amy", "jo", 5, "not an approver"),
        ("lee", "Lee", 5, "stands in for themself"),
        ("lee", "", 5, "who answers for you"),
        ("lee", "jo", -5, "has passed"),
        ("lee", "jo", 24 * 100, "92 days is the longest"),
    ],
)
def test_an_order_for_a_deputy_that_makes_no_sense_is_refused(
    there: Workspace, by: str, named: str, hours: int, why: str
) -> None:
    now = datetime.now(UTC)
    with pytest.raises((Refused, InputError), match=why):
        deputies.name_deputy(there, named, since=now, until=now + hours * HOUR, by=by, via="test")


def test_at_a_production_terminal_nobody_orders_as_an_approver(there: Workspace) -> None:
    live = replace(there, settings=replace(there.settings, env="production"))
    now = datetime.now(UTC)
    with pytest.raises(Refused, match="OUTREACH_CLI_APPROVAL"):
        deputies.name_deputy(live, "jo", since=now, until=now + HOUR, by="lee", via="cli")


# ---- reminders and the deadline


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [(0, None), (119, None), (120, "reminder halfway"), (180, "last reminder"), (240, None)],
)
def test_a_reminder_is_due_halfway_and_before_the_deadline(minutes: int, kind: str | None) -> None:
    began = datetime(2026, 11, 23, 10, tzinfo=UTC)
    put = Question(began, began + 4 * HOUR, "")
    at = began + timedelta(minutes=minutes)
    assert due(put, Reminders(), at) == kind
    assert due(put, Reminders(halfway=False, hours_before=0), at) is None


def test_approvers_are_reminded_once_each_until_they_answer(there: Workspace) -> None:
    ws = replace(there, hub=replace(there.hub, deputies={"lee": ("jo", "nobody")}))
    prepared(ws, "one")
    now = datetime.now(UTC)
    side_messages.asked(ws, NAME, answer_by=now + 4 * HOUR, link="https://airflow.example.org/q")
    assert side_messages.tell_approvers(ws, NAME, site="https://airflow.example.org").sent == 2
    assert side_messages.remind(ws) == ()
    with ws.engine.begin() as connection:
        connection.execute(sa.update(question).values(asked_at=now - 5 * HOUR))
    [said] = side_messages.remind(ws)
    assert "lee: handed over; jo: handed over; nobody: not sent: hub.yaml names no" in said
    side_messages.remind(ws)
    assert len([*letters(ws)]) == 4
    for letter in letters(ws):
        text = letter.get_body(("plain",)).get_content()
        assert "10 people" in text
        assert "https://airflow.example.org/q" in text
        assert "Amina" not in letter.as_string()
        assert letter["List-Unsubscribe"] is None
    editions.approve(ws, NAME, by="jo", via="airflow")
    with ws.engine.begin() as connection:
        connection.execute(sa.update(question).values(answer_by=now + HOUR / 2))
    assert side_messages.remind(ws) == ()


@pytest.mark.parametrize("how", ["run", "upkeep"])
def test_no_answer_rejects_says_so_and_people_are_told(there: Workspace, how: str) -> None:
    shown = editions.approval_request(there, prepared(there, "one")).approval_hash
    side_messages.asked(there, NAME, answer_by=datetime.now(UTC) - 2 * HOUR)
    if how == "run":
        assert not decide(there, NAME, shown, answer(None, "Reject")).approved
    else:
        assert "nobody answered in time" in lapsing.close_lapsed(there, via="upkeep")[0]
    account = editions.certificate(there, NAME)
    assert (account.state, account.cancelled, account.balanced) == ("rejected", 10, True)
    with there.engine.connect() as connection:
        last = connection.execute(sa.select(audit.c.detail).where(audit.c.action == "reject"))
        assert "nobody answered in time" in last.scalar_one()
    assert [one.kind for one in notices.notices(there, edition=NAME)] == ["unanswered"]
    assert [str(one["To"]) for one in letters(there)] == ["lee@example.org"]


# ---- standing approvals


@pytest.fixture
def automatic(there: Workspace) -> Workspace:
    edit(there, "owner: amy", "owner: amy\napproval: standing\naudience_limit: off")
    prepared(there, "one")
    editions.approve(there, NAME, by="lee", via="airflow")
    prepared(there, "two")
    assert editions.approval_request(there, TWO).standing
    return there


def test_any_edit_of_what_readers_see_voids_a_standing_approval(
    automatic: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = automatic
    [one] = standing.standing_approvals(ws)
    assert (one.row.campaign, one.row.by, one.void) == (SLUG, "lee", "")
    texted = replace(ws, hub=replace(ws.hub, digest="other"))
    [void] = standing.standing_approvals(texted, with_void=True)
    assert "edited since" in void.void
    assert not editions.approve_standing(texted, prepared(texted, "hub"))
    layouts = tmp_path / "layouts"
    layouts.mkdir()
    for name in ("standard.mjml", "standard.txt"):
        text = (ws.settings.root / "templates" / "layouts" / name).read_text()
        (layouts / name).write_text(text + "\n")
    for user in ("freezing", "assorting", "standing"):
        monkeypatch.setattr(f"outreach.flows.{user}.layouts", lambda _ws: layouts)
    assert standing.standing_approvals(ws) == ()
    assert not editions.approve_standing(ws, prepared(ws, "layout"))
    monkeypatch.undo()
    assert editions.approve_standing(ws, TWO)
    edit(ws, "Stay in touch.", "Keep in touch.")
    assert not editions.approve_standing(ws, prepared(ws, "file"))


def test_an_approver_withdraws_a_standing_approval_and_may_give_it_again(
    automatic: Workspace,
) -> None:
    ws = automatic
    [one] = standing.standing_approvals(ws)
    with pytest.raises(Refused, match="not an approver"):
        standing.withdraw_standing(ws, one.row.id, by="amy", via="test", reason="a mistake")
    with pytest.raises(Refused, match="reason"):
        standing.withdraw_standing(ws, one.row.id, **LEE, reason=" ")
    assert standing.withdraw_standing(ws, one.row.id, **LEE, reason="out of date") == SLUG
    assert standing.standing_approvals(ws, with_void=True) == ()
    assert not editions.approve_standing(ws, TWO)
    with pytest.raises(NotFound):
        standing.withdraw_standing(ws, one.row.id, **LEE, reason="out of date")
    editions.approve(ws, TWO, by="lee", via="airflow")
    assert len(standing.standing_approvals(ws)) == 1
