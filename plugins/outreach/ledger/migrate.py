"""Bring the ledger's tables up to date, safely when several processes start at once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from outreach.errors import ConfigError
from outreach.keys import Keys
from outreach.ledger.editions import fact
from outreach.ledger.engine import reading
from outreach.ledger.facts import get_fact

HEAD = "0011"
"""The newest revision under migrations/versions (a test compares)."""

LEDGER_ID = "ledger id"
ADDRESS_KEY_CHECK = "address key check"

_LOCK = 7_046_029_254
"""An arbitrary number: PostgreSQL's advisory lock for migrating."""


def upgrade(engine: sa.Engine, keys: Keys) -> None:
    """Run the missing migrations, then make sure that the address key is the ledger's own.

    Raises ConfigError where OUTREACH_ADDRESS_KEY differs from the one the data was made with.
    """
    if _revision(engine) != HEAD:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            run_migrations(connection)
    _check_identity(engine, keys)


def ledger_id(connection: sa.Connection) -> str:
    """Return the id this ledger was given when it was made; a restored backup keeps it."""
    return get_fact(connection, LEDGER_ID)


def _revision(engine: sa.Engine) -> str:
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar())


def run_migrations(connection: sa.Connection) -> None:
    """Run the missing migrations within the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _check_identity(engine: sa.Engine, keys: Keys) -> None:
    with reading(engine) as connection:
        rows = connection.execute(sa.select(fact.c.name, fact.c.value))
        known: dict[str, str] = dict(rows.all())
    if LEDGER_ID not in known:
        _write_identity(engine, keys)
    elif known.get(ADDRESS_KEY_CHECK) != keys.check_value():
        raise ConfigError(
            "OUTREACH_ADDRESS_KEY is not the key this ledger was made with. Put the old key back "
            "(from OUTREACH_HOME/address.key or your backup): without it suppressions and "
            "erasures are not recognised"
        )


def _write_identity(engine: sa.Engine, keys: Keys) -> None:
    now = datetime.now(UTC)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        if ledger_id(connection):
            return
        rows = ((LEDGER_ID, secrets.token_hex(8)), (ADDRESS_KEY_CHECK, keys.check_value()))
        connection.execute(
            sa.insert(fact), [{"name": name, "value": value, "at": now} for name, value in rows]
        )
