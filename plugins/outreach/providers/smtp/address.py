"""OUTREACH_SMTP_... -> which server, how it is reached, and as whom."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from outreach.errors import ConfigError
from outreach.providers.allowlist import plain_address
from outreach.settings import Settings, is_loopback

MOST_CONNECTIONS = 100

_NAME = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")


class Tls(StrEnum):
    """When a connection is encrypted: from its first byte, after STARTTLS, or never."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


_PORTS = {Tls.IMPLICIT: 465, Tls.STARTTLS: 587, Tls.NONE: 25}
"""RFC 8314, RFC 6409, RFC 5321."""


@dataclass(frozen=True, slots=True)
class Server:
    """One mail server. `return_path` is '' where each message's From address is to be it."""

    host: str
    port: int
    tls: Tls
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    helo: str = "localhost"
    return_path: str = ""
    connections: int = 8


def server_of(settings: Settings) -> Server:
    """Return the mail server that the settings name.

    Raises ConfigError where it is missing or makes no sense, and where production would send
    letters or a password in clear text to another host.
    """
    if not settings.smtp_url:
        raise ConfigError(
            "no mail server: set OUTREACH_SMTP_URL, such as smtp://user:password@mail.example.org,"
            " or the connection smtp_default"
        )
    parts, port = _parts(settings.smtp_url)
    tls = _tls(parts, settings)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ConfigError("OUTREACH_SMTP_URL has a user without a password, or the reverse")
    return Server(
        host=parts.hostname or "",
        port=port or _PORTS[tls],
        tls=tls,
        user=user,
        password=password,
        helo=_helo(settings),
        return_path=_return_path(settings),
        connections=_connections(settings),
    )


def _parts(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or 0
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), 0  # its words may quote the password
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise ConfigError(
            "OUTREACH_SMTP_URL is not an address such as smtp://user:password@mail.example.org:587"
            " or smtps://...:465; write / and @ in a password as %2F and %40"
        )
    if not _NAME.fullmatch(parts.hostname):
        raise ConfigError("OUTREACH_SMTP_URL names a host with characters that no host has")
    return parts, port


def _tls(parts: SplitResult, settings: Settings) -> Tls:
    asked = parse_qs(parts.query).get("tls", [""])[-1]
    if asked not in ("", "starttls", "none") or (parts.scheme == "smtps" and asked):
        raise ConfigError("OUTREACH_SMTP_URL: tls is starttls or none, and only for smtp://")
    if parts.scheme == "smtps":
        return Tls.IMPLICIT
    here = is_loopback(settings.smtp_url)
    if asked == "starttls" or not (asked or here):
        return Tls.STARTTLS
    if not here and settings.production:
        raise ConfigError(
            "OUTREACH_SMTP_URL asks for tls=none to another host; production needs encryption"
        )
    if not here and parts.username:
        raise ConfigError(
            "OUTREACH_SMTP_URL asks for tls=none to another host, where the password would travel "
            "in clear text"
        )
    return Tls.NONE


def _helo(settings: Settings) -> str:
    """The name to greet with: an address literal where this host has no full name (RFC 5321)."""
    name = settings.smtp_helo or socket.getfqdn()
    if settings.smtp_helo and not _NAME.fullmatch(name):
        raise ConfigError("OUTREACH_SMTP_HELO is not a host's name")
    return name if _NAME.fullmatch(name) and "." in name else "[127.0.0.1]"


def _return_path(settings: Settings) -> str:
    if settings.smtp_return_path and not plain_address(settings.smtp_return_path):
        raise ConfigError("OUTREACH_SMTP_RETURN_PATH is not one plain address (name@domain)")
    return settings.smtp_return_path


def _connections(settings: Settings) -> int:
    text = settings.smtp_connections
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_CONNECTIONS:
        raise ConfigError(f"OUTREACH_SMTP_CONNECTIONS is not a number of 1 to {MOST_CONNECTIONS}")
    return int(text)
