"""What a sender refuses, waits for, and records, against the SendGrid-shaped server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from outreach.errors import ConfigError
from outreach.flows import editions
from outreach.workspace import Workspace
from tests.fakes.running import FakeSendGrid
from tests.kills.deployment import EDITION, PEOPLE, Deployment, deploy

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
        ({**LIVE, "public_url": "https://localhost:8090"}, "OUTREACH_PUBLIC_URL"),
        ({**LIVE, "public_url": "https://mail.ncl.nhs.uk"}, "OUTREACH_FROM"),
        ({"sendgrid_api_key": ""}, "OUTREACH_SENDGRID_API_KEY"),
    ],
)
def test_a_deployment_that_is_not_ready_sends_nothing_and_fails_nobody(
    sending: Sending, deployed: Deployment, changed: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        editions.send(sending(**changed), EDITION)
    account = deployed.certificate()
    assert (account.planned, account.state) == (PEOPLE, "approved")
    assert deployed.recipients() == []
