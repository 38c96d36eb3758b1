"""The log-in to a web address, from an Airflow connection."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from outreach.errors import Fault
from outreach.sources.places.base import Connection, Reach, Unreachable
from outreach.sources.places.http import Web


def web_for(source: str, url: str, connection: str, auth: str, reach: Reach) -> Web:
    """Return what asks `url` with the connection's secret. Raises Unreachable."""
    if auth == "none":
        return Web(source)
    known = reach.connection(connection)
    _refuse_stranger(source, url, known)
    if auth == "basic":
        return Web(source, auth=httpx.BasicAuth(known.login, known.password))
    headers = {"Authorization": f"Bearer {known.password}"} if auth == "bearer" else _headers(known)
    if not (known.password if auth == "bearer" else headers):
        where = "password" if auth == "bearer" else 'extra, as {"headers": {"NAME": "SECRET"}}'
        said = f"the connection “{connection}” holds no secret in its {where}"
        raise Unreachable(Fault(said, source))
    return Web(source, headers=headers)


def _headers(known: Connection) -> dict[str, str]:
    given = known.extra.get("headers")
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}


def _refuse_stranger(source: str, url: str, known: Connection) -> None:
    """A secret goes only to the server that its connection names."""
    host = known.host.partition("://")[2] or known.host
    host = host.partition("/")[0].rpartition("@")[2]
    asked = urlsplit(url)
    if host and host.lower() not in (asked.netloc.lower(), (asked.hostname or "").lower()):
        said = f"its address is not on the server of the connection “{known.name}”"
        raise Unreachable(Fault(f"{said}; mend one of the two", source))
