"""Stop everything, hold a campaign, pause and cancel: at any moment, with an exact account."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.cli import main
from outreach.errors import NotFound, Refused
from outreach.flows import control, doctor, editions
from outreach.journal import Journal
from outreach.ledger.editions import audit, batch, campaign, delivery, edition, fact
from outreach.providers.sendgrid import SendGrid
from outreach.workspace import Workspace
from tests.fakes.deployment import BATCH, EDITION, PEOPLE, Deployment, deploy
from tests.fakes.running import FakeSendGrid

WHO = {"by": "amy", "via": "test"}

Order = Callable[[Workspace], object]


@pytest.fixture
def deployed(ws: Workspace, sendgrid_server: FakeSendGrid) -> Deployment:
    return deploy(ws, sendgrid_server)


def stop(ws: Workspace) -> object:
    return control.stop_all(ws, **WHO, reason="wrong figure")


def start(ws: Workspace) -> object:
    return control.start_all(ws, **WHO)


def hold(ws: Workspace) -> object:
    return control.hold_campaign(ws, "news", **WHO, reason="wrong figure")


def release(ws: Workspace) -> object:
    return control.release_campaign(ws, "news", **WHO)


def pause(ws: Workspace) -> object:
    return editions.pause(ws, EDITION, **WHO, reason="wrong figure")


def resume(ws: Workspace) -> object:
    return editions.resume(ws, EDITION, **WHO)


def cancel(ws: Workspace) -> object:
    return editions.cancel(ws, EDITION, **WHO, reason="wrong figure")


ORDERS = {"stop all": (stop, start), "hold": (hold, release), "pause": (pause, resume)}


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_holds_everything_and_lifting_it_sends_to_everyone_once(
    deployed: Deployment, name: str
) -> None:
    order, lift = ORDERS[name]
    order(deployed.ws)
    assert "wrong figure" in editions.send(deployed.from_here(), EDITION).why
    account = editions.settle(deployed.ws, EDITION)
    assert (account.planned, account.state, deployed.recipients()) == (PEOPLE, "sending", [])
    lift(deployed.ws)
    assert editions.send(deployed.from_here(), EDITION).finished
    assert editions.settle(deployed.ws, EDITION).accepted == PEOPLE
    assert max(Counter(deployed.recipients()).values()) == 1


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_between_claim_and_hand_over_lets_not_one_batch_go(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ws = deployed.from_here()
    append, (order, lift) = Journal.append, ORDERS[name]

    def ordered_meanwhile(journal: Journal, claim: object) -> None:
        append(journal, claim)
        order(deployed.ws)

    monkeypatch.setattr(Journal, "append", ordered_meanwhile)
    report = editions.send(ws, EDITION)
    assert "wrong figure" in report.why
    account = deployed.certificate()
    assert (account.planned, deployed.recipients()) == (PEOPLE, [])
    monkeypatch.undo()
    lift(deployed.ws)
    assert editions.send(ws, EDITION).finished
    assert deployed.certificate().accepted == PEOPLE


@pytest.mark.parametrize("seed", range(2))
def test_orders_at_random_moments_leave_the_account_exact(deployed: Deployment, seed: int) -> None:
    chance = random.Random(seed)
    sending = deployed.sender()
    until = time.monotonic() + 30
    while not deployed.recipients() and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.1))
    order, lift = ORDERS[chance.choice(list(ORDERS))]
    order(deployed.ws)
    sending.communicate(timeout=60)
    went = len(deployed.recipients())
    account = editions.settle(deployed.ws, EDITION)
    assert (account.accepted, account.planned, account.claimed) == (went, PEOPLE - went, 0)
    if account.planned:
        lift(deployed.ws)
    if chance.random() < 0.5:
        editions.send(deployed.from_here(), EDITION)
    elif account.planned:
        cancel(deployed.ws)
    account = editions.settle(deployed.ws, EDITION)
    assert account.accepted == len(set(deployed.recipients())) == len(deployed.recipients())
    assert (account.accepted + account.cancelled, account.planned) == (PEOPLE, 0)
    assert account.balanced


def test_a_sender_that_waits_sees_an_order_within_seconds(deployed: Deployment) -> None:
    # Each of those that may be on their way when the first answer comes is answered so.
    deployed.server.fail({"kind": "429", "seconds": 50, "times": SendGrid.in_flight})
    waiting = deployed.sender()
    until = time.monotonic() + 30
    while "429" not in str(deployed.certificate().reasons) and time.monotonic() < until:
        time.sleep(0.05)
    cancel(deployed.ws)
    waiting.communicate(timeout=20)  # far sooner than the provider's 50 seconds
    account = editions.settle(deployed.ws, EDITION)
    assert (account.cancelled, deployed.recipients()) == (PEOPLE, [])


def test_who_ordered_what_and_why_is_kept(deployed: Deployment) -> None:
    ws = deployed.ws
    stop(ws)
    order = control.stopped(ws)
    assert order is not None
    assert (order.by, order.reason) == ("amy", "wrong figure")
    hold(ws)
    found = {f.what: f.found for f in doctor.examine(ws.settings)}
    assert "stopped by amy" in found["all sending"]
    assert "held by amy" in found["campaign news"]
    start(ws)
    release(ws)
    assert (control.stopped(ws), control.held(ws, "news")) == (None, None)
    with ws.engine.connect() as connection:
        kept = connection.execute(sa.select(audit.c.action, audit.c.subject, audit.c.who)).all()
        judged = connection.execute(sa.select(campaign.c.judged_from)).scalar_one()
    assert judged is not None
    assert [tuple(one) for one in kept] == [
        ("stop", "all sending", "amy"),
        ("hold", "news", "amy"),
        ("start", "all sending", "amy"),
        ("release", "news", "amy"),
    ]


def test_orders_want_a_name_and_a_reason(deployed: Deployment) -> None:
    ws = deployed.ws
    with pytest.raises(Refused, match="reason"):
        control.stop_all(ws, **WHO, reason=" ")
    with pytest.raises(Refused, match="name"):
        control.stop_all(ws, by="", via="test", reason="why")
    with pytest.raises(Refused, match="not stopped"):
        start(ws)
    with pytest.raises(Refused, match="not held"):
        release(ws)
    with pytest.raises(NotFound):
        control.hold_campaign(ws, "no-such", **WHO, reason="why")


def test_the_command_line_stops_holds_and_says_what_still_holds(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in deployed.environment().items():
        if name.startswith("OUTREACH_"):
            monkeypatch.setenv(name, value)
    assert main(["stop-all", "--by", "amy"]) == 1
    assert main(["stop-all", "--by", "amy", "--reason", "wrong figure"]) == 0
    assert main(["pause", "news", "--by", "amy", "--reason", "wrong figure"]) == 0
    assert main(["send", EDITION]) == 1
    assert "all sending is stopped by amy: wrong figure" in capsys.readouterr().err
    assert main(["resume", EDITION, "--by", "amy"]) == 0
    assert "outreach resume news" in capsys.readouterr().err
    assert main(["start-all", "--reason", "mended"]) == 1
    assert main(["start-all", "--by", "amy"]) == 0
    assert main(["send", EDITION]) == 1
    assert "its campaign is held by amy" in capsys.readouterr().err
    assert main(["resume", "news", "--by", "amy"]) == 0
    assert main(["send", EDITION]) == 0
    assert len(set(deployed.recipients())) == PEOPLE >= BATCH


def test_the_days_ceiling_ends_a_send_with_its_words_and_loses_nobody(
    deployed: Deployment,
) -> None:
    limits = replace(deployed.ws.hub.limits, emails_per_day=10)
    ws = replace(deployed.from_here(), hub=replace(deployed.ws.hub, limits=limits))
    report = editions.send(ws, EDITION)
    assert "the day's ceiling of 10 emails is reached" in report.why
    account = editions.settle(ws, EDITION)
    assert (account.accepted, account.planned, account.balanced) == (10, PEOPLE - 10, True)
    assert editions.send(ws, EDITION).handed_over == 0
    assert editions.send(replace(ws, hub=deployed.ws.hub), EDITION).finished
    assert len(set(deployed.recipients())) == len(deployed.recipients()) == PEOPLE


def test_the_brakes_work_at_a_terminal_while_hub_yaml_is_broken(
    deployed: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "hub.yaml").write_text("name: [")
    elsewhere = replace(deployed.ws.settings, root=tmp_path)
    monkeypatch.setattr("outreach.workspace.load_settings", lambda: elsewhere)
    assert main(["send", EDITION]) == 1
    assert "hub.yaml" in capsys.readouterr().err
    said = ["--by", "amy", "--reason", "wrong figure"]
    for order in (["pause", EDITION], ["pause", "news"], ["stop-all"], ["cancel", EDITION]):
        assert main([*order, *said]) == 0
    assert control.stopped(deployed.ws) is not None
    assert deployed.certificate().cancelled == PEOPLE


@pytest.mark.parametrize(
    "order",
    [
        lambda ws, why: control.stop_all(ws, **WHO, reason=why),
        lambda ws, why: control.hold_campaign(ws, "news", **WHO, reason=why),
        lambda ws, why: editions.pause(ws, EDITION, **WHO, reason=why),
        lambda ws, why: editions.cancel(ws, EDITION, **WHO, reason=why),
    ],
)
def test_a_reason_is_kept_on_one_line_and_without_an_address(
    deployed: Deployment, order: Callable[[Workspace, str], object]
) -> None:
    """It stands in task logs and in the audit, where nobody's erasure finds it."""
    order(deployed.ws, "jo.canary@example.org rang\nERROR forged")
    with deployed.ws.engine.connect() as connection:
        kept = [str(row) for row in connection.execute(sa.select(audit))]
        for table in (fact, campaign, edition, delivery, batch):
            named = [c for c in table.c if c.name not in ("email", "slot_values")]
            kept += [str(row) for row in connection.execute(sa.select(*named))]
    assert any("(an address) rang ERROR forged" in one for one in kept)
    assert not any("jo.canary" in one for one in kept)
