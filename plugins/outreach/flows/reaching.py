"""Ask each link's website whether it answers: only when a person wants it, and never inside.

A campaign's links are its author's words. Following them from the machine that Outreach runs on
must not open what only that machine can see: every address, of redirects too, is looked up
once, refused where it is not public, and then asked by that very number.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urljoin, urlsplit

import httpx

from outreach.campaigns import Campaign
from outreach.checks import BY_NAME, Sample
from outreach.checks.locate import Places
from outreach.checks.sample import UNSUBSCRIBE, VIEW, render
from outreach.errors import Fault
from outreach.hub import Hub
from outreach.wording import shown_path

REACH = "link-reach"
SECONDS, ALTOGETHER = 5.0, 60.0
"""How long one website may keep silent, and how long all of them may take."""

REDIRECTS = 5
_AGENT = {"User-Agent": "Outreach link check"}
_NO_HEAD = frozenset({403, 404, 405, 500, 501, 503})
"""Answers to HEAD that a website may give which answers GET well."""


class _Stays(Exception):
    """A link is not asked any further; its text says why."""


def public_address(host: str, port: int) -> str:
    """Return the number of a public address of `host`. Raises OSError where it has none.

    Where any of its addresses is not public, none is taken.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not numbers or not all(_is_public(number) for number in numbers):
        raise PermissionError
    return str(numbers[0])


def _is_public(number: IPv4Address | IPv6Address) -> bool:
    inner = getattr(number, "ipv4_mapped", None) or getattr(number, "sixtofour", None) or number
    if number.is_reserved:  # such as 64:ff9b::/96, which leads to any IPv4 address behind it
        return False
    return bool(inner.is_global and not inner.is_multicast and number.is_global)


def links_of(campaign: Campaign, samples: Sequence[Sample], hub: Hub) -> list[str]:
    """Return every web address that the variants link to, each once."""
    found: dict[str, None] = {}
    for sample in samples:
        page = render(campaign, hub, sample).page
        found |= dict.fromkeys(anchor.href for anchor in page.anchors)
    ours = (UNSUBSCRIBE, VIEW)
    return [url for url in found if url.startswith("https://") and url not in ours]


def unreached(campaign: Campaign, hub: Hub, samples: Sequence[Sample]) -> tuple[Fault, ...]:
    """Return advice about every link whose website does not answer well."""
    places, file = Places(campaign.source), shown_path(campaign.file)
    return tuple(
        Fault(
            f"the link {url} {said}",
            file,
            places.line((url,)),
            blocking=BY_NAME[REACH].blocking,
            check=REACH,
        )
        for url, said in ask(links_of(campaign, samples, hub))
    )


def ask(
    urls: Iterable[str], transport: httpx.BaseTransport | None = None
) -> Iterator[tuple[str, str]]:
    """Yield (address, what is wrong) for each that does not answer well."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    until = time.monotonic() + ALTOGETHER
    client = httpx.Client(
        timeout=SECONDS, follow_redirects=False, trust_env=False, transport=transport
    )
    with client:
        for url in urls:
            if time.monotonic() > until:
                yield url, "was not asked: the websites before it took too long"
            elif said := _asked(client, url):
                yield url, said


def _asked(client: httpx.Client, url: str) -> str:
    try:
        status = _status(client, "HEAD", url)
        if status in _NO_HEAD:
            status = _status(client, "GET", url)
    except _Stays as error:
        return str(error)
    except PermissionError:
        return "leads to an address inside a private network; readers cannot open it"
    except (OSError, UnicodeError, ValueError):
        return "leads to a website that there is not, or its name cannot be looked up"
    except httpx.TimeoutException:
        return f"did not answer within {SECONDS:g} seconds; try it in a browser"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"cannot be opened ({type(error).__name__}); try it in a browser"
    if status in (404, 410):
        return f"leads to a page that there is not ({status}); mend it"
    if status in (401, 403, 429):
        return f"lets no program look ({status}); try it in a browser, without logging in"
    return f"answers with an error ({status}); try it in a browser" if status >= 400 else ""


def _status(client: httpx.Client, method: str, url: str) -> int:
    for _ in range(REDIRECTS + 1):
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise _Stays("is sent on to an address without https; link to where it should lead")
        number = public_address(parts.hostname, parts.port or 443)
        asked = httpx.URL(url).copy_with(host=number)
        # The name goes to the server, and its certificate is held against the name.
        headers = {**_AGENT, "Host": parts.netloc.rpartition("@")[2]}
        names = {"sni_hostname": parts.hostname}
        with client.stream(method, asked, headers=headers, extensions=names) as reply:
            if not reply.has_redirect_location:
                return reply.status_code
            url = urljoin(url, reply.headers["location"])
    raise _Stays("is sent on again and again; link to where it should lead")
