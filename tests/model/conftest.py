"""A deployment for the machine: its ledger is emptied, not made again, for each example."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from outreach.settings import Settings
from outreach.workspace import Workspace, open_workspace


@pytest.fixture
def ws(settings: Settings) -> Iterator[Workspace]:
    """A migrated deployment; SQLite need not wait for the disk here, where nothing crashes."""
    workspace = open_workspace(settings)
    if workspace.engine.dialect.name == "sqlite":
        workspace.engine.dispose()
        sa.event.listen(
            workspace.engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF")
        )
    yield workspace
    workspace.engine.dispose()
