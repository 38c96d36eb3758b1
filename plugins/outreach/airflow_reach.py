"""How sources get outside: Airflow's connections, its object storage and its Graph hook."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from outreach.airflow_bridge import connection_in_airflow
from outreach.sources.places.base import SECONDS, Connection, Unreachable


class AirflowReach:
    """How places get outside: by Airflow's connections, object storage and Graph hook."""

    def connection(self, name: str) -> Connection:
        """Return the connection `name`. Raises Unreachable where there is none."""
        found = connection_in_airflow(name)
        if found is None:
            raise Unreachable(
                f"Airflow has no connection “{name}”; add it under Admin, Connections"
            )
        return Connection(
            name,
            *(found.host or "", found.schema or "", found.port),
            *(found.login or "", found.password or "", found.extra_dejson),
        )

    def storage(self, url: str, connection: str) -> Any:
        """Return the fsspec filesystem of an object store's URL."""
        from airflow.sdk import ObjectStoragePath

        if connection:
            self.connection(connection)
        # It writes each request to the log, and an object's name may name a person.
        logging.getLogger("azure").setLevel(logging.WARNING)
        return ObjectStoragePath(url, conn_id=connection or None).fs

    def graph(self, path: str, connection: str) -> Mapping[str, Any]:
        """Return what Graph says of one item, {} where there is none. Raises Unreachable."""
        from airflow.providers.microsoft.azure.hooks.msgraph import KiotaRequestAdapterHook
        from airflow.sdk.exceptions import AirflowNotFoundException

        self.connection(connection)
        hook = KiotaRequestAdapterHook(connection, timeout=SECONDS)

        async def ask() -> Any:
            try:
                return await hook.run(url=path)
            finally:
                await hook.close()  # it belongs to this call's loop

        try:
            found = asyncio.run(ask())
        except AirflowNotFoundException:
            return {}
        except Exception as error:  # of Kiota, Azure Identity, httpx: each has its own
            raise Unreachable(_of_graph(error, connection)) from None
        return found if isinstance(found, dict) else {}


def _of_graph(error: Exception, connection: str) -> str:
    """Return what Graph, or the log-in before it, said: never its own text, which may hold keys."""
    status = getattr(error, "response_status_code", None)
    kind = type(error).__name__
    advice = f"check the connection “{connection}” and what its app may read"
    if kind in ("ClientAuthenticationError", "PermissionError"):
        return f"Microsoft Graph refused us; {advice}"
    if status in (429, 500, 502, 503, 504):
        return f"Microsoft Graph is busy ({status}); it comes with a later pull"
    return f"Microsoft Graph answered with {status or kind}; {advice}"
