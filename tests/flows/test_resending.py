"""A resend: only of what settled as not sent, only by order, once, as an edition of its own."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.errors import NotFound, OutreachError, Refused
from outreach.flows import doubts, editions, events, people, resending
from outreach.ledger.editions import audit, delivery, edition
from outreach.ledger.rechecks import PLEDGE_WITHDRAWN, SENT_AFTER_ALL
from outreach.workspace import Workspace
from tests.fakes.deployment import BATCH, EDITION, PEOPLE, Deployment, deploy
from tests.fakes.running import FakeSendGrid

AGAIN = f"{EDITION}+again1"


@pytest.fixture
def deployed(ws: Workspace, sendgrid_server: FakeSendGrid) -> Deployment:
    """An edition of which one batch got lost, as a person found out and settled."""
    there = {
        "sendgrid_api_key": sendgrid_server.api_key,
        "sendgrid_base_url": sendgrid_server.address,
    }
    opened = replace(ws, settings=replace(ws.settings, **there))
    made = deploy(opened, sendgrid_server)
    with opened.engine.begin() as connection:
        connection.execute(sa.update(edition).values(approved_by="lee"))
    sendgrid_server.fail({"kind": "hang before processing", "seconds": 0})
    editions.send(opened, EDITION)
    return made


def lost(deployed: Deployment, settled: bool = True) -> list[str]:
    ids = [one.delivery_id for one in doubts.doubts(deployed.ws, EDITION)]
    if settled:
        doubts.settle_doubts(deployed.ws, EDITION, ids, by="amy", via="t", reason="not in the log")
    return ids


def resend(deployed: Deployment, ids: list[str], of: str = EDITION) -> str:
    return resending.resend(deployed.ws, of, ids, by="amy", via="test", reason="it got lost")


def addresses(deployed: Deployment) -> Counter[str]:
    return Counter(one["to"][0] for one in deployed.server.accepted())


def test_who_was_lost_gets_the_same_message_and_nobody_else_gets_anything(
    deployed: Deployment,
) -> None:
    ids = lost(deployed)
    before = editions.settle(deployed.ws, EDITION)
    name = resend(deployed, ids)
    assert name == AGAIN
    assert len(addresses(deployed)) == PEOPLE - BATCH
    assert resending.ordered(deployed.ws) == [AGAIN]
    assert editions.send(deployed.ws, AGAIN).finished
    account = editions.settle(deployed.ws, AGAIN)
    assert (account.intended, account.accepted, account.balanced) == (BATCH, BATCH, True)
    assert set(addresses(deployed).values()) == {1}
    assert len(addresses(deployed)) == PEOPLE
    assert resending.ordered(deployed.ws) == []
    assert editions.certificate(deployed.ws, EDITION) == before
    assert (before.failed, before.balanced) == (BATCH, True)
    texts = {one["subject"].partition(" for ")[0] for one in deployed.server.accepted()}
    assert texts == {"News"}


def test_both_editions_and_each_delivery_say_who_ordered_it_and_why(deployed: Deployment) -> None:
    ids = lost(deployed)
    resend(deployed, ids[:1])
    with deployed.ws.engine.connect() as connection:
        rows = connection.execute(
            sa.select(audit.c.subject, audit.c.detail).where(audit.c.action == "resend")
        ).all()
        made = connection.execute(sa.select(edition).where(edition.c.name == AGAIN)).one()
    told = dict(rows)
    assert told[EDITION] == f"1 settled deliveries as {AGAIN}: it got lost"
    assert told[AGAIN] == f"1 of {EDITION}, approved by lee; ordered again by amy: it got lost"
    assert told[f"{EDITION} {ids[0]}"] == f"as {AGAIN}: it got lost"
    assert (made.approved_by, made.created_by, made.state) == ("lee", "amy", "approved")
    assert "ordered again by amy" in made.approved_via
    assert made.late_after is None


def test_a_doubt_or_somebody_who_got_it_is_never_sent_again(deployed: Deployment) -> None:
    doubtful = lost(deployed, settled=False)
    with pytest.raises(Refused, match="in doubt"):
        resend(deployed, doubtful[:1])
    got = deployed.recipients()[0]
    with pytest.raises(Refused, match="accepted: only a delivery that failed"):
        resend(deployed, [got])
    doubts.settle_doubts(deployed.ws, EDITION, doubtful, by="amy", via="t", reason="lost")
    with pytest.raises(Refused, match="accepted"):
        resend(deployed, [*doubtful, got])
    with pytest.raises(NotFound, match="has no delivery"):
        resend(deployed, [deployed.ws.keys.delivery_id(99, 1)])
    with pytest.raises(NotFound, match="has no delivery"):
        resend(deployed, ["a" * 26])
    assert resending.ordered(deployed.ws) == []


def test_an_order_needs_a_name_a_reason_and_an_approval(deployed: Deployment) -> None:
    ids = lost(deployed)
    for by, reason in (("", "why"), ("amy", " ")):
        with pytest.raises(Refused, match="--reason"):
            resending.resend(deployed.ws, EDITION, ids, by=by, via="t", reason=reason)
    with deployed.ws.engine.begin() as connection:
        connection.execute(sa.update(edition).values(approved_by=""))
    with pytest.raises(Refused, match="nobody approved"):
        resend(deployed, ids)


def test_a_second_click_orders_nothing(deployed: Deployment) -> None:
    ids = lost(deployed)
    outcomes: list[str] = []

    def click() -> None:
        try:
            outcomes.append(resend(deployed, ids))
        except OutreachError as error:
            outcomes.append(str(error))

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert sorted(one == AGAIN for one in outcomes) == [False, True]
    assert any("not ordered once more" in one for one in outcomes)
    editions.send(deployed.ws, AGAIN)
    with pytest.raises(Refused, match=f"accepted in .*{AGAIN.partition('+')[2]}"):
        resend(deployed, ids[:1])
    assert set(addresses(deployed).values()) == {1}


def test_a_resend_that_failed_itself_can_be_ordered_again(deployed: Deployment) -> None:
    ids = lost(deployed)
    resend(deployed, ids[:2])
    deployed.server.fail({"kind": "400", "times": 3})
    editions.send(deployed.ws, AGAIN)
    assert editions.certificate(deployed.ws, AGAIN).failed == 2
    deployed.server.fail()
    again = deployed.ws.keys.open_delivery_id(ids[0])[1]
    with deployed.ws.engine.connect() as connection:
        made = connection.execute(sa.select(edition.c.id).where(edition.c.name == AGAIN)).scalar()
    second = resend(deployed, [deployed.ws.keys.delivery_id(made, again)], of=AGAIN)
    assert second == f"{EDITION}+again2"
    with pytest.raises(Refused, match=r"planned in .*again2"):
        resend(deployed, ids[:1])
    assert resend(deployed, ids[1:2]) == f"{EDITION}+again3"
    for name in resending.ordered(deployed.ws):
        editions.send(deployed.ws, name)
    assert set(addresses(deployed).values()) == {1}


def test_a_cancelled_resend_may_be_ordered_again(deployed: Deployment) -> None:
    ids = lost(deployed)
    resend(deployed, ids)
    editions.cancel(deployed.ws, AGAIN, by="amy", via="t", reason="too soon")
    assert resending.ordered(deployed.ws) == []
    assert resend(deployed, ids) == f"{EDITION}+again2"


def test_whoever_unsubscribed_or_was_erased_since_is_not_written_to(deployed: Deployment) -> None:
    ids = lost(deployed)
    contacts = [deployed.ws.keys.open_delivery_id(one)[1] for one in ids]
    with deployed.ws.engine.connect() as connection:
        where = delivery.c.contact_id.in_(contacts)
        found = connection.execute(sa.select(delivery.c.email).where(where)).scalars()
        emails = sorted(found)
    people.erase_person(deployed.ws, emails[0], by="amy", via="t")
    with pytest.raises(Refused, match="not kept any more"):
        resend(deployed, ids)
    erased = next(
        one
        for one in ids
        if deployed.ws.keys.open_delivery_id(one)[1] == _contact(deployed, emails[0])
    )
    resend(deployed, [one for one in ids if one != erased])
    people.suppress(deployed.ws, emails[1], reason="unsubscribed", by="amy", via="t")
    editions.send(deployed.ws, AGAIN)
    account = editions.settle(deployed.ws, AGAIN)
    assert (account.suppressed, account.accepted, account.balanced) == (1, BATCH - 2, True)
    assert account.reasons["suppressed"] == {"unsubscribed": 1}


def _contact(deployed: Deployment, address: str) -> int:
    from outreach.ledger.people import contact

    with deployed.ws.engine.connect() as connection:
        hashed = deployed.ws.keys.address_hash(address)
        found = sa.select(contact.c.id).where(contact.c.address_hash == hashed)
        return int(connection.execute(found).scalar_one())


def test_one_restored_from_the_journal_alone_counts_as_ordered(deployed: Deployment) -> None:
    ids = lost(deployed)
    resend(deployed, ids)
    editions.send(deployed.ws, AGAIN)
    with deployed.ws.engine.begin() as connection:
        connection.execute(
            sa.update(edition)
            .where(edition.c.name == AGAIN)
            .values(again_of=None, state="recovered")
        )
    with pytest.raises(Refused, match="accepted in"):
        resend(deployed, ids)


def test_who_turns_out_to_have_got_it_after_the_order_does_not_get_it_again(
    deployed: Deployment,
) -> None:
    ids = lost(deployed)
    resend(deployed, ids)
    proof = {
        "event": "delivered",
        "timestamp": 1_795_000_000,
        "sg_event_id": "late",
        "outreach_delivery": ids[0],
    }
    events.store_raw(deployed.ws, "sendgrid", json.dumps([proof]).encode())
    assert events.drain(deployed.ws).added == 1
    editions.send(deployed.ws, AGAIN)
    assert len(addresses(deployed)) == PEOPLE - 1
    account = editions.settle(deployed.ws, AGAIN)
    assert (account.suppressed, account.accepted, account.balanced) == (1, BATCH - 1, True)
    assert account.reasons["suppressed"] == {SENT_AFTER_ALL: 1}


def test_a_resend_answers_no_pledge_that_was_withdrawn_since(deployed: Deployment) -> None:
    ids = lost(deployed)
    contact_id = deployed.ws.keys.open_delivery_id(ids[0])[1]
    with deployed.ws.engine.begin() as connection:
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.contact_id == contact_id)
            .values(occasion="pledge:2026-11-01T09:00:00Z")
        )
    resend(deployed, ids)
    editions.send(deployed.ws, AGAIN)
    account = editions.settle(deployed.ws, AGAIN)
    assert account.reasons["suppressed"] == {PLEDGE_WITHDRAWN: 1}
