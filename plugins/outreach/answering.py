"""How approvers are helped to answer in time: reminders, deputies, copies. Parts of hub.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class Reminders:
    """`reminders:` of hub.yaml: whether halfway to the deadline, and so many hours before it."""

    halfway: bool = True
    hours_before: float = 1.0


USUAL_REMINDERS = Reminders()


class RemindersForm(BaseModel):
    """`reminders:` as written; `hours_before: 0` sends no last one."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    halfway: Annotated[bool, Field(strict=True)] = USUAL_REMINDERS.halfway
    hours_before: Annotated[float, Field(ge=0, le=72)] = USUAL_REMINDERS.hours_before

    def reminders(self) -> Reminders:
        """Return them as the rest of Outreach knows them."""
        return Reminders(**self.model_dump())


def stand_in(deputies: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return, in words, which deputies could never answer: nobody stands in for themself."""
    return [approver for approver, named in deputies.items() if approver in named]
