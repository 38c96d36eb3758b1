"""What is known of a doubt, what the provider counts beside it, and settling several at once."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from outreach.errors import ConfigError, NotFound, NotSent, Refused
from outreach.flows import doubts, editions
from outreach.flows.events import drain
from outreach.ledger.editions import audit, edition
from outreach.ledger.events import store_raw
from outreach.workspace import Workspace
from tests.fakes.deployment import BATCH, EDITION, PEOPLE, Deployment, deploy
from tests.fakes.ledger import happened, post
from tests.fakes.running import FakeSendGrid

KNOWN = PEOPLE - BATCH


@pytest.fixture
def deployed(ws: Workspace, sendgrid_server: FakeSendGrid) -> Deployment:
    """An edition of which one batch's reply was lost, with leave to ask the server."""
    there = {
        "sendgrid_api_key": sendgrid_server.api_key,
        "sendgrid_base_url": sendgrid_server.address,
    }
    opened = replace(ws, settings=replace(ws.settings, **there))
    made = deploy(opened, sendgrid_server)
    sendgrid_server.fail({"kind": "reset after processing"})
    editions.send(opened, EDITION)
    return made


def hear(ws: Workspace, *events: object) -> None:
    with ws.engine.begin() as connection:
        store_raw(connection, "sendgrid", post(*events), datetime.now(UTC))
    drain(ws)


def test_a_doubt_tells_when_who_and_what_became_of_the_others(deployed: Deployment) -> None:
    first, second, *_ = doubts.doubts(deployed.ws, EDITION)
    hear(deployed.ws, happened("delivered", first.delivery_id))
    found = doubts.doubts(deployed.ws, EDITION)
    assert len(found) == BATCH - 1
    one = found[0]
    assert one.delivery_id == second.delivery_id
    assert one.sender_host == socket.gethostname()
    assert (one.epoch, one.attempts, one.batch) == (1, 1, 1)
    assert one.claimed_at is not None
    assert one.whole is not None
    assert one.whole.states == {"delivered": 1, "unknown": BATCH - 1}
    assert [(e.type, e.people) for e in one.whole.events] == [("delivered", 1)]
    assert (one.others_proven, one.batch_size, one.events) == (1, BATCH, ())


def test_an_edition_is_counted_apart_from_its_campaign(deployed: Deployment) -> None:
    mark = deployed.ws.keys.edition_mark(EDITION)
    for request in deployed.server.requests():
        assert request["categories"] == ["news", f"news edition {mark}"]
    assert "one" not in mark


def test_nothing_is_asked_of_the_provider_unless_a_person_wants_it(deployed: Deployment) -> None:
    found = doubts.evidence(deployed.ws, EDITION)
    assert (found.counted, found.asked_at, found.can_ask) == (None, None, True)
    assert deployed.server.queries() == []
    assert "has not been asked" in found.looks


LOOKS = {
    PEOPLE: "all in doubt were taken",
    KNOWN: "none in doubt was taken",
    KNOWN + 1: "1 of those in doubt",
    KNOWN - 1: "lag behind",
    PEOPLE + 1: "more than all of these",
}


def test_what_the_provider_counts_stands_beside_our_own_count_and_settles_nothing(
    deployed: Deployment,
) -> None:
    for requests, looks in LOOKS.items():
        deployed.server.count(requests=requests, delivered=3, bounce_drops=1, invalid_emails=2)
        found = doubts.evidence(deployed.ws, EDITION, refresh=True)
        assert found.counted is not None
        assert (found.counted.requests, found.counted.delivered) == (requests, 3)
        assert found.counted.dropped == 3
        assert (found.accepted, found.unknown) == (KNOWN, BATCH)
        assert looks in found.looks
        assert "settles nothing by itself" in found.looks
        assert doubts.evidence(deployed.ws, EDITION) == found
    assert len(deployed.server.queries()) == len(LOOKS)
    assert deployed.certificate().unknown == BATCH


