"""SMTP keeps the provider contract in each of its three manners, seen from the server's side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.contracts.provider_contract import Arrived, ArrivedFunction, ProviderContract
from tests.fakes.batches import handover, recipient
from tests.fakes.smtp_server import EVERYTHING, PIPELINED, PLAIN, SmtpServer, Taken, serving

from outreach.errors import Rejected
from outreach.providers.base import Provider
from outreach.providers.registry import open_provider
from outreach.settings import load_settings


def as_arrived(one: Taken) -> Arrived:
    message = one.message
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Arrived(
        delivery_id=message["X-Outreach-Delivery"],
        to=one.recipients,
        subject=message["Subject"],
        text=text.get_content().replace("\r\n", "\n"),
        html=html.get_content().replace("\r\n", "\n"),
        list_unsubscribe=tuple(message.get_all("List-Unsubscribe")),
        list_unsubscribe_post=tuple(message.get_all("List-Unsubscribe-Post")),
        sender=message["From"],
        reply_to=message["Reply-To"],
    )


class SmtpContract(ProviderContract):
    offers: tuple[str, ...]

    @pytest.fixture
    def smtp_server(self) -> Iterator[SmtpServer]:
        with serving(self.offers) as server:
            yield server
        assert server.wrongs == []

    @pytest.fixture
    def provider(self, tmp_path, smtp_server: SmtpServer) -> Iterator[Provider]:
        settings = load_settings(
            {
                "OUTREACH_HOME": str(tmp_path),
                "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
                "OUTREACH_SMTP_URL": smtp_server.url,
            }
        )
        provider = open_provider("smtp", settings)
        yield provider
        provider.close()

    @pytest.fixture
    def arrived(self, smtp_server: SmtpServer) -> ArrivedFunction:
        return lambda: [as_arrived(one) for one in smtp_server.taken]

    def test_an_address_outside_ascii_is_refused_and_nothing_is_sent(
        self, provider: Provider, arrived: ArrivedFunction, smtp_server: SmtpServer
    ) -> None:
        """Nothing to that one; where a server takes such addresses: test_smtp_utf8.py."""
        smtp_server.offers = tuple(one for one in self.offers if one != "SMTPUTF8")
        bad = replace(recipient(1), address="zoë@example.org")
        receipt = provider.hand_over(handover(recipient(2), bad))
        assert [one.to for one in arrived()] == [(recipient(2).address,)]
        (other,) = receipt.otherwise
        assert other.index == 1
        assert isinstance(other.error, Rejected)
        assert "zoë" not in str(other.error)
        with pytest.raises(Rejected):
            provider.hand_over(handover(bad))


class TestChunked(SmtpContract):
    offers = EVERYTHING


class TestPipelined(SmtpContract):
    offers = PIPELINED


class TestPlain(SmtpContract):
    offers = PLAIN
