"""One click, a typed address, SendGrid's own lists: at once, and once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from tests.fakes.ledger import SENT_AT, Ledger
from tests.fakes.running import FakeSendGrid

from outreach.domain import DeliveryState
from outreach.errors import ConfigError, NotSent, TokenError
from outreach.flows.events import pull_suppressions, unsubscribe, unsubscribe_address
from outreach.keys import UNSUBSCRIBE, VIEW
from outreach.ledger.claims import ClaimedBatch, claim
from outreach.ledger.editions import delivery, edition
from outreach.ledger.people import basis, contact, suppression

S = DeliveryState


def token(ledger: Ledger, edition_id: int, n: int, purpose: str = UNSUBSCRIBE) -> str:
    return ledger.ws.keys.sign(purpose, ledger.delivery_id(edition_id, n))


def test_one_click_suppresses_everything_for_that_person_only(ledger: Ledger) -> None:
    edition_id = ledger.edition()
    assert not unsubscribe(ledger.ws, token(ledger, edition_id, 0)).already
    (row,) = ledger.suppressions()
    assert (bytes(row.address_hash), row.scope) == (ledger.hash(0), "all")
    assert (row.reason, row.origin, row.lifted_at) == ("unsubscribed", "one-click", None)
    assert ledger.row(edition_id, 0).unsubscribed_at is not None
    assert ledger.row(edition_id, 1).unsubscribed_at is None


def test_clicking_again_changes_nothing(ledger: Ledger) -> None:
    edition_id = ledger.edition()
    unsubscribe(ledger.ws, token(ledger, edition_id, 0))
    before = ledger.row(edition_id, 0)
    assert unsubscribe(ledger.ws, token(ledger, edition_id, 0)).already
    assert ledger.row(edition_id, 0) == before
    assert len(ledger.suppressions()) == 1


def test_unsubscribing_anew_after_a_lift_counts(ledger: Ledger) -> None:
    edition_id = ledger.edition()
    unsubscribe(ledger.ws, token(ledger, edition_id, 0))
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(suppression).values(lifted_at=datetime.now(UTC)))
    assert not unsubscribe(ledger.ws, token(ledger, edition_id, 0)).already
    assert [row.lifted_at is None for row in ledger.suppressions()] == [False, True]


def test_it_works_for_an_erased_person(ledger: Ledger) -> None:
    edition_id = ledger.edition()
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(contact).values(email=None, erased_at=SENT_AT))
        c.execute(sa.update(delivery).values(email=None, slot_values=None))
    unsubscribe(ledger.ws, token(ledger, edition_id, 0))
    assert len(ledger.suppressions(0)) == 1


def test_a_person_whose_address_changed_is_suppressed_under_both(ledger: Ledger) -> None:
    edition_id = ledger.edition()
    new = ledger.ws.keys.address_hash("new@example.org")
    link = token(ledger, edition_id, 0)
    with ledger.ws.engine.begin() as c:
        c.execute(
            sa.update(contact)
            .where(contact.c.address_hash == ledger.hash(0))
            .values(address_hash=new)
        )
    unsubscribe(ledger.ws, link)
    assert {bytes(row.address_hash) for row in ledger.suppressions()} == {ledger.hash(0), new}


def test_only_an_unsubscribe_link_of_ours_unsubscribes(ledger: Ledger) -> None:
    edition_id = ledger.edition()
    good = token(ledger, edition_id, 0)
    unknown = ledger.ws.keys.sign(UNSUBSCRIBE, ledger.ws.keys.delivery_id(edition_id, 999))
    bad = [good[:-1] + ("A" if good[-1] != "A" else "B"), token(ledger, edition_id, 0, VIEW)]
    for link in [*bad, unknown, "", ledger.ws.keys.sign(UNSUBSCRIBE, "abc")]:
        with pytest.raises(TokenError):
            unsubscribe(ledger.ws, link)
    assert ledger.suppressions() == []


def test_what_is_in_flight_is_listed_as_crossed_and_what_is_planned_is_not(
    ledger: Ledger,
) -> None:
    old = ledger.edition(slug="old")
    flying = ledger.edition(slug="flying", state=S.CLAIMED)
    planned = ledger.edition(slug="planned", state=S.PLANNED)
    unsubscribe(ledger.ws, token(ledger, old, 0))
    crossed = [ledger.row(one, 0).crossed_at is not None for one in (old, flying, planned)]
    assert crossed == [False, True, False]
    assert ledger.row(flying, 1).crossed_at is None


def _open_for_claims(ledger: Ledger, edition_id: int) -> None:
    people = [ledger.contact_id(n) for n in range(3)]
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(edition).where(edition.c.id == edition_id).values(state="sending"))
        for one in people:
            c.execute(
                sa.insert(basis).values(contact_id=one, kind="public_task", recorded_at=SENT_AT)
            )


def _claim(ledger: Ledger, edition_id: int) -> object:
    return claim(
        ledger.ws.engine,
        edition_id,
        sender="test",
        now=datetime.now(UTC),
        lease=timedelta(minutes=5),
        token_kid="k1",
        allowed=lambda _address: True,
    )


def test_no_claim_made_after_it_includes_the_person(ledger: Ledger) -> None:
    old = ledger.edition(slug="old")
    planned = ledger.edition(slug="planned", state=S.PLANNED)
    _open_for_claims(ledger, planned)
    unsubscribe(ledger.ws, token(ledger, old, 1))
    taken = _claim(ledger, planned)
    assert isinstance(taken, ClaimedBatch)
    assert [one.address for one in taken.people] == [ledger.address(0), ledger.address(2)]


def test_racing_a_claim_it_is_either_honoured_or_listed_as_crossed(ledger: Ledger) -> None:
    old = ledger.edition(slug="old")
    for number in range(25):
        planned = ledger.edition(slug=f"planned{number}", state=S.PLANNED)
        if not number:
            _open_for_claims(ledger, planned)
        with ledger.ws.engine.begin() as c:
            c.execute(sa.delete(suppression))
            c.execute(sa.update(edition).values(state="sending"))
        start = threading.Barrier(2)
        link = token(ledger, old, 0)

        def object_now(start: threading.Barrier = start, link: str = link) -> None:
            start.wait()
            unsubscribe(ledger.ws, link)

        objecting = threading.Thread(target=object_now)
        objecting.start()
        start.wait()
        taken = _claim(ledger, planned)
        objecting.join()
        if not isinstance(taken, ClaimedBatch):  # the batch was held just then: claimed next
            taken = _claim(ledger, planned)
        assert isinstance(taken, ClaimedBatch)
        included = ledger.address(0) in [one.address for one in taken.people]
        assert included == (ledger.row(planned, 0).crossed_at is not None)


def test_a_typed_address_is_suppressed_whatever_its_case_and_known_or_not(ledger: Ledger) -> None:
    ledger.edition()
    unsubscribe_address(ledger.ws, " Person0@Example.org ")
    unsubscribe_address(ledger.ws, "stranger@example.org")
    assert len(ledger.suppressions()) == 2
    assert ledger.suppressions(0)[0].origin == "address form"


@pytest.fixture
def connected(ledger: Ledger, sendgrid_server: FakeSendGrid) -> Ledger:
    settings = replace(
        ledger.ws.settings,
        sendgrid_api_key=sendgrid_server.api_key,
        sendgrid_base_url=sendgrid_server.address,
    )
    return Ledger(SimpleNamespace(**{**vars(ledger.ws), "settings": settings}))


def entry(n: int, after: int = 60, **more: object) -> dict[str, object]:
    created = int((SENT_AT + timedelta(seconds=after)).timestamp())
    return {"email": f"person{n}@example.org", "created": created, **more}


def test_sendgrids_lists_become_suppressions_and_facts(
    connected: Ledger, sendgrid_server: FakeSendGrid
) -> None:
    edition_id = connected.edition(people=6)
    sendgrid_server.list_suppressed(
        bounces=[entry(0, reason="550 no person0@example.org here", status="5.1.1")],
        blocks=[entry(1, reason="busy")],
        invalid_emails=[entry(2)],
        spam_reports=[entry(3)],
        unsubscribes=[entry(4)],
        asm=[{"email": "person5@example.org", "group_id": 1, "created_at": entry(5)["created"]}],
    )
    report = pull_suppressions(connected.ws)
    assert (report.listed, report.suppressed, report.facts) == (6, 5, 6)
    reasons = [[row.reason for row in connected.suppressions(n)] for n in range(6)]
    assert reasons == [
        ["hard bounce"],
        [],
        ["invalid address"],
        ["complained"],
        ["unsubscribed"],
        ["unsubscribed"],
    ]
    rows = [connected.row(edition_id, n) for n in range(6)]
    assert rows[0].reason == "550 no (an address) here"
    assert rows[0].state == rows[1].state == "bounced"
    assert rows[3].complained_at == SENT_AT + timedelta(seconds=60)
    assert rows[5].unsubscribed_at == SENT_AT + timedelta(seconds=60)


def test_pulling_again_adds_nothing(connected: Ledger, sendgrid_server: FakeSendGrid) -> None:
    connected.edition(people=2)
    sendgrid_server.list_suppressed(unsubscribes=[entry(0)], bounces=[entry(1)])
    pull_suppressions(connected.ws)
    report = pull_suppressions(connected.ws)
    assert (report.listed, report.suppressed, report.facts) == (2, 0, 0)


def test_pulling_does_not_put_back_what_a_person_lifted(
    connected: Ledger, sendgrid_server: FakeSendGrid
) -> None:
    connected.edition()
    sendgrid_server.list_suppressed(unsubscribes=[entry(0)])
    pull_suppressions(connected.ws)
    with connected.ws.engine.begin() as c:
        c.execute(sa.update(suppression).values(lifted_at=SENT_AT + timedelta(days=1)))
    assert pull_suppressions(connected.ws).suppressed == 0


def test_long_lists_are_read_page_by_page(connected: Ledger, sendgrid_server: FakeSendGrid) -> None:
    sendgrid_server.list_suppressed(unsubscribes=[entry(n) for n in range(1001)])
    assert pull_suppressions(connected.ws).listed == 1001
    asked = [query for query in sendgrid_server.queries() if "/unsubscribes" in query]
    assert [query.partition("offset=")[2] for query in asked] == ["0", "500", "1000"]


def test_a_key_that_may_not_read_the_lists_is_told(connected: Ledger) -> None:
    settings = replace(connected.ws.settings, sendgrid_api_key="SG.other")
    with pytest.raises(ConfigError, match=r"suppression\.read"):
        pull_suppressions(SimpleNamespace(**{**vars(connected.ws), "settings": settings}))


def test_sendgrid_being_away_is_told_as_not_reached(connected: Ledger) -> None:
    settings = replace(connected.ws.settings, sendgrid_base_url="http://127.0.0.1:9")
    with pytest.raises(NotSent):
        pull_suppressions(SimpleNamespace(**{**vars(connected.ws), "settings": settings}))
