"""Airflow connection texts (URI or JSON) -> settings fields, without importing Airflow.

The two forms are those of `AIRFLOW_CONN_*` variables:
https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html
"""

from __future__ import annotations

import json
from urllib.parse import quote, unquote, urlsplit

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
