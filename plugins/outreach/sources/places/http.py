"""HTTP for places: patient with a busy server, bounded, and in plain text only at home."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx

from outreach.errors import Fault
from outreach.settings import is_loopback
from outreach.sources.places.base import MAX_BYTES, SECONDS, Unreachable

TRIES = 5
LONGEST_WAIT = 120.0
"""Seconds: a server that asks for more patience is left for the next pull."""

_UNCHANGED = 304
_ANSWERS = {
    300: "the server sends us on to another address, and a secret is not sent after it; if the "
    "new address is right, write it in sources.yaml",
    404: "there is nothing at this address (404); check the path in sources.yaml",
    410: "there is nothing at this address any more (410); check the path in sources.yaml",
}
_BUSY = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Saved:
    """What came with a file: its media type, its tag, and whether it is still as it was."""

    media_type: str
    tag: str
    unchanged: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a server may keep silent and take over everything (seconds), and its bytes."""

    silence: float = SECONDS
    altogether: float = 1800.0
    most: int = MAX_BYTES


class Web:
    """Asks one server, as source `source`. Nothing of an address or a reply is in its errors."""

    def __init__(
        self,
        source: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | None = None,
        sleep: Callable[[float], None] = time.sleep,
        bounds: Bounds | None = None,
    ) -> None:
        # It writes each address to the log, and some of them are secrets.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._source = source
        self._sleep = sleep
        self._bounds = bounds or Bounds()
        self._left = self._bounds.most
        self._until = time.monotonic() + self._bounds.altogether
        self._client = httpx.Client(
            headers={"User-Agent": "Outreach", **(headers or {})},
            auth=auth,
            timeout=self._bounds.silence,
            trust_env=True,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def read(self, url: str, parameters: Mapping[str, str] | None = None) -> bytes:
        """Return what `url` answers. Raises Unreachable."""
        with self._asked(url, parameters) as reply:
            return b"".join(self._bounded(reply))

    def save(self, url: str, target: Path, tag: str = "") -> Saved:
        """Write what `url` answers to `target`, unless it still has `tag`. Raises Unreachable."""
        known = {"If-None-Match": tag} if tag else None
        with self._asked(url, headers=known) as reply, target.open("wb") as file:
            for block in self._bounded(reply):
                file.write(block)
            media_type = str(reply.headers.get("content-type", "")).partition(";")[0]
            now = str(reply.headers.get("etag", ""))
            return Saved(media_type.strip().lower(), now, reply.status_code == _UNCHANGED)

    def fault(self, said: str) -> Unreachable:
        """Return an error that names the source."""
        return Unreachable(Fault(said, self._source))

    @contextmanager
    def _asked(
        self,
        url: str,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        if urlsplit(url).scheme != "https" and not is_loopback(url):
            raise self.fault("the address must begin with https://")
        try:
            for number in range(1, TRIES + 1):
                asked = self._client.stream("GET", url, params=parameters or None, headers=headers)
                with asked as reply:
                    if reply.status_code in (200, _UNCHANGED):
                        yield reply
                        return
                    wait = self._patience(reply, number)
                self._sleep(wait)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self.fault(_in_words(error, self._bounds.silence)) from None

    def _patience(self, reply: httpx.Response, number: int) -> float:
        """Return how many seconds to wait before another try. Raises Unreachable."""
        status = reply.status_code
        if status in (401, 403):
            raise self.fault(
                f"the server refused us ({status}); check the secret in the Airflow connection"
            )
        if status not in _BUSY:
            said = _ANSWERS.get(status // 100 * 100 if status < 400 else status, "")
            said = said or f"the server answered {status}; check the address in sources.yaml"
            raise self.fault(said)
        asked = _asked_for(reply)
        wait = float(2 ** (number - 1)) if asked is None else asked
        if number == TRIES or wait > LONGEST_WAIT:
            raise self.fault(f"the server is busy ({status}); it comes with a later pull")
        return wait

    def _bounded(self, reply: httpx.Response) -> Iterator[bytes]:
        for block in reply.iter_bytes():
            self._left -= len(block)
            if self._left < 0:
                most = self._bounds.most >> 20
                raise self.fault(f"more than {most} MB, the most that is fetched")
            if time.monotonic() > self._until:
                raise self.fault("the server is too slow; nothing was taken. Pull again later")
            yield block


def _in_words(error: Exception, silence: float) -> str:
    """Return what went wrong on the way, and what to do; nothing of the address."""
    again = "check the address, or pull again later"
    if isinstance(error, httpx.ConnectError):
        return f"the server could not be reached; {again}"
    if isinstance(error, httpx.TimeoutException):
        return f"the server did not answer within {silence:g} seconds; {again}"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.DecodingError):
        return "the server's answer broke off or is damaged; nothing was taken. Pull again later"
    return f"the server could not be asked ({type(error).__name__}); {again}"


def _asked_for(reply: httpx.Response) -> float | None:
    """Return the seconds that Retry-After asks for, None where it does not."""
    said = reply.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said[:6])
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
