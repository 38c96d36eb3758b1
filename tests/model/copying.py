"""The whole ledger read, replaced and emptied, as backing up and restoring do."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from outreach.ledger.columns import metadata
from outreach.ledger.editions import fact
from outreach.ledger.migrate import ADDRESS_KEY_CHECK, LEDGER_ID
from outreach.workspace import Workspace
from tests.model.book import delivery_rows


def read_deliveries(ws: Workspace) -> dict[tuple[int, int], Any]:
    """Every delivery of the ledger, by (edition id, contact id)."""
    with ws.engine.connect() as connection:
        return delivery_rows(connection)


def read_everything(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    with engine.connect() as connection:
        return {
            t.name: [dict(r) for r in connection.execute(sa.select(t)).mappings()]
            for t in metadata.sorted_tables
        }


def write_everything(engine: sa.Engine, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Replace the whole ledger, its counters of new ids included, as restoring a backup does."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
        for table in metadata.sorted_tables:
            if rows.get(table.name):
                connection.execute(sa.insert(table), rows[table.name])
            if connection.dialect.name == "postgresql" and "id" in table.c:
                last = max((row["id"] for row in rows.get(table.name, [])), default=0)
                counter = sa.func.pg_get_serial_sequence(table.name, "id")
                connection.execute(sa.select(sa.func.setval(counter, last + 1, False)))


def emptied(ws: Workspace) -> None:
    """Empty the ledger, keeping its identity, and its claim journal."""
    with ws.engine.connect() as connection:
        kept = connection.execute(
            sa.select(fact).where(fact.c.name.in_([LEDGER_ID, ADDRESS_KEY_CHECK]))
        ).mappings()
        identity = [dict(row) for row in kept]
    write_everything(ws.engine, {"fact": identity})
    ws.settings.journal.unlink(missing_ok=True)
