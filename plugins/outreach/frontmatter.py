"""The head of a campaign file: its schema, and what its fields must mean together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from outreach.domain import Purpose
from outreach.hub import Hub, MailboxField
from outreach.segments import EVERYONE, Segment, read
from outreach.wording import suggest
from outreach.yamlfile import Path_

Trigger = Literal["manual", "timetable", "new_pledges"]
Occasion = Literal["edition", "pledge"]
Approval = Literal["person", "standing"]
Goal = Literal["pledged", "none"]
Frequency = Literal["capped", "exempt"]

_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
_Line = Annotated[str, Field(min_length=1, max_length=300)]
_Words = Annotated[str, Field(min_length=1, max_length=2_000)]
_Value = Annotated[str, Field(min_length=1, max_length=300)]
_UserId = Annotated[str, Field(min_length=1, max_length=250, pattern=r"^\S+$")]


class SegmentForm(BaseModel):
    """`segment:` as written; an empty list means all. `rule` is a text of the segment language,
    and stands alone where `segment:` is a text."""

    model_config = _STRICT
    sectors: tuple[_Value, ...] = ()
    ics_areas: tuple[_Value, ...] = ()
    boroughs: tuple[_Value, ...] = ()
    job_roles: tuple[_Value, ...] = ()
    pledged: Annotated[bool | None, Field(strict=True)] = None
    pledged_within_days: Annotated[int | None, Field(ge=1, le=3650)] = None
    rule: Annotated[str | None, Field(min_length=1)] = None

    def segment(self) -> Segment:
        """Return whom it selects; a `rule` that cannot be read, a fault of its own, sets none."""
        rule = read(self.rule).rule if self.rule else None
        return Segment.of(**self.model_dump(exclude={"rule"}), rule=rule or EVERYONE)


def _as_form(value: Any) -> Any:
    return {"rule": value} if isinstance(value, str) else value


class FrontMatter(BaseModel):
    """The fields between the two `---` lines."""

    model_config = _STRICT
    title: _Line
    purpose: Purpose
    basis_reason: _Words
    sender: MailboxField | None = None
    reply_to: MailboxField | None = None
    subject: _Line
    preview: Annotated[str, Field(max_length=300)] = ""
    trigger: Trigger = "manual"
    timetable: str = ""
    working_days_only: Annotated[bool, Field(strict=True)] = False
    segment: Annotated[SegmentForm, BeforeValidator(_as_form)] = SegmentForm()
    occasion: Occasion = "edition"
    renewals: Annotated[bool, Field(strict=True)] = False
    goal: Goal | None = None
    frequency: Frequency | None = None
    approval: Approval = "person"
    approvers: tuple[_UserId, ...] = ()
    owner: _UserId
    late_after_hours: Annotated[int, Field(ge=1, le=168)] = 4
    layout: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "standard"
    category: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")] = ""
    why: Annotated[str, Field(max_length=500)] = ""

    def ends_with(self) -> str:
        """Return what ends the need to write to somebody ("pledged"), or ''."""
        if self.goal is None:
            return "pledged" if self.segment.segment().wants_no_pledge else ""
        return "" if self.goal == "none" else self.goal

    def is_capped(self) -> bool:
        """Whether the hub's limit of emails per person applies."""
        if self.frequency is None:
            return self.occasion != "pledge"
        return self.frequency == "capped"


Problem = tuple[Path_, str]


def disagreements(form: FrontMatter, hub: Hub) -> Iterator[Problem]:
    """Yield (field path, message) for fields that are each right but do not fit together."""
    yield from _trigger(form)
    yield from _occasion(form)
    yield from _segment(form.segment, hub)
    approvers = set(form.approvers or hub.approvers) - {form.owner}
    if form.approval == "person" and not approvers:
        said = f"nobody could approve this: its owner “{form.owner}” may not; name another approver"
        yield ("approvers",), said


def _trigger(form: FrontMatter) -> Iterator[Problem]:
    if form.trigger == "timetable" and not form.timetable:
        yield ("trigger",), 'say when: add timetable: "0 10 * * 2" (Tuesdays at 10:00)'
    if form.timetable and form.trigger != "timetable":
        yield ("timetable",), "a timetable needs trigger: timetable"
    if form.timetable and (wrong := cron_problem(form.timetable)):
        yield ("timetable",), wrong
    if form.working_days_only and form.trigger != "timetable":
        yield ("working_days_only",), "working_days_only needs trigger: timetable"


def _occasion(form: FrontMatter) -> Iterator[Problem]:
    segment = form.segment.segment()
    if form.trigger == "new_pledges" and form.occasion != "pledge":
        said = "trigger: new_pledges needs occasion: pledge, so that each pledge is answered once"
        yield ("trigger",), said
    if form.occasion == "pledge" and not segment.wants_pledge:
        said = "occasion: pledge needs a segment of people with a pledge, such as pledged: true"
        yield ("occasion",), said
    if form.renewals and form.occasion != "pledge":
        yield ("renewals",), "renewals needs occasion: pledge: it says which pledges are answered"
    if form.goal == "pledged" and segment.wants_pledge:
        said = "goal: pledged leaves out everyone who has pledged, and the segment asks for them"
        yield ("goal",), said
    if segment.wants_pledge and segment.wants_no_pledge:
        said = "it asks for people with a pledge and for people without one: nobody is both"
        yield ("segment", "pledged"), said


def _segment(segment: SegmentForm, hub: Hub) -> Iterator[Problem]:
    known = {"sectors": hub.sectors, "ics_areas": hub.ics_areas, "boroughs": hub.boroughs}
    for name, right in known.items():
        for index, given in enumerate(getattr(segment, name)):
            if given not in right:
                said = f"“{given}” is not among the {name} in hub.yaml{suggest(given, right)}"
                yield ("segment", name, index), said


_CRON_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
_CRON_NAMES = {
    "month": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "day of the week": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}
_CRON_PART = re.compile(r"(\*|\w+(?:-\w+)?)(?:/(\d+))?")


def cron_problem(timetable: str) -> str:
    """Return what is wrong with a five-field cron text, or ''."""
    fields = timetable.split()
    if len(fields) != len(_CRON_FIELDS):
        return (
            f"a timetable has five parts (minute hour day month weekday), not {len(fields)}; "
            'Tuesdays at 10:00 is "0 10 * * 2"'
        )
    for text, (name, low, high) in zip(fields, _CRON_FIELDS, strict=True):
        if not all(_cron_part_fits(part, name, low, high) for part in text.split(",")):
            return f"the {name} of the timetable, “{text}”, is not {low} to {high}"
    return ""


def _cron_part_fits(part: str, name: str, low: int, high: int) -> bool:
    match = _CRON_PART.fullmatch(part)
    if not match or match.group(2) == "0":
        return False
    if match.group(1) == "*":
        return True
    numbers = [_cron_number(text, name, low) for text in match.group(1).split("-")]
    return all(low <= number <= high for number in numbers) and numbers == sorted(numbers)


def _cron_number(text: str, name: str, low: int) -> int:
    names = _CRON_NAMES.get(name, [])
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if text.isascii() and text.isdecimal() else -1
