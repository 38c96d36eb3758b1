"""The database role of the public app: what it may do in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outreach.ledger.grants import grant_public

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def grant_to_public(ws: Workspace, role: str) -> None:
    """Give a PostgreSQL role exactly what the public app needs. May be repeated.

    Raises ConfigError where the ledger has no roles, or this one is not there or owns it.
    """
    with ws.engine.begin() as connection:
        grant_public(connection, role)
