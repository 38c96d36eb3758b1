"""Provider names -> providers. Adding one is one file and one line in each table here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import TypeVar

from outreach.errors import ConfigError
from outreach.providers import mime, outbox, sendgrid, sendgrid_payload, sendgrid_stats, ses
from outreach.providers.base import (
    EventSource,
    Handover,
    Note,
    Provider,
    ProviderCounts,
    Recipient,
    Written,
)
from outreach.providers.outbox import Outbox
from outreach.providers.sendgrid import SendGrid
from outreach.providers.sendgrid_events import SendGridEvents
from outreach.providers.ses import Ses
from outreach.providers.ses_events import SesEvents
from outreach.providers.smtp.provider import Smtp
from outreach.settings import Settings

T = TypeVar("T")

PROVIDERS: dict[str, Callable[[Settings], Provider]] = {
    "outbox": Outbox,
    "sendgrid": SendGrid,
    "ses": Ses,
    "smtp": Smtp,
}

EVENT_SOURCES: dict[str, Callable[[], EventSource]] = {
    "sendgrid": SendGridEvents,
    "ses": SesEvents,
}

BEYOND_ASCII = frozenset({"smtp"})
"""Providers with a way to addresses whose part before the @ has letters outside ASCII."""

WRITERS: dict[str, Callable[[Handover, Recipient], Written]] = {
    "outbox": mime.written,
    "sendgrid": sendgrid_payload.written,
    "ses": mime.written,
    "smtp": mime.written,
}
"""Who makes a provider's messages again, byte for byte."""

COUNTERS: dict[str, Callable[[Settings, str, str, date], ProviderCounts]] = {
    "sendgrid": sendgrid_stats.counted,
}
"""Who asks a provider how much it counts for an edition: (campaign, mark, first day)."""

TRACES: dict[str, Callable[[Settings, str, str, Collection[str]], frozenset[str]]] = {
    "outbox": outbox.standing,
}
"""Who knows of single deliveries whether they arrived: (campaign, occurrence, delivery ids)."""


NOTES: dict[str, Callable[[Settings], Iterable[Note]]] = {
    "sendgrid": sendgrid.notes,
    "ses": ses.notes,
}
"""Who says what of a provider's own settings."""


def notes(name: str, settings: Settings) -> Iterable[Note]:
    """Return what there is to know of the settings of the provider called `name`."""
    return NOTES[name](settings) if name in NOTES else ()


def writer(name: str) -> Callable[[Handover, Recipient], Written]:
    """Return who makes the messages of the provider called `name`. Raises ConfigError."""
    return _find(WRITERS, name, "the provider")


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
