"""Airflow connection texts (URI or JSON) -> settings fields, without importing Airflow.

The two forms are those of `AIRFLOW_CONN_*` variables:
https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from outreach.errors import ConfigError


def sendgrid_fields(connection: str) -> dict[str, str]:
    """Return `sendgrid_api_key` and `sendgrid_base_url` from a connection's text."""
    parts = _parts(connection)
    return {
        "sendgrid_api_key": parts["password"],
        "sendgrid_base_url": base_url(parts["host"], parts["port"], parts["schema"]),
    }


def smtp_fields(connection: str) -> dict[str, str]:
    """Return `smtp_url` from a connection's text."""
    parts = _parts(connection)
    return smtp_url(
        parts["host"], parts["port"], parts["login"], parts["password"], _extra(connection)
    )


def smtp_url(
    host: str, port: str, login: str, password: str, extra: Mapping[str, object]
) -> dict[str, str]:
    """Return `smtp_url` from a connection's fields; none where it has no host.

    `extra` is what Airflow's SMTP hook reads: TLS from the first byte where `disable_ssl` is given
    and false, or on port 465; no encryption at all where `disable_ssl` and `disable_tls` both hold.
    """
    if not host:
        return {}
    user = quote(login, safe="")
    secret = f"{user}:{quote(password, safe='')}@" if login else ""
    place = f"[{host}]" if ":" in host else host
    address = f"{secret}{place}" + (f":{port}" if port else "")
    ssl = extra.get("disable_ssl")
    if port == "465" or (ssl is not None and not _holds(ssl)):
        return {"smtp_url": f"smtps://{address}"}
    never = _holds(ssl) and _holds(extra.get("disable_tls"))
    return {"smtp_url": f"smtp://{address}" + ("?tls=none" if never else "")}


def _holds(value: object) -> bool:
    return str(value).lower() in ("true", "1", "yes")


def _extra(connection: str) -> dict[str, object]:
    """A connection's extra: in JSON an object or its text, in a URI the query."""
    text = connection.strip()
    if not text.startswith("{"):
        query = parse_qs(urlsplit(text).query)
        return {name: values[-1] for name, values in query.items()}
    found = json.loads(text).get("extra") or {}
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            raise ConfigError("AIRFLOW_CONN_...: its extra is not valid JSON") from None
    return found if isinstance(found, dict) else {}


def aws_fields(connection: str) -> dict[str, str]:
    """Return the keys and the region of an AWS connection, as settings of their own names."""
    parts = _parts(connection)
    try:
        region = str(_extra(connection).get("region_name") or "")
    except ConfigError:
        region = ""  # sources use this connection too: only where SES is used is a region missed
    return {
        "OUTREACH_SES_ACCESS_KEY_ID": parts["login"],
        "OUTREACH_SES_SECRET_ACCESS_KEY": parts["password"],
        "OUTREACH_SES_REGION": region,
    }


CONNECTIONS: dict[str, Callable[[str], dict[str, str]]] = {
    "sendgrid_default": sendgrid_fields,
    "smtp_default": smtp_fields,
    "aws_default": aws_fields,
}
"""Airflow's connection -> what it fills in, by field or by setting."""


def as_text(connection: Any) -> str:
    """Return a connection of Airflow's as the JSON text that `CONNECTIONS` read."""
    names = ("login", "password", "host", "port", "schema")
    found = {name: getattr(connection, name) for name in names}
    return json.dumps({**found, "extra": connection.extra})


def base_url(host: str, port: str = "", schema: str = "") -> str:
    """Return the base URL that a connection's host stands for; empty where there is none."""
    if not host:
        return ""
    address = host if "://" in host else f"{schema or 'https'}://{host}"
    try:
        has_port = urlsplit(address).port is not None
    except ValueError:
        raise ConfigError("AIRFLOW_CONN_...: the host is not an address") from None
    return address.rstrip("/") + ("" if has_port or not port else f":{port}")


def _parts(connection: str) -> dict[str, str]:
    text = connection.strip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"AIRFLOW_CONN_...: not valid JSON at {error}") from None
        names = ("password", "host", "port", "schema", "login")
        return {name: str(found.get(name) or "") for name in names}
    try:
        uri = urlsplit(text)
        port = str(uri.port or "")
    except ValueError:
        # The error's own text quotes a part of the address, which may be the password.
        raise ConfigError(
            "AIRFLOW_CONN_...: not a connection's address; write / and @ in a password as %2F "
            "and %40, or use the JSON form"
        ) from None
    return {
        "password": unquote(uri.password or ""),
        "host": unquote(uri.hostname or ""),
        "port": port,
        "schema": uri.path.strip("/"),
        "login": unquote(uri.username or ""),
    }
