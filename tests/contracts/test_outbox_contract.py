"""The outbox keeps the provider contract."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from outreach.providers.registry import open_provider
from outreach.settings import load_settings
from tests.contracts.provider_contract import Arrived, ArrivedFunction, ProviderContract


def read(file: Path) -> Arrived:
    message = message_from_bytes(file.read_bytes(), EmailMessage, policy=default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Arrived(
        delivery_id=message["X-Outreach-Delivery"],
        to=tuple(message.get_all("To")),
        subject=message["Subject"],
        text=text.get_content().replace("\r\n", "\n"),
        html=html.get_content().replace("\r\n", "\n"),
        list_unsubscribe=tuple(message.get_all("List-Unsubscribe")),
        list_unsubscribe_post=tuple(message.get_all("List-Unsubscribe-Post")),
        sender=message["From"],
        reply_to=message["Reply-To"],
    )


class TestOutbox(ProviderContract):
    @pytest.fixture
    def provider(self, tmp_path: Path):
        return open_provider("outbox", load_settings({"OUTREACH_HOME": str(tmp_path)}))

    @pytest.fixture
    def arrived(self, tmp_path: Path) -> ArrivedFunction:
        return lambda: [read(file) for file in sorted(tmp_path.glob("outbox/**/*.eml"))]
