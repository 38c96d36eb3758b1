"""`quiet_hours:` and `freezes:` of hub.yaml as written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from outreach.clock import LONDON
from outreach.errors import InputError
from outreach.scheduling.closing import Closings, Freeze, QuietHours
from outreach.scheduling.words import read_date, read_moment, read_time

_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, populate_by_name=True)


def _time(value: Any) -> Any:
    # YAML reads 19:00 without quotes as a number to the base of 60.
    text = f"{value // 60:02}:{value % 60:02}" if type(value) is int else str(value)
    return _said(read_time, text)


def _begins(value: Any) -> Any:
    return _moment(value)


def _ends(value: Any) -> Any:
    """A day is meant with its evening: it ends with the next one."""
    return _moment(value, timedelta(days=1))


def _moment(value: Any, whole_day: timedelta = timedelta(0)) -> datetime:
    if isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date) or re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)):
        day = _said(read_date, str(value)) + whole_day
        wall = datetime.combine(day, time())
    else:
        wall = _said(read_moment, str(value))
    return wall.replace(tzinfo=LONDON).astimezone(UTC)


def _said(read: Any, text: str) -> Any:
    try:
        return read(text)
    except InputError as error:
        raise ValueError(str(error)) from None


class QuietHoursForm(BaseModel):
    """`quiet_hours:`."""

    model_config = _STRICT
    begins: Annotated[time, BeforeValidator(_time), Field(alias="from")]
    ends: Annotated[time, BeforeValidator(_time), Field(alias="to")]
    weekends: Annotated[bool, Field(strict=True)] = False
    bank_holidays: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _some_time_is_left(self) -> QuietHoursForm:
        if self.begins == self.ends:
            raise ValueError("quiet_hours must begin and end at different times of the day")
        return self


class FreezeForm(BaseModel):
    """One of `freezes:`."""

    model_config = _STRICT
    begins: Annotated[datetime, BeforeValidator(_begins), Field(alias="from")]
    ends: Annotated[datetime, BeforeValidator(_ends), Field(alias="to")]
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    besides: Annotated[tuple[str, ...], Field(alias="except")] = ()

    @model_validator(mode="after")
    def _ends_later(self) -> FreezeForm:
        if self.ends <= self.begins:
            raise ValueError("a freeze must end after it begins; look at its from and to")
        return self


def closings(quiet: QuietHoursForm | None, freezes: tuple[FreezeForm, ...]) -> Closings:
    """Return them as the rest of Outreach knows them."""
    return Closings(
        QuietHours(**quiet.model_dump()) if quiet else None,
        tuple(Freeze(**one.model_dump()) for one in freezes),
    )
