"""Finding providers by name."""

from __future__ import annotations

import pytest

from outreach.errors import ConfigError
from outreach.providers.registry import (
    EVENT_SOURCES,
    PROVIDERS,
    WRITERS,
    event_source,
    open_provider,
)
from outreach.settings import load_settings

SETTINGS = load_settings(
    {
        "OUTREACH_HOME": "/nowhere",
        "OUTREACH_SENDGRID_API_KEY": "SG.x",
        "OUTREACH_SES_REGION": "eu-west-2",
        "OUTREACH_SES_ACCESS_KEY_ID": "AKIAX",
        "OUTREACH_SES_SECRET_ACCESS_KEY": "x",
        "OUTREACH_SMTP_URL": "smtp://mail.example.org",
        "OUTREACH_ENV": "production",
    }
)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_each_provider_is_found_under_its_own_name(name: str) -> None:
    provider = open_provider(name, SETTINGS)
    assert provider.name == name
    assert provider.batch_size >= 1
    provider.close()


def test_whatever_can_be_opened_can_make_its_messages_again_and_whatever_reports_can_be_opened() -> (
    None
):
    assert WRITERS.keys() == PROVIDERS.keys()
    assert EVENT_SOURCES.keys() <= PROVIDERS.keys()


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match="outbox, sendgrid"):
        open_provider("pigeon", SETTINGS)
    with pytest.raises(ConfigError, match="sendgrid, ses"):
        event_source("outbox")
