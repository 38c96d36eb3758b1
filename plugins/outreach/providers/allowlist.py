"""Who may be reached at all: outside production only the allow-list, and only plain addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from outreach.errors import Rejected
from outreach.settings import Settings

_PLAIN = re.compile(r"[!-~]+")
_FORBIDDEN = frozenset('@,;<>()[]\\":')


def allowed(address: str, settings: Settings) -> bool:
    """Whether a networked provider may reach `address` in this deployment.

    Always in production; elsewhere only where one of the OUTREACH_ALLOWED_RECIPIENTS globs
    matches (none set: nobody).
    """
    if settings.production:
        return True
    text = address.strip().lower()
    return any(fnmatchcase(text, glob.lower()) for glob in settings.allowed_recipients)


def refusal(settings: Settings) -> str:
    """Return, in words, why an address that is not `allowed` is not reached."""
    if settings.allowed_recipients:
        return "outside the allow-list of this non-production deployment"
    return (
        "this deployment is not production and OUTREACH_ALLOWED_RECIPIENTS is empty, so nobody "
        "can be reached; list addresses or patterns such as *@example.org"
    )


def plain_address(address: str) -> bool:
    """Whether `address` is one bare ASCII address with nothing that a server could misread."""
    local, _, domain = address.rpartition("@")
    return bool(
        _PLAIN.fullmatch(address) and local and "." in domain and not _FORBIDDEN & {*local, *domain}
    )


def guard(addresses: Iterable[str], settings: Settings) -> None:
    """Refuse a batch in which one address must not be reached.

    Raises Rejected, which names no address, before anything is sent.
    """
    for address in addresses:
        if not address.isascii():
            raise Rejected("an address has letters outside ASCII, which mail servers may not take")
        if not plain_address(address):
            raise Rejected("an address is not one plain address (name@domain)")
        if not allowed(address, settings):
            raise Rejected(refusal(settings))
