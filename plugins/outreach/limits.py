"""How much a deployment sends at most, and at which rates it pauses a campaign by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from outreach.rates import NO_RATES, Rates


@dataclass(frozen=True, slots=True)
class Limits:
    """`limits:`, `rates:` and `warm_up:` of hub.yaml. Shares are in percent; see decision 0013.

    `emails_per_day` counts the whole deployment by London day; `emails_per_person` in `in_days`
    days counts one contact over all campaigns that do not say `frequency: exempt`. None: no limit.
    `audience_moves`: an audience may differ by so many percent from the last edition's.
    """

    emails_per_day: int | None = None
    emails_per_person: int | None = None
    in_days: int = 7
    complaint_warn: float = 0.1
    complaint_pause: float = 0.25
    bounce_pause: float = 5.0
    failure_pause: float = 10.0
    audience_moves: float | None = 20.0
    rates: Rates = NO_RATES


NO_LIMITS = Limits()
"""No limit on how much is sent; the usual rates."""


def percent(value: Any) -> Any:
    """Return `0.25%` as 0.25; anything else as it is, for the schema to judge."""
    if isinstance(value, str) and value.rstrip().endswith("%"):
        return value.rstrip()[:-1].strip()
    return value


def _moves(value: Any) -> Any:
    """Return None for `off`, which YAML reads as false; a percentage otherwise."""
    return None if value is False or value == "off" else percent(value)


_Number = Annotated[int, Field(ge=1, strict=True)]
# Mailbox providers act at 0.3%, so a higher one would pause too late.
_Complaints = Annotated[float, Field(gt=0, lt=0.3), BeforeValidator(percent)]
_Rate = Annotated[float, Field(gt=0, le=100), BeforeValidator(percent)]
Moves = Annotated[float | None, Field(gt=0, le=1_000), BeforeValidator(_moves)]
"""How far an audience may move, in percent of the last one; None: as far as it likes."""


class LimitsForm(BaseModel):
    """`limits:` as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    emails_per_day: _Number | None = None
    emails_per_person: _Number | None = None
    in_days: Annotated[int, Field(ge=1, le=366, strict=True)] = NO_LIMITS.in_days
    complaint_warn: _Complaints = NO_LIMITS.complaint_warn
    complaint_pause: _Complaints = NO_LIMITS.complaint_pause
    bounce_pause: _Rate = NO_LIMITS.bounce_pause
    failure_pause: _Rate = NO_LIMITS.failure_pause
    audience_moves: Moves = NO_LIMITS.audience_moves

    @model_validator(mode="after")
    def _fit_together(self) -> LimitsForm:
        if self.complaint_warn > self.complaint_pause:
            raise ValueError("complaint_warn must be below complaint_pause")
        if "in_days" in self.model_fields_set and self.emails_per_person is None:
            raise ValueError("in_days needs emails_per_person: how many emails in so many days?")
        return self

    def limits(self) -> Limits:
        """Return them as the rest of Outreach knows them."""
        return Limits(**self.model_dump())
