"""What a sender refuses, waits for, and records, against the SendGrid-shaped server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.errors import ConfigError
from outreach.flows import editions
from outreach.flows.landing import REFUSED_IN_A_ROW
from outreach.workspace import Workspace
from tests.fakes.deployment import EDITION, PEOPLE, Deployment, deploy
from tests.fakes.running import FakeSendGrid

Sending = Callable[..., Workspace]


@pytest.fixture
def deployed(ws: Workspace, sendgrid_server: FakeSendGrid) -> Deployment:
    return deploy(ws, sendgrid_server)


@pytest.fixture
def sending(deployed: Deployment) -> Sending:
    """The deployment, sending to the server from this process, with some settings changed."""

    def opened(**settings: object) -> Workspace:
        server = deployed.server
        there = {"sendgrid_api_key": server.api_key, "sendgrid_base_url": server.address}
        known = replace(deployed.ws.settings, **there)
        return replace(deployed.ws, settings=replace(known, **settings))

    return opened


LIVE = {"env": "production", "sendgrid_base_url": "https://api.sendgrid.invalid"}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"public_url": "mail.example.org"}, "OUTREACH_PUBLIC_URL"),
        ({"public_url": "https://mail example.org"}, "OUTREACH_PUBLIC_URL"),
        ({"public_url": "https://[::1"}, "OUTREACH_PUBLIC_URL"),
        ({**LIVE, "public_url": "http://mail.ncl.nhs.uk"}, "OUTREACH_PUBLIC_URL"),
        ({**LIVE, "origins": {}}, "OUTREACH_PUBLIC_URL"),
        ({"sendgrid_api_key": ""}, "OUTREACH_SENDGRID_API_KEY"),
    ],
)
def test_a_deployment_that_is_not_ready_sends_nothing_and_fails_nobody(
    sending: Sending, deployed: Deployment, changed: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        editions.send(sending(**changed), EDITION)
    account = deployed.certificate()
    assert (account.planned, account.state) == (PEOPLE, "approved")
    assert deployed.recipients() == []


def test_what_everybody_is_refused_for_pauses_the_edition(
    sending: Sending, deployed: Deployment
) -> None:
    deployed.server.fail({"kind": "400", "words": "The reply_to is wrong", "times": 1000})
    report = editions.send(sending(), EDITION)
    account = deployed.certificate()
    assert (account.failed, account.planned) == (REFUSED_IN_A_ROW, PEOPLE - REFUSED_IN_A_ROW)
    assert not report.finished
    assert "The reply_to is wrong" in report.why
    deployed.server.fail()
    editions.resume(deployed.ws, EDITION, by="amy", via="test")
    assert editions.send(sending(), EDITION).finished
    assert deployed.certificate().accepted == PEOPLE - REFUSED_IN_A_ROW


@pytest.mark.parametrize("kind", ["", "429", "400"])
def test_a_ledger_that_is_locked_for_a_moment_makes_no_doubt(
    sending: Sending, deployed: Deployment, kind: str
) -> None:
    ws = sending()
    deployed.server.fail({"kind": kind, "seconds": 1}) if kind else None
    locked: list[str] = []

    def lock(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        outcome = {"": "accepted", "429": "planned", "400": "planned"}[kind]
        if statement.startswith("UPDATE batch") and outcome in str(parameters) and not locked:
            locked.append(statement)
            raise sa.exc.OperationalError(statement, {}, Exception("database is locked"))

    sa.event.listen(ws.engine, "before_cursor_execute", lock)
    assert editions.send(ws, EDITION).finished
    sa.event.remove(ws.engine, "before_cursor_execute", lock)
    assert locked
    account = editions.settle(deployed.ws, EDITION)
    assert (account.accepted, account.unknown, account.balanced) == (PEOPLE, 0, True)
    assert len(set(deployed.recipients())) == len(deployed.recipients()) == PEOPLE
