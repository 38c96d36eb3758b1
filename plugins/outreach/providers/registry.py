"""Provider names -> providers. Adding one is one file and one line in each table here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from outreach.errors import ConfigError
from outreach.providers.base import EventSource, Provider
from outreach.providers.outbox import Outbox
from outreach.providers.sendgrid import SendGrid
from outreach.providers.sendgrid_events import SendGridEvents
from outreach.settings import Settings


def _smtp(_settings: Settings) -> Provider:
    raise ConfigError(
        "OUTREACH_PROVIDER is smtp, which is not built yet; use sendgrid, or outbox to try things"
    )


T = TypeVar("T")

PROVIDERS: dict[str, Callable[[Settings], Provider]] = {
    "outbox": Outbox,
    "sendgrid": SendGrid,
    "smtp": _smtp,
}

EVENT_SOURCES: dict[str, Callable[[], EventSource]] = {
    "sendgrid": SendGridEvents,
}


def open_provider(name: str, settings: Settings) -> Provider:
    """Return the provider called `name`, ready to hand over.

    Raises ConfigError where there is none, or where a setting that it needs is missing.
    """
    return _find(PROVIDERS, name, "OUTREACH_PROVIDER")(settings)


def event_source(name: str) -> EventSource:
    """Return how events of the provider called `name` are trusted and read.

    Raises ConfigError where that provider reports no events.
    """
    return _find(EVENT_SOURCES, name, "the provider")()


def _find(table: dict[str, T], name: str, setting: str) -> T:
    if name not in table:
        raise ConfigError(f"{setting} is {name!r}; choose one of {', '.join(sorted(table))}")
    return table[name]
