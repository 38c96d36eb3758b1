"""Doubts: listed, never sent again, settled by a named person or by proof."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.errors import NotFound, OutreachError, Refused
from outreach.flows import editions
from outreach.ledger.editions import delivery
from outreach.workspace import Workspace
from tests.fakes.deployment import BATCH, EDITION, PEOPLE, Deployment, deploy
from tests.fakes.running import FakeSendGrid


@pytest.fixture
def doubtful(ws: Workspace, sendgrid_server: FakeSendGrid) -> Deployment:
    """An edition of which one batch's reply was lost."""
    deployed = deploy(ws, sendgrid_server)
    sendgrid_server.fail({"kind": "reset after processing"})
    editions.send(deployed.from_here(), EDITION)
    return deployed


def settle(
    ws: Workspace, delivery_id: str, by: str = "amy", reason: str = "not in the log"
) -> None:
    editions.settle_doubt(ws, EDITION, delivery_id, by=by, via="test", reason=reason)


def test_a_person_settles_one_doubt_and_only_that_one(doubtful: Deployment) -> None:
    listed = editions.doubts(doubtful.ws, EDITION)
    assert len(listed) == BATCH
    settle(doubtful.ws, listed[0].delivery_id)
    account = doubtful.certificate()
    assert (account.failed, account.unknown, account.balanced) == (1, BATCH - 1, True)
    assert account.reasons["failed"] == {"settled by amy: not in the log": 1}
    with pytest.raises(Refused, match="not in doubt"):
        settle(doubtful.ws, listed[0].delivery_id)
    doubtful.send()
    assert len(doubtful.recipients()) == PEOPLE


def test_a_doubt_needs_a_name_and_a_reason(doubtful: Deployment) -> None:
    one = editions.doubts(doubtful.ws, EDITION)[0]
    for by, reason in (("", "why"), ("amy", " ")):
        with pytest.raises(Refused, match="--reason"):
            settle(doubtful.ws, one.delivery_id, by, reason)
    assert one in editions.doubts(doubtful.ws, EDITION)


def test_only_a_doubt_of_this_edition_is_settled(doubtful: Deployment) -> None:
    sure = next(iter(set(doubtful.recipients()) - {d.delivery_id for d in _doubts(doubtful)}))
    with pytest.raises(Refused, match="accepted, not in doubt"):
        settle(doubtful.ws, sure)
    with pytest.raises(NotFound, match="has no delivery"):
        settle(doubtful.ws, doubtful.ws.keys.delivery_id(99, 1))
    with pytest.raises(NotFound, match="has no delivery"):
        settle(doubtful.ws, "a" * 26)


def test_proof_that_comes_while_a_person_settles_stands(doubtful: Deployment) -> None:
    one = _doubts(doubtful)[0].delivery_id
    _, contact_id = doubtful.ws.keys.open_delivery_id(one)
    refused: list[str] = []

    def person() -> None:
        try:
            settle(doubtful.ws, one)
        except OutreachError as error:
            refused.append(str(error))

    settling = threading.Thread(target=person)
    with doubtful.ws.engine.begin() as proof:
        proof.execute(
            sa.update(delivery)
            .where(delivery.c.contact_id == contact_id)
            .values(state=DeliveryState.DELIVERED)
        )
        settling.start()
        settling.join(0.5)
    settling.join()
    assert refused == [f"{one} is delivered, not in doubt"]
    assert doubtful.certificate().became["delivered"] == 1


def _doubts(deployed: Deployment) -> tuple[editions.Doubt, ...]:
    return editions.doubts(deployed.ws, EDITION)
