"""Airflow connection texts (URI or JSON) -> settings fields, without importing Airflow.

The two forms are those of `AIRFLOW_CONN_*` variables:
https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

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
    if not parts["host"]:
        return {"smtp_url": ""}
    login = quote(parts["login"], safe="")
    secret = f"{login}:{quote(parts['password'], safe='')}@" if login else ""
    port = f":{parts['port']}" if parts["port"] else ""
    return {"smtp_url": f"smtp://{secret}{parts['host']}{port}"}


def aws_fields(connection: str) -> dict[str, str]:
    """Return the keys and the region of an AWS connection, as settings of their own names."""
    parts = _parts(connection)
    return {
        "OUTREACH_SES_ACCESS_KEY_ID": parts["login"],
        "OUTREACH_SES_SECRET_ACCESS_KEY": parts["password"],
        "OUTREACH_SES_REGION": parts["region_name"],
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
        parts = {name: str(found.get(name) or "") for name in names}
        return {**parts, "region_name": _region(found.get("extra"))}
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
        "region_name": dict(parse_qsl(uri.query)).get("region_name", ""),
    }


def _region(extra: Any) -> str:
    """Return `region_name` of a connection's extra fields, which are JSON or JSON in a text."""
    try:
        found = json.loads(extra) if isinstance(extra, str) else extra
    except ValueError:
        return ""
    return str(found.get("region_name") or "") if isinstance(found, dict) else ""
