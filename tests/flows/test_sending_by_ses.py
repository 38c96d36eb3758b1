"""A whole edition through Amazon SES: nothing of the flows knows that it is not SendGrid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from outreach.errors import ConfigError
from outreach.flows import editions
from outreach.ledger.certificate import Certificate, certificate
from outreach.settings import load_settings
from outreach.workspace import Workspace
from tests.fakes.deployment import BATCH, CONTENT, EDITION, PEOPLE
from tests.fakes.ses_server import SesServer, environment, ses_server
from tests.ledger.seeds import EVERYONE, add_people, make_edition

Sending = Callable[..., Workspace]


@pytest.fixture
def server() -> Iterator[SesServer]:
    with ses_server() as server:
        yield server


@pytest.fixture
def sending(ws: Workspace, server: SesServer) -> Sending:
    """An approved edition, and the deployment that sends it, with some settings changed."""
    add_people(ws.engine, ws.keys, PEOPLE)
    make_edition(ws.engine, rule=EVERYONE, batch_size=BATCH, provider="ses", content=CONTENT)

    def opened(given: dict[str, str] | None = None, **settings: object) -> Workspace:
        there = load_settings({**environment(server, str(ws.settings.home)), **(given or {})})
        known = replace(ws.settings, given=there.given, allowed_recipients=("*@example.org",))
        return replace(ws, settings=replace(known, **settings))

    return opened


def account(ws: Workspace) -> Certificate:
    with ws.engine.connect() as connection:
        return certificate(connection, EDITION)


def test_everybody_gets_the_edition_once_under_their_own_id(
    sending: Sending, ws: Workspace, server: SesServer
) -> None:
    assert editions.send(sending(), EDITION).finished
    assert account(ws).accepted == PEOPLE
    ids = [body["EmailTags"][0]["Value"] for _, _, body in server.taken]
    assert len({*ids}) == len(ids) == server.posts == PEOPLE
    assert len({ws.keys.open_delivery_id(one)[0] for one in ids}) == 1


@pytest.mark.parametrize(
    ("given", "changed", "named"),
    [
        ({}, {"public_url": "mail.example.org"}, "OUTREACH_PUBLIC_URL"),
        ({}, {"env": "production", "public_url": "http://mail.ncl.nhs.uk"}, "OUTREACH_PUBLIC_URL"),
        ({}, {"env": "production", "origins": {}}, "OUTREACH_PUBLIC_URL"),
        ({"OUTREACH_SES_REGION": "nowhere"}, {}, "OUTREACH_SES_REGION"),
        ({"OUTREACH_SES_ACCESS_KEY_ID": ""}, {}, "OUTREACH_SES_ACCESS_KEY_ID"),
    ],
)
def test_a_deployment_that_is_not_ready_sends_nothing_and_fails_nobody(
    sending: Sending,
    ws: Workspace,
    server: SesServer,
    given: dict[str, str],
    changed: dict[str, object],
    named: str,
) -> None:
    with pytest.raises(ConfigError, match=named):
        editions.send(sending(given, **changed), EDITION)
    assert (account(ws).planned, account(ws).state) == (PEOPLE, "approved")
    assert server.posts == 0


def test_keys_that_may_not_send_pause_the_edition_and_fail_nobody(
    sending: Sending, ws: Workspace, server: SesServer
) -> None:
    server.faults = [{"status": 403, "code": "AccessDeniedException"}] * 200
    report = editions.send(sending(), EDITION)
    assert not report.finished
    assert "ses:SendEmail" in report.why
    assert account(ws).planned == PEOPLE
    server.faults = []
    editions.resume(ws, EDITION, by="amy", via="test")
    assert editions.send(sending(), EDITION).finished
    assert (account(ws).accepted, len(server.taken)) == (PEOPLE, PEOPLE)


def test_answers_that_differ_within_a_batch_are_each_recorded_as_they_are(
    sending: Sending, ws: Workspace, server: SesServer
) -> None:
    server.faults = [
        *({}, {"status": 400, "code": "BadRequestException"}, {}, {"status": 500}),
        {"kind": "reset after processing"},
        *({}, {"status": 429, "code": "TooManyRequestsException"}),
    ]
    while not editions.send(sending(), EDITION).finished:
        assert account(ws).planned
    found = account(ws)
    assert (found.accepted, found.failed, found.unknown) == (PEOPLE - 3, 1, 2)
    ids = [body["EmailTags"][0]["Value"] for _, _, body in server.taken]
    assert len({*ids}) == len(ids) == PEOPLE - 2