def test_what_was_settled_as_not_sent_and_yet_counted_is_pointed_out(deployed: Deployment) -> None:
    doubts.settle_batch(deployed.ws, EDITION, 1, by="amy", via="test", reason="not in the log")
    found = doubts.evidence(deployed.ws, EDITION, refresh=True)
    assert (found.settled, found.unknown) == (BATCH, 0)
    assert "settled as not sent were taken after all" in found.looks


def test_a_provider_that_does_not_answer_is_said_so_and_nothing_is_kept(
    deployed: Deployment,
) -> None:
    for wrong in ({"sendgrid_api_key": "SG.no"}, {"sendgrid_base_url": "http://[::1]:9"}):
        ws = replace(deployed.ws, settings=replace(deployed.ws.settings, **wrong))
        with pytest.raises((ConfigError, NotSent), match=r"stats\.read|could not be read"):
            doubts.evidence(ws, EDITION, refresh=True)
    assert doubts.evidence(deployed.ws, EDITION).counted is None


def test_pull_mode_is_told_from_settings_and_from_what_was_heard(deployed: Deployment) -> None:
    ws = deployed.ws
    silent = doubts.evidence(ws, EDITION)
    assert silent.pull_mode
    assert "only a person settles" in silent.how_settled
    signed = replace(ws, settings=replace(ws.settings, webhook_keys=("key",)))
    waiting = doubts.evidence(signed, EDITION)
    assert not waiting.pull_mode
    assert "see that the webhook" in waiting.how_settled
    hear(ws, happened("delivered", waiting_for(ws)))
    assert not doubts.evidence(ws, EDITION).pull_mode


def test_a_whole_batch_is_settled_at_once_and_each_is_recorded(deployed: Deployment) -> None:
    ws = deployed.ws
    found = doubts.doubts(ws, EDITION)
    said = "asked ada@example.org,\nnot in the log"
    assert doubts.settle_batch(ws, EDITION, found[0].batch, by="amy", via="t", reason=said) == BATCH
    account = deployed.certificate()
    assert (account.failed, account.unknown, account.balanced) == (BATCH, 0, True)
    assert account.reasons["failed"] == {
        "settled by amy: asked (an address), not in the log": BATCH
    }
    with ws.engine.connect() as connection:
        subjects = set(connection.execute(sa.select(audit.c.subject)).scalars())
    assert {f"{EDITION} {one.delivery_id}" for one in found} <= subjects
    with pytest.raises(NotFound, match="has no doubts"):
        doubts.settle_batch(ws, EDITION, found[0].batch, by="amy", via="t", reason="again")


def test_one_that_is_not_in_doubt_stops_the_whole_order(deployed: Deployment) -> None:
    doubtful = [one.delivery_id for one in doubts.doubts(deployed.ws, EDITION)]
    sure = next(one for one in deployed.recipients() if one not in doubtful)
    with pytest.raises(Refused, match="accepted, not in doubt"):
        doubts.settle_doubts(
            deployed.ws, EDITION, [*doubtful, sure], by="amy", via="t", reason="why"
        )
    assert deployed.certificate().unknown == BATCH


def test_a_recovered_edition_is_asked_for_by_its_name_from_before_the_recovery(
    deployed: Deployment,
) -> None:
    with deployed.ws.engine.begin() as connection:
        connection.execute(sa.update(edition).values(state="recovered", provider=""))
    ws = replace(deployed.ws, settings=replace(deployed.ws.settings, provider="sendgrid"))
    assert doubts.evidence(ws, EDITION, refresh=True).counted.requests == PEOPLE
    [asked] = deployed.server.queries()
    assert f"start_date={datetime.now(UTC):%Y-%m-%d}" not in asked


def waiting_for(ws: Workspace) -> str:
    return doubts.doubts(ws, EDITION)[0].delivery_id
