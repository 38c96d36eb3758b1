"""kill -9 of a sender at each step: no one is lost, no one is written to twice.

Recipients are counted at the SendGrid-shaped server.
"""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from outreach.flows import editions
from outreach.flows.doubts import doubts
from outreach.ledger import edition_store
from outreach.workspace import Workspace
from tests.fakes.dying_sender import STEPS
from tests.fakes.running import FakeSendGrid
from tests.kills.deployment import BATCH, EDITION, PEOPLE, Deployment, deploy


@pytest.fixture
def deployed(ws: Workspace, sendgrid_server: FakeSendGrid) -> Deployment:
    return deploy(ws, sendgrid_server)


def check_promise(deployed: Deployment) -> None:
    """No one twice, no one lost, every doubt listed, and the certificate balanced."""
    account = deployed.certificate()
    took = Counter(deployed.recipients())
    assert not [one for one, times in took.items() if times > 1]
    listed = {one.delivery_id for one in doubts(deployed.ws, EDITION)}
    assert account.balanced
    assert account.intended == PEOPLE == account.accepted + account.unknown + account.failed
    assert account.unknown == len(listed)
    assert len(set(took) - listed) == account.accepted
    assert set(took) | listed == set(_all_ids(deployed))


def _all_ids(deployed: Deployment) -> list[str]:
    with deployed.ws.engine.connect() as connection:
        made = edition_store.get(connection, EDITION).id
    return deployed.ws.keys.delivery_ids(made, range(1, PEOPLE + 1))


@pytest.mark.parametrize("step", STEPS)
def test_a_sender_killed_at_a_step_loses_no_one_and_doubles_no_one(
    deployed: Deployment, step: str
) -> None:
    killed = deployed.sender(step, times=2)
    _, errors = killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL, errors
    deployed.send()
    editions.settle(deployed.ws, EDITION)
    check_promise(deployed)
    certain = step in ("before the claim", "after recording")
    assert deployed.certificate().unknown == (0 if certain else BATCH)


def test_a_sender_killed_while_it_waits_for_the_reply_leaves_a_doubt(
    deployed: Deployment,
) -> None:
    deployed.server.fail({"kind": "hang after processing"})
    waiting = deployed.sender()
    until = time.monotonic() + 30
    while not deployed.recipients() and time.monotonic() < until:
        time.sleep(0.05)
    waiting.kill()
    waiting.communicate()
    deployed.send()
    editions.settle(deployed.ws, EDITION)
    check_promise(deployed)
    assert deployed.certificate().unknown == BATCH


def test_two_senders_killed_and_two_more_started_share_the_work(deployed: Deployment) -> None:
    first = [deployed.sender("after handing over", 1), deployed.sender("after the journal", 2)]
    for one in first:
        one.communicate(timeout=60)
    second = [deployed.sender(), deployed.sender()]
    for one in second:
        one.communicate(timeout=60)
    editions.settle(deployed.ws, EDITION)
    check_promise(deployed)


def test_a_sender_that_stood_still_while_another_finished_sends_nothing_twice(
    deployed: Deployment,
) -> None:
    deployed.server.fail({"kind": "hang after processing", "seconds": 1})
    still = deployed.sender()
    until = time.monotonic() + 30
    while not deployed.recipients() and time.monotonic() < until:
        time.sleep(0.02)
    still.send_signal(signal.SIGSTOP)
    deployed.send()
    assert editions.settle(deployed.ws, EDITION).claimed == BATCH
    still.send_signal(signal.SIGCONT)
    still.communicate(timeout=60)
    editions.settle(deployed.ws, EDITION)
    check_promise(deployed)
    assert deployed.certificate().unknown == BATCH


def test_a_cancel_while_a_sender_is_in_flight_leaves_nobody_planned(deployed: Deployment) -> None:
    deployed.server.fail({"kind": "hang after processing", "seconds": 1})
    sending = deployed.sender()
    until = time.monotonic() + 30
    while not deployed.recipients() and time.monotonic() < until:
        time.sleep(0.02)
    editions.cancel(deployed.ws, EDITION, by="amy", via="test")
    sending.communicate(timeout=60)
    account = editions.settle(deployed.ws, EDITION)
    assert (account.cancelled, account.unknown, account.planned) == (PEOPLE - BATCH, BATCH, 0)
    assert account.balanced
    assert len(deployed.recipients()) == BATCH


FAULTS = {
    "reset before reading": 0,
    "reset mid-body": BATCH,
    "reset after processing": BATCH,
    "503 after acceptance": BATCH,
    "202 without id": 0,
    "garbage reply": BATCH,
}


@pytest.mark.parametrize(
    "kind",
    [
        "reset mid-body",
        "reset after processing",
        "503 after acceptance",
        "202 without id",
        "garbage reply",
    ],
)
def test_a_provider_that_fails_leaves_doubts_and_no_doubles(
    deployed: Deployment, kind: str
) -> None:
    deployed.server.fail({"kind": kind})
    deployed.send()
    editions.settle(deployed.ws, EDITION)
    check_promise(deployed)
    assert deployed.certificate().unknown == FAULTS[kind]


def test_one_bad_row_never_costs_the_others(deployed: Deployment) -> None:
    deployed.server.fail({"kind": "bad row", "email": "person5@example.org"})
    deployed.send()
    editions.settle(deployed.ws, EDITION)
    account = deployed.certificate()
    assert (account.accepted, account.failed, account.unknown) == (PEOPLE - 1, 1, 0)
    assert len(set(deployed.recipients())) == len(deployed.recipients()) == PEOPLE - 1


def test_a_server_that_is_down_is_tried_again_and_nobody_is_lost(deployed: Deployment) -> None:
    deployed.server.fail({"kind": "429", "times": 2})
    deployed.send()
    editions.settle(deployed.ws, EDITION)
    check_promise(deployed)
    assert deployed.certificate().accepted == PEOPLE


def test_a_refused_key_pauses_the_edition_and_says_what_to_mend(deployed: Deployment) -> None:
    deployed.server.fail({"kind": "401"})
    deployed.send()
    account = editions.settle(deployed.ws, EDITION)
    assert (account.accepted, account.planned) == (0, PEOPLE)
    editions.resume(deployed.ws, EDITION, by="amy", via="test")
    deployed.send()
    editions.settle(deployed.ws, EDITION)
    check_promise(deployed)
    assert deployed.certificate().accepted == PEOPLE
