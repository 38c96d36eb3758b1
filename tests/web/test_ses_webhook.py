"""Amazon SES's events come in by the same webhook as everybody's, under their own name."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests.fakes.ledger import Ledger, ledger
from tests.fakes.sns import HEADERS, TOPIC, FakeSns

from outreach.domain import DeliveryState
from outreach.flows.events import drain
from outreach.ledger.editions import batch, raw_event
from outreach.providers.registry import EVENT_SOURCES
from outreach.providers.ses_events import SesEvents
from outreach.providers.sns import Sns
from outreach.web.public import create_public_app

__all__ = ["ledger"]


@pytest.fixture(scope="module")
def theirs() -> FakeSns:
    return FakeSns()


def app(ledger: Ledger, **given: str) -> TestClient:
    settings = replace(ledger.ws.settings, given=given)
    ws = SimpleNamespace(**{**vars(ledger.ws), "settings": settings})
    return TestClient(create_public_app(ws), follow_redirects=False)


@pytest.fixture
def browser(ledger: Ledger, theirs: FakeSns, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    theirs.asked.clear()
    monkeypatch.setitem(EVENT_SOURCES, "ses", lambda: SesEvents(Sns(theirs.transport)))
    return app(ledger, OUTREACH_SES_TOPICS=TOPIC)


def delivered(delivery_id: str, address: str) -> dict:
    return {
        "eventType": "Delivery",
        "mail": {
            "timestamp": "2026-11-23T10:00:05.000Z",
            "destination": [address],
            "tags": {"outreach_delivery": [delivery_id]},
        },
        "delivery": {"timestamp": "2026-11-23T10:00:06.000Z", "recipients": [address]},
    }


def kept(ledger: Ledger) -> int:
    with ledger.ws.engine.connect() as c:
        return c.execute(sa.select(sa.func.count()).select_from(raw_event)).scalar_one()


def posted(browser: TestClient, body: bytes) -> int:
    return browser.post("/events/ses", content=body, headers=HEADERS).status_code


def test_an_event_settles_a_doubt(ledger: Ledger, browser: TestClient, theirs: FakeSns) -> None:
    edition = ledger.edition(people=1)
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(batch).values(state=DeliveryState.UNKNOWN))
    event = delivered(ledger.delivery_id(edition, 0), ledger.address(0))
    assert posted(browser, theirs.post(event)) == 200
    assert drain(ledger.ws).added == 1
    assert ledger.row(edition, 0).state == DeliveryState.DELIVERED
    assert posted(browser, theirs.post(event)) == 200
    assert drain(ledger.ws).duplicates == 1


def test_what_is_not_signed_for_our_topic_is_refused_and_nothing_is_written(
    ledger: Ledger, browser: TestClient, theirs: FakeSns
) -> None:
    body = theirs.post({})
    assert browser.post("/events/ses", content=body).status_code == 401
    assert posted(browser, body.replace(b'"Message"', b'"Massage"')) == 403
    assert posted(browser, theirs.post({}, TopicArn=TOPIC + "x")) == 403
    assert kept(ledger) == 0


def test_where_the_certificate_cannot_be_had_the_post_must_come_again(
    ledger: Ledger, browser: TestClient, theirs: FakeSns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theirs, "answer", lambda _: httpx.Response(503))
    assert posted(browser, theirs.post({})) == 503
    assert kept(ledger) == 0


def test_the_subscription_is_confirmed_and_is_no_event(
    ledger: Ledger, browser: TestClient, theirs: FakeSns
) -> None:
    assert posted(browser, theirs.question()) == 200
    assert "Action=ConfirmSubscription" in theirs.asked[-1]
    report = drain(ledger.ws)
    assert (report.raw, report.events, report.faults) == (1, 0, 0)


def test_without_topics_the_webhook_says_what_to_mend(ledger: Ledger, theirs: FakeSns) -> None:
    answer = app(ledger).post("/events/ses", content=theirs.post({}), headers=HEADERS)
    assert answer.status_code == 503
    assert "OUTREACH_SES_TOPICS" in answer.text
    assert kept(ledger) == 0
