"""Tests and copies for colleagues: marked, sent once, and counted nowhere."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.errors import InDoubt, NotSent
from outreach.flows import editions, events
from outreach.flows.side_messages import send_test, side_messages
from outreach.flows.side_messages.copies import marked
from outreach.ledger.approval_tables import side_message
from outreach.ledger.editions import delivery, event
from outreach.ledger.people import suppression
from outreach.providers.base import Content, Pieces
from outreach.providers.outbox import Outbox
from outreach.workspace import Workspace
from tests.flows.approving import NAME, SLUG, deployed, edit, letters, sent

WHO = {"by": "amy", "via": "test"}


@pytest.fixture
def there(ws: Workspace, tmp_path: Path) -> Workspace:
    return deployed(ws, tmp_path / "campaigns")


def rows(ws: Workspace, table: sa.Table) -> int:
    with ws.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_test_is_marked_shows_a_made_up_reader_and_counts_nowhere(there: Workspace) -> None:
    editions.prepare(there, SLUG, "one", by="amy", via="test")
    before = editions.certificate(there, NAME)
    report = send_test(there, NAME, to=["lee", "JO@example.org"], **WHO)
    assert (report.sent, len(report.handed)) == (4, 4)
    for letter in letters(there):
        assert str(letter["Subject"]).startswith("[Test] News for ")
        assert letter["X-Outreach-Mark"] == "test"
        text = letter.get_body(("plain",)).get_content()
        assert text.startswith("This is a test of news@one, variant ")
        html = letter.get_body(("html",)).get_content()
        assert html.index("This is a test of") < html.index("Dear ")
        assert "/unsubscribe/a-copy-for-colleagues" in str(letter["List-Unsubscribe"])
    assert sorted({str(one["To"]) for one in letters(there)}) == [
        "jo@example.org",
        "lee@example.org",
    ]
    assert editions.certificate(there, NAME) == before
    assert rows(there, delivery) == 4
    kept = side_messages(there, NAME)
    assert {(one.kind, one.state, one.by) for one in kept} == {("test", "accepted", "amy")}


def test_the_same_order_again_sends_nothing_twice(there: Workspace) -> None:
    for _ in range(2):
        report = send_test(there, SLUG, to=["lee"], variant=1, request="manual__1", **WHO)
    assert report.sent == 0
    assert "before" in report.words
    assert len([*letters(there)]) == 1
    assert send_test(there, SLUG, to=["lee"], variant=1, **WHO).sent == 1


@pytest.fixture
def seeded(ws: Workspace, tmp_path: Path) -> Workspace:
    return deployed(ws, tmp_path / "campaigns", seeds=("kim",), seed_variants=1)


def test_a_copy_goes_as_the_edition_begins_once_however_often_it_is_sent(seeded: Workspace) -> None:
    sent(seeded)
    editions.send(seeded, NAME)
    (copy,) = letters(seeded)
    assert copy["To"] == "kim@example.org"
    assert str(copy["Subject"]).startswith("[Copy] ")
    assert "goes to 2 people" in copy.get_body(("plain",)).get_content()
    account = editions.certificate(seeded, NAME)
    assert (account.accepted, account.intended, account.balanced) == (4, 4, True)


def test_a_campaign_may_have_other_copies_or_none_and_a_reader_who_is_one_gets_both(
    seeded: Workspace,
) -> None:
    edit(seeded, "owner: amy", "owner: amy\nseeds: []")
    sent(seeded, "two")
    assert not [*letters(seeded)]
    reader = replace(seeded.hub, colleagues={"kim": "person1@example.org"})
    both = replace(seeded, hub=reader)
    edit(both, "seeds: []", "seeds: [kim]")
    sent(both, "three")
    assert [str(one["To"]) for one in letters(both)] == ["person1@example.org"]
    assert editions.certificate(both, "news@three").accepted == 4


def test_no_copy_goes_while_the_edition_may_not(seeded: Workspace) -> None:
    editions.prepare(seeded, SLUG, "one", by="amy", via="test")
    editions.approve(seeded, NAME, by="lee", via="airflow")
    editions.pause(seeded, NAME, **WHO, reason="a look first")
    editions.send(seeded, NAME)
    assert not [*letters(seeded)]
    editions.resume(seeded, NAME, **WHO)
    editions.send(seeded, NAME)
    assert len([*letters(seeded)]) == 1


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (InDoubt("the reply was lost"), "in doubt"),
        (NotSent("no connection"), "not sent"),
        (RuntimeError("kim@example.org"), "in doubt"),
    ],
    ids=["doubt", "not sent", "bug"],
)
def test_a_copy_in_doubt_is_listed_and_never_sent_again(
    seeded: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    state: str,
) -> None:
    hand_over = Outbox.hand_over

    def failing(self: Outbox, handover: object) -> object:
        if getattr(handover, "mark", ""):
            raise error
        return hand_over(self, handover)  # type: ignore[arg-type]

    monkeypatch.setattr(Outbox, "hand_over", failing)
    sent(seeded)
    (row,) = side_messages(seeded, NAME)
    assert row.state == state
    assert "@" not in row.reason
    monkeypatch.undo()
    editions.send(seeded, NAME)
    assert len([*letters(seeded)]) == 0, "what was sent already sends no copies"
    sent(seeded, "two")
    assert len([*letters(seeded)]) == 1
    assert editions.certificate(seeded, NAME).accepted == 4


def test_a_claim_whose_sender_died_is_in_doubt(seeded: Workspace) -> None:
    sent(seeded)
    old = datetime.now(UTC) - timedelta(hours=1)
    with seeded.engine.begin() as connection:
        connection.execute(sa.update(side_message).values(state="claimed", claimed_at=old))
    (row,) = side_messages(seeded, NAME)
    assert (row.state, "stopped before the answer" in row.reason) == ("in doubt", True)
    editions.send(seeded, NAME)
    assert len([*letters(seeded)]) == 1


def test_events_about_a_copy_are_no_error_and_no_engagement(seeded: Workspace) -> None:
    sent(seeded)
    (copy,) = letters(seeded)
    said = [
        {"event": word, "timestamp": 1_790_000_000 + place, "email": "kim@example.org",
         "outreach_delivery": str(copy["X-Outreach-Delivery"]), "sg_event_id": f"e{place}"}
        for place, word in enumerate(("delivered", "open", "spamreport"))
    ]  # fmt: skip
    events.store_raw(seeded, "sendgrid", json.dumps(said).encode())
    report = events.drain(seeded)
    assert (report.events, report.aside, report.added) == (3, 3, 0)
    assert (report.unmatched, report.faults, report.duplicates) == (0, 0, 0)
    assert rows(seeded, event) == 0
    assert side_messages(seeded, NAME)[0].became == "complained"
    assert rows(seeded, suppression) == 1, "an objection is honoured whatever it came about"


def test_the_band_stands_in_the_body_wherever_it_begins() -> None:
    content = Content(
        Pieces(("Hi ", ""), (2,)),
        Pieces(("a",)),
        Pieces(("<title>", "</title><body class='x'>b"), (2,)),
    )
    html = marked(content, "Test", "<line>").html.literals
    assert html[1].startswith("</title><body class='x'><div role=\"note\"")
    assert "&lt;line&gt;" in html[1]
    bare = marked(Content(Pieces(("",)), Pieces(("",)), Pieces(("<p>x</p>",))), "Test", "line")
    assert bare.html.literals[0].endswith("</div><p>x</p>")
