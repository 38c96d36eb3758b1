"""Campaigns that hold themselves, with a notice to the owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState, EditionState
from outreach.errors import NotFound, Refused
from outreach.flows import control, editions, events
from outreach.flows.landing import REFUSED_IN_A_ROW
from outreach.flows.notices import mark_seen, notices, tell
from outreach.flows.watching import rest, verdicts, watch
from outreach.ledger.caps import midnight
from outreach.ledger.certificate import certificate
from outreach.ledger.editions import batch, delivery, edition, event, fact
from outreach.ledger.watching import Rates, Refusals
from outreach.limits import Limits
from outreach.providers.sendgrid import SendGrid
from outreach.workspace import Workspace
from tests.fakes.deployment import CONTENT, EDITION, PEOPLE, Deployment, deploy
from tests.fakes.ledger import happened, post
from tests.fakes.running import FakeSendGrid
from tests.ledger.seeds import add_people, make_edition

NOW = datetime.now(UTC)
SENT = NOW - timedelta(days=1)

LIMITS = Limits()


def kinds(rates: Rates, *refusals: Refusals) -> list[tuple[str, bool]]:
    return [(one.kind, one.pause) for one in verdicts(rates, list(refusals), LIMITS)]


@pytest.mark.parametrize(
    ("rates", "called_for"),
    [
        (Rates(1000, 2, 1000, 0), []),  # two are chance
        (Rates(100, 2, 100, 0), []),
        (Rates(3001, 3, 3001, 0), []),
        (Rates(3000, 3, 3000, 0), [("complaint warning", False)]),
        (Rates(1201, 3, 1201, 0), [("complaint warning", False)]),
        (Rates(1200, 3, 1200, 0), [("complaints", True)]),
        (Rates(20, 0, 29, 9), []),
        (Rates(191, 0, 201, 10), []),
        (Rates(190, 0, 200, 10), [("bounces", True)]),
    ],
)
def test_rates_call_for_a_hold_from_the_limit_on_and_not_for_chance(
    rates: Rates, called_for: list[tuple[str, bool]]
) -> None:
    assert kinds(rates) == called_for


def test_refusals_call_for_a_hold_from_a_tenth_of_an_edition_on() -> None:
    none = Rates(0, 0, 0, 0)
    assert kinds(none, Refusals(1, "news@one", 199, 19)) == []
    assert kinds(none, Refusals(1, "news@one", 201, 20)) == []
    assert kinds(none, Refusals(1, "news@one", 200, 20)) == [("failures", True)]


@pytest.fixture
def sent(ws: Workspace) -> Workspace:
    """An edition that forty people got a day ago, and one that is being sent."""
    add_people(ws.engine, ws.keys, 40)
    made = make_edition(ws.engine, batch_size=40)
    make_edition(ws.engine, occurrence="two", content=CONTENT)
    with ws.engine.begin() as connection:
        connection.execute(
            sa.update(batch)
            .where(batch.c.edition_id == made)
            .values(state=DeliveryState.ACCEPTED, claimed_at=SENT, people=40)
        )
        connection.execute(
            sa.update(delivery).where(delivery.c.edition_id == made).values(delivered_at=SENT)
        )
        connection.execute(
            sa.update(edition).where(edition.c.id == made).values(state=EditionState.SENT)
        )
    return ws


def take_in(ws: Workspace, word: str, people: range, **more: object) -> None:
    """Take in one event for each of some people, as SendGrid posts them."""
    with ws.engine.connect() as connection:
        one = connection.execute(
            sa.select(edition.c.id).where(edition.c.name == "news@one")
        ).scalar_one()
    ids = ws.keys.delivery_ids(one, [n + 1 for n in people])
    after = (datetime.now(UTC) - datetime(2026, 11, 23, 10, 0, tzinfo=UTC)).total_seconds()
    body = post(*(happened(word, delivery_id, after=after, **more) for delivery_id in ids))
    events.store_raw(ws, "sendgrid", body)
    events.drain(ws)


def test_complaints_hold_the_campaign_and_a_person_lets_it_go_on(sent: Workspace) -> None:
    take_in(sent, "spamreport", range(2))
    assert control.held(sent, "news") is None
    take_in(sent, "spamreport", range(2, 3))
    hold = control.held(sent, "news")
    assert hold is not None
    assert (hold.by, hold.reason) == (
        "outreach",
        "3 of 40 people reported it as spam (7.50%; the limit is 0.25%)",
    )
    assert "held by Outreach itself: 3 of 40" in editions.send(sent, "news@two").why
    (notice,) = notices(sent)
    assert (notice.kind, notice.owner, notice.campaign) == ("complaints", "amy", "news")
    control.release_campaign(sent, "news", by="amy", via="test")
    assert watch(sent) == ()
    take_in(sent, "spamreport", range(3, 5))
    assert control.held(sent, "news") is None  # what a person judged counts no more
    take_in(sent, "spamreport", range(5, 6))
    assert control.held(sent, "news") is not None
    assert len(notices(sent)) == 2


def test_hard_bounces_hold_the_campaign_and_blocks_do_not(sent: Workspace) -> None:
    take_in(sent, "bounce", range(20), type="blocked", reason="full")
    assert control.held(sent, "news") is None
    take_in(sent, "bounce", range(20, 30), type="bounce", reason="no such user")
    hold = control.held(sent, "news")
    assert hold is not None
    assert hold.reason.startswith("10 of 40 addresses bounced for good (25.0%")


def test_refusals_of_a_running_edition_hold_its_campaign_and_are_judged_once(
    sent: Workspace,
) -> None:
    failed = batch.c.number > 7
    with sent.engine.begin() as connection:
        two = connection.execute(
            sa.update(edition)
            .where(edition.c.name == "news@two")
            .values(state=EditionState.SENDING)
            .returning(edition.c.id)
        ).scalar_one()
        connection.execute(
            sa.update(batch)
            .where(batch.c.edition_id == two)
            .values(
                state=sa.case((failed, DeliveryState.FAILED), else_=DeliveryState.ACCEPTED),
                people=3,
                recorded_at=datetime.now(UTC),
            )
        )
    assert watch(sent) == ("news",)
    (notice,) = notices(sent)
    assert (notice.kind, notice.edition) == ("failures", "news@two")
    assert "refused 21 of 42 people of news@two" in notice.text
    control.release_campaign(sent, "news", by="amy", via="test")
    with sent.engine.begin() as connection:
        late = batch.insert().values(
            edition_id=two, variant_id=2, number=99, people=1, state=DeliveryState.FAILED,
            recorded_at=datetime.now(UTC),
        )  # fmt: skip
        connection.execute(late)
    assert watch(sent) == ()


def let_it_rest(ws: Workspace, time: timedelta) -> None:
    with ws.engine.begin() as connection:
        which = fact.c.name.startswith("watched:")
        connection.execute(sa.update(fact).where(which).values(at=datetime.now(UTC) + time))


def test_a_campaign_that_rests_is_judged_later_whatever_else_comes(sent: Workspace) -> None:
    take_in(sent, "spamreport", range(2))
    let_it_rest(sent, timedelta(minutes=1))
    take_in(sent, "spamreport", range(2, 5))
    assert control.held(sent, "news") is None
    let_it_rest(sent, -timedelta(seconds=1))
    events.drain(sent)
    assert control.held(sent, "news") is not None


def test_a_clock_that_was_set_back_lets_no_campaign_rest(sent: Workspace) -> None:
    take_in(sent, "spamreport", range(2))
    let_it_rest(sent, timedelta(days=1))
    take_in(sent, "spamreport", range(2, 5))
    assert control.held(sent, "news") is not None


def test_only_what_takes_long_to_judge_rests_and_never_for_long() -> None:
    assert rest(0.4) == timedelta()
    assert rest(1.5) == timedelta(seconds=30)
    assert rest(3600) == timedelta(minutes=5)


def test_made_up_events_hold_nothing(sent: Workspace) -> None:
    take_in(sent, "spamreport", range(5), outreach_simulated="true")
    with sent.engine.connect() as connection:
        assert connection.execute(sa.select(event.c.simulated)).scalars().all() == [True] * 5
    assert control.held(sent, "news") is None


def test_without_delivered_events_those_accepted_are_counted(sent: Workspace) -> None:
    with sent.engine.begin() as connection:
        connection.execute(sa.update(delivery).values(delivered_at=None))
    take_in(sent, "spamreport", range(3))
    hold = control.held(sent, "news")
    assert hold is not None
    assert hold.reason.startswith("3 of 40 people")


def test_an_event_about_a_message_that_never_left_is_told(sent: Workspace) -> None:
    with sent.engine.begin() as connection:
        connection.execute(sa.update(batch).values(state=DeliveryState.CANCELLED))
    take_in(sent, "delivered", range(2))
    (notice,) = notices(sent)
    assert (notice.kind, notice.edition) == ("unexpected", "news@one")
    assert "cancelled here and not handed over" in notice.text


@pytest.fixture
def telling(sent: Workspace) -> Workspace:
    return replace(sent, hub=replace(sent.hub, colleagues={"amy": "amy@example.org"}))


def emailed(ws: Workspace) -> list[Path]:
    return sorted(ws.settings.home.glob("outbox/*/notice-*.eml"))


def test_the_owner_is_emailed_once_by_a_plain_message_that_is_no_delivery(
    telling: Workspace,
) -> None:
    take_in(telling, "spamreport", range(3))
    assert tell(telling) == 0
    (file,) = emailed(telling)
    message = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    assert (message["To"], message["List-Unsubscribe"]) == ("amy@example.org", None)
    assert "outreach resume news" in message.get_body(("plain",)).get_content()
    (notice,) = notices(telling)
    assert notice.told == "emailed"
    with telling.engine.connect() as connection:
        assert certificate(connection, "news@one").intended == 40


def test_failing_to_tell_stops_nothing_and_is_kept(sent: Workspace) -> None:
    sent = replace(sent, hub=replace(sent.hub, colleagues={}))
    take_in(sent, "spamreport", range(3))
    assert notices(sent)[0].told == "not emailed: hub.yaml names no address for amy"
    broken = replace(
        sent,
        hub=replace(sent.hub, colleagues={"amy": "amy@example.org"}),
        settings=replace(sent.settings, provider="sendgrid"),
    )
    control.release_campaign(sent, "news", by="amy", via="test")
    take_in(broken, "spamreport", range(3, 6))
    assert control.held(sent, "news") is not None
    assert notices(sent)[0].told.startswith("could not be emailed: no SendGrid API key")


def test_a_notice_stays_listed_until_a_named_person_has_seen_it(sent: Workspace) -> None:
    take_in(sent, "spamreport", range(3))
    (notice,) = notices(sent)
    with pytest.raises(Refused, match="named person"):
        mark_seen(sent, notice.id, by="", via="test")
    with pytest.raises(NotFound):
        mark_seen(sent, 999, by="amy", via="test")
    mark_seen(sent, notice.id, by="amy", via="test")
    mark_seen(sent, notice.id, by="lee", via="test")
    assert notices(sent) == ()
    assert [one.seen_by for one in notices(sent, unseen_only=False)] == ["amy"]


def set_seen(ws: Workspace, hours_ago: float) -> None:
    with ws.engine.begin() as connection:
        connection.execute(
            sa.update(edition)
            .where(edition.c.name == "news@two")
            .values(
                state=EditionState.SENDING,
                late_after_hours=4,
                seen_at=datetime.now(UTC) - timedelta(hours=hours_ago),
            )
        )


def test_an_edition_that_stood_still_waits_for_a_person(sent: Workspace) -> None:
    set_seen(sent, hours_ago=6.5)
    report = editions.send(sent, "news@two")
    assert (report.handed_over, report.finished) == (0, False)
    assert "nobody has sent on for 6 hours" in report.why
    assert [one.kind for one in notices(sent)] == ["idle"]
    set_seen(sent, hours_ago=30)  # and the person took their time
    editions.resume(sent, "news@two", by="amy", via="test")
    assert editions.send(sent, "news@two").handed_over == 40


def test_an_edition_that_somebody_keeps_looking_at_goes_on(sent: Workspace) -> None:
    set_seen(sent, hours_ago=3.9)
    editions.pause(sent, "news@two", by="amy", via="test")
    assert editions.send(sent, "news@two").handed_over == 0  # this look counts
    with sent.engine.connect() as connection:
        seen = connection.execute(
            sa.select(edition.c.seen_at).where(edition.c.name == "news@two")
        ).scalar_one()
    assert seen > datetime.now(UTC) - timedelta(minutes=5)
    assert notices(sent) == ()


@pytest.mark.parametrize("what", ["campaign", "everything"])
def test_what_a_person_lets_go_on_after_hours_has_not_stood_still(
    sent: Workspace, what: str
) -> None:
    said = {"by": "amy", "via": "test", "reason": "a wrong list"}
    set_seen(sent, hours_ago=6)
    if what == "campaign":
        control.hold_campaign(sent, "news", **said)
        control.release_campaign(sent, "news", **said)
    else:
        control.stop_all(sent, **said)
        control.start_all(sent, **said)
    assert editions.send(sent, "news@two").handed_over == 40


def test_waiting_for_midnight_under_a_ceiling_is_not_standing_still(sent: Workspace) -> None:
    set_seen(sent, hours_ago=1)
    ceiling = replace(sent, hub=replace(sent.hub, limits=Limits(emails_per_day=30)))
    report = editions.send(ceiling, "news@two")
    assert (report.handed_over, report.finished) == (30, False)
    with sent.engine.connect() as connection:
        seen = connection.execute(
            sa.select(edition.c.seen_at).where(edition.c.name == "news@two")
        ).scalar_one()
    assert seen == midnight(datetime.now(UTC), 1)


@pytest.fixture
def deployed(ws: Workspace, sendgrid_server: FakeSendGrid) -> Deployment:
    return deploy(ws, sendgrid_server)


@pytest.mark.parametrize(("kind", "failed"), [("401", 0), ("400", REFUSED_IN_A_ROW)])
def test_a_provider_that_refuses_everything_pauses_the_edition_and_tells_its_owner(
    deployed: Deployment, kind: str, failed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SendGrid, "in_flight", 1)  # else others may pass before the key is refused
    there = {
        "sendgrid_api_key": deployed.server.api_key,
        "sendgrid_base_url": deployed.server.address,
        "provider": "sendgrid",
    }
    hub = replace(deployed.ws.hub, colleagues={"amy": "amy@example.org"})
    ws = replace(deployed.ws, hub=hub, settings=replace(deployed.ws.settings, **there))
    deployed.server.fail({"kind": kind, "times": 1 if kind == "401" else 1000})
    editions.send(ws, EDITION)
    assert (deployed.certificate().failed, deployed.certificate().planned) == (
        failed,
        PEOPLE - failed,
    )
    (notice,) = notices(ws)
    assert (notice.kind, notice.edition, notice.owner) == ("refused", EDITION, "amy")
    if kind == "401":  # once the key is right again, the notice went as any plain message
        (message,) = deployed.server.accepted()
        assert message["to"] == ["amy@example.org"]
        assert message["delivery"] == f"notice-{notice.id}"
        assert "List-Unsubscribe" not in message["headers"]
    else:
        assert notice.told.startswith("could not be emailed: SendGrid answered 400")


def test_a_campaign_that_rests_is_judged_at_once_when_a_person_lets_it_go_on(
    sent: Workspace,
) -> None:
    take_in(sent, "spamreport", range(3))
    with sent.engine.begin() as connection:
        resting = datetime.now(UTC) + timedelta(minutes=4)
        connection.execute(sa.update(fact).where(fact.c.name.like("watched:%")).values(at=resting))
    control.release_campaign(sent, "news", by="amy", via="test")
    take_in(sent, "spamreport", range(3, 6))
    assert control.held(sent, "news") is not None
