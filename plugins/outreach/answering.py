"""How approvers are helped to answer in time: reminders, deputies, copies. Parts of hub.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from outreach.errors import Fault
from outreach.yamlfile import Located


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


class Colleagues(Protocol):
    """What hub.yaml says of colleagues."""

    @property
    def colleagues(self) -> Mapping[str, str]:
        """Who is emailed where, by user id."""

    @property
    def deputies(self) -> Mapping[str, tuple[str, ...]]:
        """Approver -> who may answer for them."""

    @property
    def seeds(self) -> tuple[str, ...]:
        """Who gets a copy of each edition."""


def colleague_faults(form: Colleagues, at: Located, file: str) -> list[Fault]:
    """Return seeds without an address, and approvers who stand in for themselves."""
    nowhere = "is not among the colleagues, so no copy can reach them"
    faults = [
        Fault(f"“{who}” {nowhere}", file, at.line(("seeds", place)))
        for place, who in enumerate(form.seeds)
        if who not in form.colleagues
    ]
    return faults + [
        Fault(f"“{who}” cannot be their own deputy", file, at.line(("deputies", who)))
        for who in stand_in(form.deputies)
    ]
