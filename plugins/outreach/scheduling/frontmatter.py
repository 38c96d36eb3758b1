"""The fields of a campaign file that say when: how they are written, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Annotated, Any, Protocol

from pydantic import BeforeValidator

from outreach.errors import InputError
from outreach.scheduling.steps import read_after
from outreach.scheduling.timetable import DaysOff, Timetable
from outreach.scheduling.words import read_time

DEFAULT_GRACE = 2
"""By how many working days a step may be overdue and still goes."""

_EXAMPLE = "timetable: every Tuesday 10:00"


def _one_text(value: Any) -> Any:
    """Return a list of dates as one text; anything else as it is, for the schema to judge."""
    if isinstance(value, list):
        return ", ".join(_moment(one) for one in value)
    return _moment(value) if isinstance(value, date) else value


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        raise ValueError(f"{value} says no time; write {value} 10:00")
    return str(value)


def _clock(value: Any) -> Any:
    # YAML reads 10:00 without quotes as a number to the base of 60.
    text = f"{value // 60:02}:{value % 60:02}" if type(value) is int else str(value)
    return f"{_said(read_time, text):%H:%M}"


def _step(value: Any) -> Any:
    return _said(read_after, str(value)).words


def _said(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except InputError as error:
        raise ValueError(str(error)) from None


TimetableText = Annotated[str, BeforeValidator(_one_text)]
"""Cron, words, or dates joined by commas."""

AtText = Annotated[str, BeforeValidator(_clock)]
"""A time of the day as HH:MM."""

AfterText = Annotated[str, BeforeValidator(_step)]
"""Such as "7 days" or "5 working days"."""

Problem = tuple[tuple[str | int, ...], str]


class Fields(Protocol):
    """What of a campaign's fields is asked here."""

    @property
    def trigger(self) -> str: ...  # noqa: D102
    @property
    def timetable(self) -> str: ...  # noqa: D102
    @property
    def working_days_only(self) -> bool: ...  # noqa: D102
    @property
    def next_working_day(self) -> bool: ...  # noqa: D102
    @property
    def after_pledge(self) -> str: ...  # noqa: D102
    @property
    def at(self) -> str: ...  # noqa: D102
    @property
    def journey(self) -> str: ...  # noqa: D102
    @property
    def grace_working_days(self) -> int | None: ...  # noqa: D102
    @property
    def goal(self) -> str | None: ...  # noqa: D102
    @property
    def renewals(self) -> bool: ...  # noqa: D102
    def days_off(self) -> DaysOff: ...  # noqa: D102


def timetable_problems(form: Fields) -> Iterator[Problem]:
    """Yield (field path, message) for what is wrong with a timetable and what goes with it."""
    by_timetable = form.trigger == "timetable"
    if by_timetable and not form.timetable:
        yield ("trigger",), f"say when: add {_EXAMPLE}"
    if form.timetable and not by_timetable:
        yield ("timetable",), "a timetable needs trigger: timetable"
    if form.timetable and (wrong := Timetable(form.timetable, form.days_off()).problem()):
        yield ("timetable",), wrong
    for name in ("working_days_only", "next_working_day"):
        if getattr(form, name) and not by_timetable:
            yield (name,), f"{name} needs trigger: timetable"
    if form.working_days_only and form.next_working_day:
        said = "a slot on a day off is left out or moved, not both; keep one of"
        yield ("next_working_day",), f"{said} working_days_only and next_working_day"


def journey_problems(form: Fields) -> Iterator[Problem]:
    """Yield (field path, message) for what is wrong with a step after a pledge."""
    if form.trigger != "after_pledge":
        for name in ("after_pledge", "at", "journey", "grace_working_days"):
            if getattr(form, name) not in ("", None):
                yield (name,), f"{name} needs trigger: after_pledge"
        if form.goal == "renewed":
            yield ("goal",), "goal: renewed needs trigger: after_pledge"
        return
    if not form.after_pledge:
        yield ("trigger",), "say how long after a pledge: add after_pledge: 7 days"
    if not form.at:
        yield ("trigger",), 'say at which time of the day: add at: "10:00"'
    if form.goal == "pledged":
        yield ("goal",), "goal: pledged leaves out everyone who has pledged; write goal: renewed"
    if form.goal == "renewed" and form.renewals:
        said = "goal: renewed ends the journey at a renewal, and renewals: true begins it anew"
        yield ("goal",), f"{said}; keep one of them"
