"""The head of a campaign file: its schema, and what its fields must mean together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from outreach.domain import Purpose
from outreach.hub import HttpsField, Hub, MailboxField
from outreach.wording import SLUG, suggest
from outreach.yamlfile import Path_

Trigger = Literal["manual", "timetable", "new_pledges"]
Occasion = Literal["edition", "pledge"]
Approval = Literal["person", "standing"]
Goal = Literal["pledged", "none"]
Frequency = Literal["capped", "exempt"]

MIN_ARMS, MAX_ARMS = 2, 5

_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
_Line = Annotated[str, Field(min_length=1, max_length=300)]
_Words = Annotated[str, Field(min_length=1, max_length=2_000)]
_UserId = Annotated[str, Field(min_length=1, max_length=250, pattern=r"^\S+$")]


class SegmentForm(BaseModel):
    """`segment:` as written; an empty list means all."""

    model_config = _STRICT
    sectors: tuple[str, ...] = ()
    ics_areas: tuple[str, ...] = ()
    boroughs: tuple[str, ...] = ()
    job_roles: tuple[str, ...] = ()
    pledged: Annotated[bool | None, Field(strict=True)] = None
    pledged_within_days: Annotated[int | None, Field(ge=1, le=3650)] = None


class ResourceForm(BaseModel):
    """One entry of `resources:` as written."""

    model_config = _STRICT
    title: _Line
    url: HttpsField
    summary: Annotated[str, Field(max_length=500)] = ""
    kind: Annotated[str, Field(max_length=60)] = ""
    published: date | None = None


class ArmForm(BaseModel):
    """One entry of `arms:` as written."""

    model_config = _STRICT
    name: Annotated[str, Field(pattern=SLUG, max_length=20)]
    share: Annotated[int, Field(ge=1, le=1000)]
    subject: Annotated[str, Field(max_length=300)] = ""
    preview: Annotated[str, Field(max_length=300)] = ""


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
    segment: SegmentForm = SegmentForm()
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
    resources: Annotated[tuple[ResourceForm, ...], Field(max_length=50)] = ()
    arms: tuple[ArmForm, ...] = ()

    def ends_with(self) -> str:
        """Return what ends the need to write to somebody ("pledged"), or ''."""
        if self.goal is None:
            return "pledged" if self.segment.pledged is False else ""
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
    yield from _arms(form)
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
    segment = form.segment
    if form.trigger == "new_pledges" and form.occasion != "pledge":
        said = "trigger: new_pledges needs occasion: pledge, so that each pledge is answered once"
        yield ("trigger",), said
    if form.occasion == "pledge" and not (segment.pledged or segment.pledged_within_days):
        said = "occasion: pledge needs a segment of people with a pledge, such as pledged: true"
        yield ("occasion",), said
    if form.renewals and form.occasion != "pledge":
        yield ("renewals",), "renewals needs occasion: pledge: it says which pledges are answered"
    if form.goal == "pledged" and (segment.pledged or segment.pledged_within_days):
        said = "goal: pledged leaves out everyone who has pledged, and the segment asks for them"
        yield ("goal",), said
    if segment.pledged is False and segment.pledged_within_days:
        yield ("segment", "pledged"), "pledged: false and pledged_within_days cannot both hold"


def _arms(form: FrontMatter) -> Iterator[Problem]:
    if form.arms and not MIN_ARMS <= len(form.arms) <= MAX_ARMS:
        said = f"a campaign has {MIN_ARMS} to {MAX_ARMS} arms, not {len(form.arms)}"
        yield ("arms",), f"{said}; or take the field arms out"
    first: dict[str, int] = {}
    for place, arm in enumerate(form.arms):
        if first.setdefault(arm.name, place) != place:
            yield ("arms", place, "name"), f"two arms are called “{arm.name}”; rename one"


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
