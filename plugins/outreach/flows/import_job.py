"""One file on its way in: what it is, whose word it is, and who asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.flows.shrinking import Guard
from outreach.ledger import imports as ledger
from outreach.records import ImportKind
from outreach.sources.fields import Context
from outreach.sources.reading import Columns

if TYPE_CHECKING:
    from outreach.workspace import Workspace

PEOPLE = frozenset({ImportKind.CONTACTS, ImportKind.PLEDGES})
"""The kinds whose rows are about people."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way in.

    `stated_by` is whose word its rows are. `precedence`: each source that declares one -> how high.
    """

    ws: Workspace
    path: Path
    kind: ImportKind
    source: str
    how: Columns
    by: str
    via: str
    guard: Guard
    shift: bool
    context: Context
    stated_by: str = ""
    precedence: Mapping[str, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """When the import began."""
        return self.context.now

    @property
    def file_name(self) -> str:
        """The file's name, as every database takes it."""
        return ledger.storable(self.path.name)
