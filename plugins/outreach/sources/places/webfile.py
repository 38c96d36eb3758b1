"""A file or feed at a web address; asked with its last tag, so that the same comes only once."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from outreach.sources.places.base import Copy, Found, Reach, file_name
from outreach.sources.places.webauth import web_for

_ENDINGS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/rss+xml": ".rss",
    "application/atom+xml": ".rss",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


class WebFilePlace:
    """One address whose answer is a whole file."""

    def __init__(self, source: str, url: str, connection: str, auth: str, reach: Reach) -> None:
        self._source = source
        self._url = url
        self._connection = connection
        self._auth = auth
        self._reach = reach

    def look(self) -> tuple[Found, ...]:
        """Return the address as one thing; whether it is new shows on asking."""
        path = PurePosixPath(unquote(urlsplit(self._url).path))
        name = file_name(path.name if path.suffix else "", self._source)
        return (Found(self._url.partition("?")[0], name),)

    def fetch(self, found: Found, folder: Path, cursor: str) -> Copy:
        """Bring the file into `folder`, unless it still has the tag `cursor`."""
        target = folder / found.name
        with web_for(self._source, self._url, self._connection, self._auth, self._reach) as web:
            reply = web.save(self._url, target, tag=cursor)
        if not target.suffix and reply.media_type in _ENDINGS:
            target = target.rename(target.with_suffix(_ENDINGS[reply.media_type]))
        return Copy(target, reply.tag or cursor, empty=reply.unchanged)
