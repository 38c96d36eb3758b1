"""A JSON HTTP API: every page of it, or only what is new since the last pull, as one JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from outreach.sources.jsonfile import at
from outreach.sources.places.base import Api, Copy, Found, Reach
from outreach.sources.places.webauth import web_for

MAX_PAGES = 10_000


class ApiPlace:
    """One address that lists records."""

    def __init__(
        self, source: str, url: str, connection: str, api: Api, records: str, reach: Reach
    ) -> None:
        self._source = source
        self._url = url
        self._connection = connection
        self._api = api
        self._records = records
        self._reach = reach

    def look(self) -> tuple[Found, ...]:
        """Return the address as one thing; whether it has anything new shows on asking."""
        return (Found(self._url.partition("?")[0], f"{self._source}.json"),)

    def fetch(self, found: Found, folder: Path, cursor: str) -> Copy:
        """Ask for every page, from `cursor` on; write the records. Raises Unreachable."""
        target, number, newest = folder / found.name, 0, cursor
        with target.open("w", encoding="utf-8") as file:
            for reply, records in self._pages(cursor):
                for record in records:
                    file.write(",\n" if number else "[\n")
                    json.dump(record, file, ensure_ascii=False)
                    number += 1
                newest = self._newest(newest, reply, records)
            file.write("\n]\n" if number else "[]\n")
        return Copy(target, newest, empty=not number)

    def _newest(self, known: str, reply: Any, records: list[Any]) -> str:
        since = self._api.since
        if since is None:
            return ""
        if since.reply:
            told = at(reply, since.reply)
            return str(told) if told not in (None, "") else known
        texts = [str(text) for record in records if (text := at(record, since.field)) is not None]
        return max([known, *texts], key=_order)

    def _pages(self, cursor: str) -> Iterator[tuple[Any, list[Any]]]:
        """Yield each reply with its records."""
        api = self._api
        address, parameters, seen = self._url, self._parameters(cursor), {""}
        offset, token, before = 0, "", None
        with web_for(self._source, self._url, self._connection, api.auth, self._reach) as web:
            for number in range(MAX_PAGES):
                if api.paging == "page":
                    token = str(api.first + number)
                elif api.paging == "offset":
                    token = str(offset)
                if token and api.paging != "next_link":
                    parameters[api.parameter] = token
                reply = self._read(web, address, parameters)
                records = self._listed(web, reply)
                if records and records == before:
                    raise web.fault(
                        "it gives the same page again and again; check `paging` and `parameter`"
                    )
                before = records
                yield reply, records
                offset += len(records)
                if not (token := self._next(reply, records)):
                    return
                if api.paging in ("next_link", "cursor"):
                    if token in seen:
                        raise web.fault("its pages go round in a circle; nothing was taken")
                    seen.add(token)
                if api.paging == "next_link":
                    address, parameters = self._link(web, token), {}
        raise web.fault(f"more than {MAX_PAGES:,} pages; nothing was taken")

    def _parameters(self, cursor: str) -> dict[str, str]:
        found = dict(self._api.parameters)
        if self._api.size_parameter:
            found[self._api.size_parameter] = str(self._api.size)
        if self._api.since and cursor:
            found[self._api.since.parameter] = cursor
        return found

    def _next(self, reply: Any, records: list[Any]) -> str:
        """Return what leads to the next page; for numbered pages any text; '' at the end."""
        api = self._api
        if api.paging in ("next_link", "cursor"):
            told = at(reply, api.next)
            return "" if told in (None, "", False) else str(told)
        if api.paging == "none" or not records:
            return ""
        full = not api.size_parameter or len(records) >= api.size
        return "more" if full else ""

    def _link(self, web: Any, told: str) -> str:
        address = urljoin(self._url, told)
        ours, theirs = urlsplit(self._url), urlsplit(address)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            # Our secret goes with every request.
            raise web.fault("its next page is on another server, which it was not asked to trust")
        return address

    def _read(self, web: Any, address: str, parameters: Mapping[str, str]) -> Any:
        text = web.read(address, parameters)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise web.fault("the reply is not JSON; check the address in sources.yaml") from None

    def _listed(self, web: Any, reply: Any) -> list[Any]:
        found = at(reply, self._records) if self._records else reply
        if not isinstance(found, list):
            where = f"at {self._records}" if self._records else "at the top"
            raise web.fault(f"the reply has no list of records {where}; mend `records`")
        return found


def _order(text: str) -> tuple[int, float, str]:
    """Order numbers as numbers, times as times, and anything else as text."""
    with suppress(ValueError):
        return (1, float(text), "")
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return (2, moment.timestamp(), text)
    return (3 if text else 0, 0.0, text)
