"""RSS and Atom feeds of new resources, as rows of a table.

feedparser is given the bytes: it asks no network. Documents that declare a type are refused
before it sees them, since that is where entities that unfold without end are declared.
"""

from __future__ import annotations

import html
import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from outreach.errors import Fault, InputError

MAX_SIZE = 20 * 1024 * 1024
HEADINGS = ["Resource key", "Title", "URL", "Summary", "Published at"]

_TAG = re.compile(r"<[^>]*>")
_SUMMARY = 2_000


def guard(path: Path) -> None:
    """Raise InputError where the feed is too large or declares entities."""
    if path.stat().st_size > MAX_SIZE:
        raise InputError(Fault(f"a feed larger than {MAX_SIZE >> 20} MB is not read", path.name))
    # In UTF-16 there is a NUL beside each letter.
    if b"<!doctype" in path.read_bytes().replace(b"\0", b"").lower():
        said = "the feed declares a document type, which feeds do not need; it was not read"
        raise InputError(Fault(said, path.name))


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number, cells): the headings as row 1, the first entry as row 2."""
    import feedparser  # 0.1 s, and only feeds need it

    feed = feedparser.parse(path.read_bytes(), sanitize_html=False, resolve_relative_uris=False)
    if not feed.version:
        raise InputError(Fault("it is neither an RSS nor an Atom feed", path.name))
    if feed.bozo and not feed.entries:
        raise InputError(Fault("the feed is damaged; nothing in it can be read", path.name))
    yield 1, HEADINGS
    for number, entry in enumerate(feed.entries, 2):
        link = str(entry.get("link", ""))
        summary = _plain(entry.get("summary", ""))[:_SUMMARY]
        key, title = str(entry.get("id", "")) or link, _plain(entry.get("title", ""))
        yield number, [key, title, link, summary, _when(entry)]


def _plain(text: Any) -> str:
    """Return a text without its HTML; what is left is data and never markup."""
    return " ".join(html.unescape(_TAG.sub(" ", str(text))).split())


def _when(entry: Any) -> str:
    parsed = entry.get("published_parsed") or entry.get("updated_parsed")
    return datetime.fromtimestamp(timegm(parsed), UTC).isoformat() if parsed else ""
