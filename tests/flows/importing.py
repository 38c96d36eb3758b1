"""What tests of imports and people start from: a deployment of their own, and small files."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from outreach.hub import load_hub
from outreach.keys import Keys
from outreach.ledger.schema import metadata
from outreach.settings import ROOT, Settings
from outreach.workspace import Workspace

WHO = {"by": "lee", "via": "test"}


def own_workspace(settings: Settings, keys: Keys, engine: sa.Engine, root: Path) -> Workspace:
    """Return a workspace whose contacts/ folder stands under `root`."""
    return Workspace(replace(settings, root=root), keys, load_hub(ROOT / "hub.yaml"), engine)


def table(path: Path, *rows: tuple[object, ...]) -> Path:
    """Write rows as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def rows_of(engine: sa.Engine, name: str) -> list[dict[str, Any]]:
    """Return every row of one table, in the order of its key."""
    chosen = metadata.tables[name]
    with engine.connect() as connection:
        found = connection.execute(sa.select(chosen).order_by(*chosen.primary_key.columns))
        return [dict(row) for row in found.mappings()]


def people_tables(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    """Return everything that imports may write about people."""
    names = ("contact", "basis", "pledge", "suppression", "organisation")
    return {name: rows_of(engine, name) for name in names}
