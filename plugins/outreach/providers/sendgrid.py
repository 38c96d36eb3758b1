"""SendGrid's v3 mail API: one request per batch, each reply turned into what to do next.

SendGrid has no idempotency key, so whatever may have been taken is doubt, never a retry.
"""

from __future__ import annotations

import json
import ssl
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from outreach.errors import (
    ConfigError,
    HandOverError,
    InDoubt,
    MustStop,
    NotSent,
    Rejected,
    TooLarge,
)
from outreach.providers.allowlist import guard
from outreach.providers.base import Handover, Note, Receipt
from outreach.providers.deadline import Deadline
from outreach.providers.filling import without_addresses
from outreach.providers.people import by_column
from outreach.providers.sendgrid_payload import MAX_RECIPIENTS, payload
from outreach.settings import SENDGRID_URL, Settings, is_loopback

# Connecting is the only wait before the first byte, and a claim may wait 5 s for that.
_TIMEOUT = httpx.Timeout(connect=4.0, write=30.0, read=60.0, pool=4.0)
_BEFORE_THE_BODY = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_REPLY_BYTES = 65_536

EXCHANGE = 120.0
"""Seconds that one hand-over may take in all, far below the lease of its claim."""

_LONGEST_WAIT = 600.0
_USUAL_WAIT = 30.0


class SendGrid:
    """Hands a batch over in one request. The API key appears in no text that it raises."""

    name = "sendgrid"
    batch_size = MAX_RECIPIENTS
    in_flight = 8
    networked = True

    def __init__(self, settings: Settings, timeout: httpx.Timeout = _TIMEOUT) -> None:
        self._settings = settings
        self._timeout = timeout
        self._trusted = _trusted(settings)
        self._free: deque[_Lane] = deque()
        self._lanes: list[_Lane] = []
        self._free.append(self._new_lane())

    def hand_over(self, handover: Handover) -> Receipt:
        """Post the batch. Raises one of the five HandOverErrors; see `verdict`."""
        guard(by_column(handover.recipients).addresses, self._settings)
        body = payload(handover)
        with self._lane() as lane:
            return _exchange(lane, body, handover)

    @contextmanager
    def _lane(self) -> Iterator[_Lane]:
        try:
            lane = self._free.pop()
        except IndexError:
            lane = self._new_lane()
        try:
            yield lane
        finally:
            self._free.append(lane)

    def _new_lane(self) -> _Lane:
        lane = _Lane(client(self._settings, self._timeout, self._trusted), Deadline())
        self._lanes.append(lane)
        return lane

    def close(self) -> None:
        """Let go of connections."""
        for lane in self._lanes:
            lane.client.close()


@dataclass(frozen=True, slots=True)
class _Lane:
    """A connection that one thread uses at a time, and what cuts it."""

    client: httpx.Client
    deadline: Deadline

    def posted(self, body: bytes) -> AbstractContextManager[httpx.Response]:
        """Post one batch on it."""
        extensions = {"trace": self.deadline.trace}
        return self.client.stream("POST", "/v3/mail/send", content=body, extensions=extensions)


def _exchange(lane: _Lane, body: bytes, handover: Handover) -> Receipt:
    try:
        with lane.deadline.of(EXCHANGE), lane.posted(body) as response:
            if response.status_code == httpx.codes.ACCEPTED:
                _let_it_be_used_again(response)
                return Receipt(response.headers.get("X-Message-Id", ""))
            raise verdict(response.status_code, response.headers, _words(response, handover))
    except httpx.UnsupportedProtocol:
        raise MustStop("OUTREACH_SENDGRID_BASE_URL is not an https address") from None
    except _BEFORE_THE_BODY as error:
        raise NotSent(
            f"no connection to SendGrid ({type(error).__name__})", retry_after=_USUAL_WAIT
        ) from None
    except httpx.HTTPError as error:
        raise InDoubt(
            f"the connection to SendGrid was lost before its reply ({type(error).__name__})"
        ) from None


def _let_it_be_used_again(response: httpx.Response) -> None:
    """Read a reply to its end where that needs no wait: else its connection is closed.

    A new one takes several round trips, and more work than a whole batch.
    """
    if response.headers.get("Content-Length") == "0":
        _read(response)


