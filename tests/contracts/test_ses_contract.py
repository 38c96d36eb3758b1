"""Amazon SES keeps the provider contract, seen from its own side of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from tests.contracts.provider_contract import Arrived, ArrivedFunction, ProviderContract
from tests.fakes.ses_server import SesServer, environment, ses_server

from outreach.providers.base import Provider
from outreach.providers.registry import open_provider
from outreach.settings import load_settings


def read(to: str, raw: bytes, body: dict) -> Arrived:
    message = message_from_bytes(raw, EmailMessage, policy=default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    (tag,) = body["EmailTags"]
    assert message["To"] == to
    return Arrived(
        delivery_id=tag["Value"],
        to=(to,),
        subject=message["Subject"],
        text=text.get_content().replace("\r\n", "\n"),
        html=html.get_content().replace("\r\n", "\n"),
        list_unsubscribe=tuple(message.get_all("List-Unsubscribe")),
        list_unsubscribe_post=tuple(message.get_all("List-Unsubscribe-Post")),
        sender=message["From"],
        reply_to=message["Reply-To"],
    )


class TestSes(ProviderContract):
    @pytest.fixture
    def server(self) -> Iterator[SesServer]:
        with ses_server() as server:
            yield server

    @pytest.fixture
    def provider(self, tmp_path: Path, server: SesServer) -> Iterator[Provider]:
        provider = open_provider("ses", load_settings(environment(server, str(tmp_path))))
        yield provider
        provider.close()

    @pytest.fixture
    def arrived(self, server: SesServer) -> ArrivedFunction:
        return lambda: [read(*one) for one in server.taken]
