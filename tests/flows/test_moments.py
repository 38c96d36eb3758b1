"""Pause, resume and cancel at each moment of an edition's life, with an exact account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from outreach.errors import Refused
from outreach.flows import editions, side_messages, steering
from outreach.flows.decisions import decide
from outreach.flows.steering import Order
from outreach.providers.outbox import Outbox
from outreach.reports.editions import edition as report
from outreach.workspace import Workspace
from tests.flows.approving import NAME, SLUG, deployed

PEOPLE = 10
ANSWER = {"chosen_options": ["Approve"], "responded_by_user": {"id": "lee", "name": "lee"}}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The states are proven on both kinds of databases elsewhere."""
    return sqlite_url


@pytest.fixture
def there(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(Outbox, "batch_size", 2)
    return deployed(ws, tmp_path / "campaigns", people=PEOPLE)


def order(ws: Workspace, kind: str) -> Any:
    given = Order(kind, NAME, "", "" if kind == "resume" else "wrong link")
    return steering.steer(ws, given, by="amy", via="airflow").accounts[0]


def prepared(ws: Workspace) -> None:
    editions.prepare(ws, SLUG, "one", by="amy", via="test")


def waiting(ws: Workspace) -> None:
    prepared(ws)
    editions.check(ws, NAME)
    side_messages.asked(ws, NAME, answer_by=datetime.now(UTC) + timedelta(hours=4))


def approved_for_later(ws: Workspace) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=20)
    editions.prepare(ws, SLUG, "one", by="amy", via="test", send_at=soon)
    editions.approve(ws, NAME, by="lee", via="airflow")


def half_sent(ws: Workspace) -> None:
    """Two batches are out when amy pauses it: its sender stops, as a deferred one has."""
    prepared(ws)
    editions.approve(ws, NAME, by="lee", via="airflow")

    def look(done: Any) -> None:
        if done.handed_over == 4:
            order(ws, "pause")

    assert editions.send(ws, NAME, progress=look).handed_over == 4
    order(ws, "resume")


MOMENTS: dict[str, tuple[Callable[[Workspace], None], int]] = {
    "before it is checked": (prepared, 0),
    "while its approver is asked": (waiting, 0),
    "while it waits for its time": (approved_for_later, 0),
    "while it is sent": (half_sent, 4),
}


def goes_on(ws: Workspace) -> None:
    """What the run does next, from wherever it is."""
    shown = editions.approval_request(ws, NAME).approval_hash
    if decide(ws, NAME, shown, ANSWER).approved:
        editions.send(ws, NAME)
    editions.settle(ws, NAME)


def letters(ws: Workspace) -> int:
    return len([*ws.settings.home.glob("outbox/**/*.eml")])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_cancel_ends_it_at_once_and_counts_everybody(there: Workspace, moment: str) -> None:
    reach, out = MOMENTS[moment]
    reach(there)
    account = order(there, "cancel")
    assert (account.cancelled, account.accepted, account.planned) == (PEOPLE - out, out, 0)
    assert account.reasons["cancelled"] == {"cancelled by amy: wrong link": PEOPLE - out}
    goes_on(there)
    account = editions.certificate(there, NAME)
    assert (account.state, account.accepted, account.balanced) == ("cancelled", out, True)
    assert letters(there) == out
    assert side_messages.remind(there) == ()
    with pytest.raises(Refused, match="nothing left to steer"):
        order(there, "resume")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_pause_holds_it_loses_nobody_and_a_resume_sends_to_everybody_once(
    there: Workspace, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach, out = MOMENTS[moment]
    reach(there)
    account = order(there, "pause")
    assert (account.planned, account.accepted) == (PEOPLE - out, out)
    assert "paused" in report(there, NAME).standing or moment == "before it is checked"
    monkeypatch.setattr("outreach.flows.starting.CLOCKS_DIFFER", 30.0)
    monkeypatch.setattr("outreach.flows.starting.time.sleep", lambda _seconds: None)
    goes_on(there)
    assert letters(there) == out
    order(there, "resume")
    goes_on(there)
    account = editions.certificate(there, NAME)
    assert (account.state, account.accepted, account.balanced) == ("sent", PEOPLE, True)
    assert letters(there) == PEOPLE


def test_what_is_settled_cannot_be_steered_and_keeps_its_account(there: Workspace) -> None:
    prepared(there)
    goes_on(there)
    before = editions.certificate(there, NAME)
    for kind in ("pause", "resume", "cancel"):
        with pytest.raises(Refused, match="is sent: there is nothing left to steer"):
            order(there, kind)
    assert editions.certificate(there, NAME) == before


def test_a_cancel_in_the_moment_of_the_approval_wins(
    there: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(there)
    shown = editions.approval_request(there, NAME).approval_hash
    sound = "outreach.flows.approving.must_be_sound"
    monkeypatch.setattr(sound, lambda ws, _edition: order(ws, "cancel"))
    decided = decide(there, NAME, shown, ANSWER)
    assert (decided.approved, decided.message) == (
        False,
        f"{NAME} is cancelled: nobody is written to",
    )
    assert editions.certificate(there, NAME).cancelled == PEOPLE


def test_a_narrow_edition_keeps_its_pause_through_its_approval(there: Workspace) -> None:
    waiting(there)
    order(there, "pause")
    assert report(there, NAME).standing == "paused, waiting for approval"
    editions.approve(replace(there), NAME, by="lee", via="airflow")
    assert report(there, NAME).standing == "paused"