def client(
    settings: Settings, timeout: httpx.Timeout = _TIMEOUT, trusted: ssl.SSLContext | None = None
) -> httpx.Client:
    """Return an HTTP client for SendGrid's API that follows no redirect.

    `trusted` are the authorities it believes, the usual ones where none are given. Raises
    ConfigError where the API key is missing or would travel in the clear.
    """
    if not settings.sendgrid_api_key:
        raise ConfigError(
            "no SendGrid API key: set OUTREACH_SENDGRID_API_KEY or the connection sendgrid_default"
        )
    if not settings.sendgrid_api_key.isascii() or not settings.sendgrid_api_key.isprintable():
        raise ConfigError("OUTREACH_SENDGRID_API_KEY holds characters that no key has")
    clear = not settings.production or is_loopback(settings.sendgrid_base_url)
    schemes = ("https", "http") if clear else ("https",)
    if _scheme(settings.sendgrid_base_url) not in schemes:
        raise ConfigError(
            f"OUTREACH_SENDGRID_BASE_URL is not an {' or '.join(schemes)} address; production "
            "needs https"
        )
    headers = {
        "Authorization": f"Bearer {settings.sendgrid_api_key}",
        "Content-Type": "application/json",
    }
    try:
        return httpx.Client(
            base_url=settings.sendgrid_base_url,
            headers=headers,
            timeout=timeout,
            follow_redirects=False,
            verify=trusted or True,
        )
    except httpx.InvalidURL:
        raise ConfigError("OUTREACH_SENDGRID_BASE_URL is not an address") from None


def notes(settings: Settings) -> Iterator[Note]:
    """Yield what there is to know of SendGrid's settings."""
    yield Note("SendGrid API key", f"from {settings.origin('sendgrid_api_key')}")
    if settings.sendgrid_base_url != SENDGRID_URL:
        yield Note("SendGrid address", settings.sendgrid_base_url, "not SendGrid's")


def _trusted(settings: Settings) -> ssl.SSLContext:
    """Return whom all connections trust. Read once: that takes longer than a request."""
    if _scheme(settings.sendgrid_base_url) == "https":
        return httpx.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nobody, where nothing is encrypted


def _scheme(address: str) -> str:
    """Return an address's scheme, or '' where it is no address of a host."""
    try:
        parts = urlsplit(address)
        return parts.scheme if parts.hostname else ""
    except ValueError:
        return ""


def verdict(status: int, headers: Mapping[str, str], words: str) -> HandOverError:
    """Return what a reply other than 202 means for the batch.

    `words` are the provider's own, without personal data.
    """
    said = f"SendGrid answered {status}" + (f": {words}" if words else "")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return NotSent(said, retry_after=_wait(headers), everyone=True)
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return MustStop(f"{said}; {_mend(status)}, then resume the edition")
    if status in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED) or 300 <= status < 400:
        return MustStop(f"{said}; OUTREACH_SENDGRID_BASE_URL does not lead to SendGrid's API")
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(said)
    if status == httpx.codes.REQUEST_TIMEOUT or not 400 <= status < 500:
        return InDoubt(f"{said}, which does not say whether it took the batch")
    return Rejected(said)


def _mend(status: int) -> str:
    if status == httpx.codes.UNAUTHORIZED:
        return "check that the API key is right and that the account has credit"
    return (
        "check that the API key may send mail (scope mail.send) and that the From address is a "
        "verified sender"
    )


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds until SendGrid takes requests again, from X-RateLimit-Reset (Unix time)."""
    try:
        wait = float(headers.get("X-RateLimit-Reset", "")) - time.time()
    except ValueError:
        return _USUAL_WAIT
    return min(max(1.0, wait), _LONGEST_WAIT)  # in this order "nan" is 1


def _words(response: httpx.Response, handover: Handover) -> str:
    """The provider's messages, without any address or value of this batch."""
    words = "; ".join(_messages(_read(response)))
    words = without_addresses(words)
    values = {value for r in handover.recipients for value in r.values if len(value) > 2}
    for value in sorted((v for v in values if v in words), key=len, reverse=True):
        words = words.replace(value, "(a value)")
    return " ".join(words.split())[:300]


def _read(response: httpx.Response) -> bytes:
    read = b""
    try:
        for part in response.iter_bytes():
            read += part
            if len(read) > _REPLY_BYTES:
                break
    except httpx.HTTPError:
        pass  # the status has said what matters
    return read


def _messages(reply: bytes) -> list[str]:
    try:
        errors = json.loads(reply)["errors"]
        return [_message(error) for error in errors if error.get("message")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _message(error: dict[str, Any]) -> str:
    place = f" ({error['field']})" if error.get("field") else ""
    return f"{error['message']}{place}"
