"""Migrations make exactly the tables that the code declares."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from outreach.errors import ConfigError
from outreach.keys import Keys, load_keys
from outreach.ledger import migrate
from outreach.ledger.engine import open_engine
from outreach.ledger.schema import metadata
from outreach.settings import load_settings


# Of an index over an expression SQLAlchemy cannot tell on SQLite what it is over.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrated_ledger_is_what_the_code_declares(nothing_yet: str, tmp_path: Path) -> None:
    keys = load_keys(load_settings({"OUTREACH_HOME": str(tmp_path)}))
    engine = open_engine(nothing_yet)
    migrate.upgrade(engine, keys)
    migrate.upgrade(engine, keys)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert len(migrate.ledger_id(connection)) == 16
    engine.dispose()


def test_head_names_the_newest_migration() -> None:
    config = Config()
    folder = Path(migrate.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_another_address_key_is_refused(engine: sa.Engine, keys: Keys) -> None:
    migrate.upgrade(engine, keys)
    with pytest.raises(ConfigError, match="OUTREACH_ADDRESS_KEY"):
        migrate.upgrade(engine, Keys(b"x" * 32, keys.tokens))


def test_a_time_without_a_zone_is_refused(engine: sa.Engine) -> None:
    from datetime import datetime

    from outreach.ledger.editions import audit

    with pytest.raises(sa.exc.StatementError, match="without a zone"), engine.begin() as c:
        c.execute(sa.insert(audit).values(at=datetime(2026, 1, 1)))  # noqa: DTZ001
