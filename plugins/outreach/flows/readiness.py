"""What must hold of a deployment before anything of it leaves for real people."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from outreach.domain import Mailbox
from outreach.errors import ConfigError
from outreach.providers.base import Provider
from outreach.settings import is_loopback
from outreach.workspace import Workspace

_MADE_UP = re.compile(r"(?:^|[@.])(?:example\.(?:org|com|net)|example|test|invalid|localhost)$")
"""Domains that are nobody's (RFC 2606)."""

_LINK = re.compile(r"[!-~]+")
_NOT_IN_A_HEADER = frozenset('<>,"')


def made_up(mailbox: Mailbox) -> bool:
    """Whether an address is of a domain kept for examples."""
    return _MADE_UP.search(mailbox.address.lower()) is not None


def must_be_ready(ws: Workspace, provider: Provider) -> None:
    """Refuse to send where nobody could object.

    A provider that reaches nobody (the outbox) may always be used. Raises ConfigError before
    anybody is claimed: otherwise each message would be refused on its own, and count as failed.
    """
    if not provider.networked:
        return
    secure, host = _public(ws.settings.public_url)
    if not host:
        raise ConfigError(
            "OUTREACH_PUBLIC_URL is not an address such as https://mail.your-domain, so that "
            "nobody could unsubscribe: nothing is sent"
        )
    if not ws.settings.production:
        return
    named = "OUTREACH_PUBLIC_URL" in ws.settings.origins
    if not named or not (secure or is_loopback(ws.settings.public_url)):
        raise ConfigError(
            f"OUTREACH_PUBLIC_URL is {ws.settings.public_url}, where nobody could unsubscribe: "
            "production needs the https address of your public pages. Nothing is sent"
        )


def _public(address: str) -> tuple[bool, str]:
    """Return whether an address is https, and its host ('' where links cannot be made of it)."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False, ""
    fits = _LINK.fullmatch(address) and not _NOT_IN_A_HEADER & {*address}
    return parts.scheme == "https", host if fits and parts.scheme in ("https", "http") else ""
