"""How long a deployment keeps what it holds: `retention:` of hub.yaml."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

KEEP = "keep"
"""Written instead of days: nothing of this goes by itself."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that each thing is kept; None keeps it. docs/privacy.md says what goes by each rule."""

    raw_events: int | None = 90
    quarantined_rows: int | None = 180
    processed_files: int | None = 180
    refused_files: int | None = 30
    outbox_files: int | None = 90
    sent_messages: int | None = 730
    events: int | None = 1095
    leavers: int | None = 365
    never_mailable: int | None = 730
    history: int | None = None

    def rules(self) -> Mapping[str, int]:
        """Return rule -> days, of the rules by which something goes."""
        return {name: days for name, days in asdict(self).items() if days is not None}

    @property
    def digest(self) -> str:
        """Text that changes when a rule does: what a person confirmed was this."""
        said = ",".join(f"{one.name}={getattr(self, one.name)}" for one in fields(self))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


USUAL = Retention()
"""The rules where hub.yaml says nothing."""


def _keep(value: Any) -> Any:
    return None if value == KEEP else value


_Days = Annotated[int | None, Field(ge=7, le=36_500, strict=True), BeforeValidator(_keep)]


class RetentionForm(BaseModel):
    """`retention:` as written: days, 7 or more, or `keep`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    raw_events: _Days = USUAL.raw_events
    quarantined_rows: _Days = USUAL.quarantined_rows
    processed_files: _Days = USUAL.processed_files
    refused_files: _Days = USUAL.refused_files
    outbox_files: _Days = USUAL.outbox_files
    sent_messages: _Days = USUAL.sent_messages
    events: _Days = USUAL.events
    leavers: _Days = USUAL.leavers
    never_mailable: _Days = USUAL.never_mailable
    history: _Days = USUAL.history

    def retention(self) -> Retention:
        """Return the rules as the rest of Outreach knows them."""
        return Retention(**self.model_dump())
