"""SendGrid keeps the provider contract, seen from its own side of the wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from outreach.providers.base import Provider
from outreach.providers.registry import open_provider
from outreach.settings import load_settings
from tests.contracts.provider_contract import Arrived, ArrivedFunction, ProviderContract
from tests.fakes.running import FakeSendGrid


def header(line: dict, name: str) -> tuple[str, ...]:
    return (line["headers"][name],) if name in line["headers"] else ()


def as_arrived(line: dict) -> Arrived:
    return Arrived(
        delivery_id=line["delivery"],
        to=tuple(line["to"]),
        subject=line["subject"],
        text=line["text"],
        html=line["html"],
        list_unsubscribe=header(line, "List-Unsubscribe"),
        list_unsubscribe_post=header(line, "List-Unsubscribe-Post"),
        sender=f"{line['from']['name']} <{line['from']['email']}>",
        reply_to=line["reply_to"]["email"],
    )


class TestSendGrid(ProviderContract):
    @pytest.fixture
    def provider(self, tmp_path, sendgrid_server: FakeSendGrid) -> Iterator[Provider]:
        settings = load_settings(
            {
                "OUTREACH_HOME": str(tmp_path),
                "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
                "OUTREACH_SENDGRID_API_KEY": sendgrid_server.api_key,
                "OUTREACH_SENDGRID_BASE_URL": sendgrid_server.address,
            }
        )
        provider = open_provider("sendgrid", settings)
        yield provider
        provider.close()

    @pytest.fixture
    def arrived(self, sendgrid_server: FakeSendGrid) -> ArrivedFunction:
        return lambda: [as_arrived(line) for line in sendgrid_server.accepted()]
