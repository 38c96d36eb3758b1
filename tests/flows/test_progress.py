"""How far an edition is, how fast, how long it takes yet, and what it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.cli import main
from outreach.clock import duration
from outreach.domain import DeliveryState, EditionState
from outreach.flows import control, editions
from outreach.flows.progress import progress
from outreach.ledger import edition_store
from outreach.ledger.claims import Nothing, claim
from outreach.ledger.editions import batch, edition
from outreach.limits import Limits
from outreach.senders import sender_name
from outreach.workspace import Workspace
from tests.ledger.seeds import add_people, make_edition

NAME = "news@one"
PEOPLE, BATCH = 9, 3


@pytest.fixture
def sending(ws: Workspace) -> Workspace:
    """An edition of three batches that is being sent."""
    add_people(ws.engine, ws.keys, PEOPLE)
    make_edition(ws.engine, batch_size=BATCH, state=EditionState.SENDING)
    began = datetime.now(UTC) - timedelta(minutes=10)
    with ws.engine.begin() as connection:
        connection.execute(sa.update(edition).values(started_at=began))
    return ws


def put(ws: Workspace, number: int, state: DeliveryState, **values: object) -> None:
    """Leave one batch as a sender does."""
    with ws.engine.begin() as connection:
        connection.execute(
            sa.update(batch).where(batch.c.number == number).values(state=state, **values)
        )


def test_a_running_edition_says_how_far_it_is_how_fast_and_how_long_yet(sending: Workspace) -> None:
    now, me = datetime.now(UTC), sender_name()
    put(sending, 1, DeliveryState.ACCEPTED, recorded_at=now, sender=me)
    put(sending, 2, DeliveryState.CLAIMED, claimed_at=now, sender=me)
    found = progress(sending, NAME)
    assert (found.handed_over, found.claimed, found.planned, found.total) == (3, 3, 3, PEOPLE)
    assert found.share == pytest.approx(1 / 3)
    assert found.per_minute == pytest.approx(1.5)
    assert found.seconds_left == pytest.approx(240, abs=1)
    assert (found.senders, found.waiting_for, found.finished) == (1, "", False)
    assert found.last_at is not None


def test_people_who_dropped_out_at_the_claim_are_not_counted_as_to_do(sending: Workspace) -> None:
    put(sending, 1, DeliveryState.ACCEPTED, recorded_at=datetime.now(UTC), people=2)
    put(sending, 2, DeliveryState.SUPPRESSED)
    found = progress(sending, NAME)
    assert (found.handed_over, found.planned, found.total) == (2, 3, 5)


def test_an_edition_whose_sender_died_says_that_none_is_running(sending: Workspace) -> None:
    put(sending, 1, DeliveryState.CLAIMED, sender=sender_name().replace("|", "|9999", 1))
    found = progress(sending, NAME)
    assert found.senders == 0
    assert "none is running" in found.waiting_for
    assert found.seconds_left is None


def test_an_edition_that_the_days_ceiling_keeps_back_says_until_when(sending: Workspace) -> None:
    now = datetime.now(UTC)
    full = replace(sending, hub=replace(sending.hub, limits=Limits(emails_per_day=BATCH)))
    assert "ceiling" not in progress(full, NAME).words
    put(full, 1, DeliveryState.ACCEPTED, claimed_at=now, recorded_at=now, people=BATCH)
    with full.engine.connect() as connection:
        edition_id = edition_store.get(connection, NAME).id
    claimed = claim(
        full.engine,
        edition_id,
        sender="x",
        now=now,
        lease=timedelta(minutes=1),
        token_kid="k",
        allowed=lambda _: True,
        limits=full.hub.limits,
    )
    assert isinstance(claimed, Nothing)
    found = progress(full, NAME)
    assert claimed.why in found.waiting_for
    assert "the day's ceiling of 3 emails is reached" in found.waiting_for
    assert ", 00:00" in found.waiting_for
    assert found.seconds_left is None


def test_an_edition_that_is_held_says_by_whom_and_why(sending: Workspace) -> None:
    who = {"by": "lee", "via": "test"}
    editions.pause(sending, NAME, reason="a wrong link", **who)
    assert "by lee: a wrong link" in progress(sending, NAME).waiting_for
    editions.resume(sending, NAME, **who)
    control.hold_campaign(sending, "news", reason="complaints", **who)
    assert "held by lee: complaints" in progress(sending, NAME).waiting_for
    control.stop_all(sending, reason="a fire", **who)
    assert "stopped by lee: a fire" in progress(sending, NAME).words


def test_an_edition_that_must_wait_says_until_when_in_london(sending: Workspace) -> None:
    later = datetime(2099, 7, 1, 9, 0, tzinfo=UTC)
    for number in (1, 2, 3):
        put(sending, number, DeliveryState.PLANNED, not_before=later)
    assert progress(sending, NAME).waiting_for.endswith("until 1 July 2099, 10:00")


@pytest.mark.parametrize(
    ("state", "said"),
    [(EditionState.PREPARED, "an approval"), (EditionState.APPROVED, "a sender")],
)
def test_an_edition_that_has_not_begun_says_what_is_missing(
    sending: Workspace, state: EditionState, said: str
) -> None:
    with sending.engine.begin() as connection:
        connection.execute(sa.update(edition).values(state=state))
    assert said in progress(sending, NAME).waiting_for


def test_an_edition_cancelled_in_flight_ends_when_the_last_batch_is_recorded(
    sending: Workspace,
) -> None:
    put(sending, 1, DeliveryState.CLAIMED, sender=sender_name())
    editions.cancel(sending, NAME, by="lee", via="test")
    assert not progress(sending, NAME).finished
    put(sending, 1, DeliveryState.ACCEPTED, recorded_at=datetime.now(UTC))
    found = progress(sending, NAME)
    assert (found.finished, found.handed_over, found.cancelled) == (True, 3, 6)
    assert found.share == 1


def test_no_delivery_is_read_to_tell_progress(sending: Workspace) -> None:
    read: list[str] = []
    sa.event.listen(
        sending.engine, "before_cursor_execute", lambda *given: read.append(given[2].lower())
    )
    progress(sending, NAME)
    assert read
    assert not [statement for statement in read if "delivery" in statement]


def test_the_command_line_shows_it_too(
    sending: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUTREACH_HOME", str(sending.settings.home))
    monkeypatch.setenv("OUTREACH_DATABASE_URL", sending.settings.database_url)
    editions.cancel(sending, NAME, by="lee", via="test")
    assert main(["progress", NAME, "--follow"]) == 0
    assert "100% of 9 dealt with: 0 handed over, 9 cancelled" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "under a minute"),
        (60, "1 minute"),
        (299, "5 minutes"),
        (3600, "1 hour"),
        (7830, "2 hours 10 minutes"),
    ],
)
def test_a_time_span_reads_as_people_say_it(seconds: int, said: str) -> None:
    assert duration(seconds) == said
