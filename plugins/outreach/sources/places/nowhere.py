"""The reach of a process without Airflow: it has no connection to anything outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from outreach.sources.places.base import Connection, Unreachable


class NoReach:
    """Says of everything that Airflow is needed for it."""

    def connection(self, name: str) -> Connection:
        """Raise Unreachable."""
        _refuse(f"the connection “{name}”")

    def storage(self, url: str, connection: str) -> Any:
        """Raise Unreachable."""
        _refuse("object storage")

    def graph(self, path: str, connection: str) -> Mapping[str, Any]:
        """Raise Unreachable."""
        _refuse("Microsoft Graph")


def _refuse(what: str) -> NoReturn:
    said = "is reached through Airflow, which is not here; pull it with the DAG contacts"
    raise Unreachable(f"{what} {said}")
