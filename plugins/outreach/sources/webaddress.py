"""Web addresses of resources: which are safe to send, and which lead to the same page."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from outreach.sources.values import BadValue

_MOST = 1_000
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.I)
_TRACKING = re.compile(
    r"(?:utm|mtm|pk|matomo|hsa|oly|vero)_.*|_hs(?:enc|mi)|mc_[ce]id|mkt_tok|fbclid|gclid|dclid"
    r"|gbraid|wbraid|msclkid|yclid|igshid|ml_subscriber(?:_hash)?|_ga|_gl|ref_src|wt\.mc_id",
    re.IGNORECASE,
)
"""Query parameters that say who followed a link and from where, and nothing of the page."""

_ROUTE = ("/", "!")
"""How a fragment begins that chooses the page itself, as some sites have it."""


def read_web_address(text: str) -> str:
    """Return an address that may stand in an email as it is. Raises BadValue."""
    url = text.strip()
    if not url.lower().startswith("https://") or any(c in url for c in " \\@<>\"'`^{}|"):
        raise BadValue("link is not a web address", "a link begins with https:// and has no spaces")
    if not url.isascii() or not url.isprintable() or len(url) > _MOST:
        raise BadValue("link is not a web address", "copy it from the browser's address bar")
    if not _is_public(_split(url)):
        raise BadValue("link leads to no public website", "name the site, as in https://www.nhs.uk")
    return url


def page_of(url: str) -> str:
    """Return an address so written that it is the same for every link to the same page.

    The host is in small letters and the scheme is left out; tracking parameters, a slash at the
    end and a place on the page go; parameters stand in the order of their names.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    query = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(pair[0])
    ]
    asked = f"?{urlencode(sorted(query))}" if query else ""
    route = f"#{parts.fragment}" if parts.fragment.startswith(_ROUTE) else ""
    return f"{host}{parts.path.rstrip('/')}{asked}{route}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadValue(
            "link is not a web address", "copy it from the browser's address bar"
        ) from None
    return parts


def _is_public(parts: SplitResult) -> bool:
    """Whether a host is a name that others can look up, at the usual port."""
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return False
    inner = host.endswith((".local", ".localhost", ".internal", ".invalid", ".test", ".onion"))
    return bool(_HOST.fullmatch(host)) and not inner and parts.port in (None, 443)
