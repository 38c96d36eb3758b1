"""Where links lead: only to https or a mailbox, and never to what hides or pretends."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from rapidfuzz.distance import OSA

from outreach.checks.lists import websites
from outreach.checks.sample import UNSUBSCRIBE, VIEW, Finding, Rendered
from outreach.rendering.images import is_asset

MANY = 20
"""Links of a message, its foot included; more are a choice nobody makes."""

_FOLDED = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s", "-": ""})
_NEAR = 1
_LONG = 8
"""Letters a trusted name has before one of them differing is taken for a look-alike: of short
names, such as ico and ics, both are somebody's."""


def check_links(rendered: Rendered) -> Iterator[Finding]:
    """Judge every link and image address of the HTML."""
    page = rendered.page
    images = (image.src for image in page.images if not is_asset(image.src))
    urls = dict.fromkeys([*(a.href for a in page.anchors), *images])
    for url in urls:
        if url in (UNSUBSCRIBE, VIEW):
            continue
        if said := link_problem(url):
            yield Finding("link-unsafe", said, (url,))
            continue
        host = _host(url)
        if instead := known_bad(host):
            yield Finding("link-known-bad", f"the link “{url}”: {instead}", (url,))
        elif like := looks_like(host, rendered.hub.website):
            near = (url, _decoded(host), host)
            yield Finding("link-look-alike", f"the link “{url}” {like}", near)
    if len(page.anchors) > MANY:
        said = f"there are {len(page.anchors)} links; say what matters most, with {MANY} at most"
        yield Finding("link-count", said, (page.anchors[0].href,))


def link_problem(url: str) -> str:
    """Return why a link may not be sent, or ''. Only https and mailto may."""
    if not url.strip():
        return "a link leads nowhere; write its address"
    if not url.isprintable() or "\\" in url or " " in url.removeprefix("mailto:"):
        said = f"the link “{ascii(url)[1:-1]}” holds a space, a backslash or a hidden character"
        return f"{said}; copy it anew"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return f"the link “{url}” is not an address; copy it anew from the browser"
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else f"the link “{url}” names no mailbox; add it"
    if parts.scheme != "https":
        return f"the link “{url}” must begin with https:// or mailto:"
    if not host or "." not in host:
        return f"the link “{url}” names no website; copy it anew from the browser"
    if "@" in parts.netloc:
        return f"the link “{url}” holds a name or password before an @; take it out"
    if _is_number(host):
        return f"the link “{url}” leads to a number and no name; write the website’s name"
    return ""


def known_bad(host: str) -> str:
    """Return why a website is known to be bad and what to do, or ''."""
    labels = host.split(".")
    above = (".".join(labels[n:]) for n in range(len(labels)))
    return next((found for name in above if (found := websites().known_bad.get(name))), "")


def looks_like(host: str, hub_website: str) -> str:
    """Return what a website's name pretends to be, in words, or ''."""
    if not host:
        return ""
    trusted = (*websites().trusted, _host(hub_website).removeprefix("www."))
    if any(host == name or host.endswith(f".{name}") for name in trusted if name):
        return ""
    if scripts := mixed_scripts(_decoded(host)):
        return f"mixes letters of {scripts} in its name; type it anew"
    if not _decoded(host).isascii():
        return "has letters in its name that are not A to Z; write it as the website itself does"
    for name in filter(None, trusted):
        if f".{name}." in f".{host}.":
            return f"holds “{name}” and is another website; check where it leads"
        if _nearly(host.removeprefix("www."), name):
            return f"looks like “{name}” and is another website; check how it is spelt"
    return ""


def mixed_scripts(word: str) -> str:
    """Return the alphabets that one word mixes, as “Latin and Cyrillic”, or ''."""
    scripts = {
        unicodedata.name(letter, "").partition(" ")[0].capitalize()
        for letter in word
        if letter.isalpha()
    } & {"Latin", "Cyrillic", "Greek", "Armenian", "Cherokee", "Coptic", "Mathematical"}
    return " and ".join(sorted(scripts)) if len(scripts) > 1 else ""


def _nearly(host: str, name: str) -> bool:
    """Whether `host`, or the end of it that is as long, is spelt almost as `name`."""
    labels = host.split(".")
    if any(label.replace("-", "") == name.replace(".", "") for label in labels):
        return True
    end = labels[-name.count(".") - 1 :]
    if ".".join(end) == name:
        return False
    if _folded(".".join(end)) == _folded(name):
        return True
    other = _folded(name.partition(".")[0])
    if len(other) < _LONG:
        return False
    near = (OSA.distance(_folded(one), other, score_cutoff=_NEAR) <= _NEAR for one in labels)
    return any(near)


def _folded(host: str) -> str:
    return host.translate(_FOLDED).replace("rn", "m").replace("vv", "w")


def _decoded(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_number(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host.replace(".", "").isdigit()
    return True
