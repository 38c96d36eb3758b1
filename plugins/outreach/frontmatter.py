"""The head of a campaign file: its schema, and what its fields must mean together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from outreach.answering import stand_in
from outreach.domain import Purpose
from outreach.hub import Hub
from outreach.hubform import HttpsField, MailboxField
from outreach.limits import Moves
from outreach.scheduling.frontmatter import (
    DEFAULT_GRACE,
    AfterText,
    AtText,
    TimetableText,
    journey_problems,
    timetable_problems,
)
from outreach.scheduling.steps import After, read_after
from outreach.scheduling.timetable import DaysOff
from outreach.segments import EVERYONE, Segment, read
from outreach.wording import SLUG, suggest
from outreach.yamlfile import Path_

Trigger = Literal["manual", "timetable", "new_pledges", "new_resources", "after_pledge"]
Occasion = Literal["edition", "pledge"]
Approval = Literal["person", "standing"]
Goal = Literal["pledged", "renewed", "none"]
Frequency = Literal["capped", "exempt"]

MIN_ARMS, MAX_ARMS = 2, 5

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


class DigestForm(BaseModel):
    """`digest:` as written: how much of what is new one email brings."""

    model_config = _STRICT
    max: Annotated[int, Field(ge=1, le=50)] = 10
    min: Annotated[int, Field(ge=1, le=50)] = 1
    since_days: Annotated[int, Field(ge=1, le=366)] = 90


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
    timetable: TimetableText = ""
    working_days_only: Annotated[bool, Field(strict=True)] = False
    next_working_day: Annotated[bool, Field(strict=True)] = False
    after_pledge: AfterText = ""
    at: AtText = ""
    journey: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,64}$")] = ""
    grace_working_days: Annotated[int | None, Field(ge=0, le=20)] = None
    segment: Annotated[SegmentForm, BeforeValidator(_as_form)] = SegmentForm()
    occasion: Occasion = "edition"
    renewals: Annotated[bool, Field(strict=True)] = False
    digest: DigestForm | None = None
    goal: Goal | None = None
    frequency: Frequency | None = None
    approval: Approval = "person"
    approvers: tuple[_UserId, ...] = ()
    deputies: dict[_UserId, Annotated[tuple[_UserId, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    audience_limit: Moves = None
    seeds: tuple[_UserId, ...] | None = None
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
            return "pledged" if self.segment.segment().wants_no_pledge else ""
        return "" if self.goal == "none" else self.goal

    def answers(self) -> Occasion:
        """Return what one message stands for: a step after a pledge stands for that pledge."""
        return "pledge" if self.trigger == "after_pledge" else self.occasion

    def days_off(self) -> DaysOff:
        """Return what becomes of a slot at a weekend or on a bank holiday."""
        if self.next_working_day:
            return DaysOff.MOVE
        return DaysOff.SKIP if self.working_days_only else DaysOff.SEND

    def step(self) -> After | None:
        """Return how long after a pledge this is due, where that is what starts it."""
        return read_after(self.after_pledge) if self.after_pledge else None

    def grace(self) -> int:
        """Return by how many working days a step may be overdue and still goes."""
        return DEFAULT_GRACE if self.grace_working_days is None else self.grace_working_days

    def limits_its_audience(self) -> bool:
        """Whether it says itself how far its audience may move."""
        return "audience_limit" in self.model_fields_set

    def is_capped(self) -> bool:
        """Whether the hub's limit of emails per person applies."""
        if self.frequency is None:
            return self.answers() != "pledge"
        return self.frequency == "capped"


Problem = tuple[Path_, str]


def disagreements(form: FrontMatter, hub: Hub) -> Iterator[Problem]:
    """Yield (field path, message) for fields that are each right but do not fit together."""
    yield from timetable_problems(form)
    yield from journey_problems(form)
    yield from _occasion(form)
    yield from _digest(form)
    yield from _segment(form.segment, hub)
    yield from _arms(form)
    approvers = set(form.approvers or hub.approvers) - {form.owner}
    yield from _colleagues(form, hub)
    if form.approval == "person" and not approvers:
        said = f"nobody could approve this: its owner “{form.owner}” may not; name another approver"
        yield ("approvers",), said


def _colleagues(form: FrontMatter, hub: Hub) -> Iterator[Problem]:
    known = form.approvers or hub.approvers
    for approver in form.deputies:
        if approver not in known:
            said = f"“{approver}” is no approver of this campaign{suggest(approver, known)}"
            yield ("deputies", approver), said
    for approver in stand_in(form.deputies):
        yield ("deputies", approver), f"“{approver}” cannot be their own deputy"
    for place, seed in enumerate(form.seeds or ()):
        if seed not in hub.colleagues:
            said = f"“{seed}” is not among the colleagues in hub.yaml"
            yield ("seeds", place), said + suggest(seed, hub.colleagues)


def _occasion(form: FrontMatter) -> Iterator[Problem]:
    segment = form.segment.segment()
    if form.trigger == "new_pledges" and form.occasion != "pledge":
        said = "trigger: new_pledges needs occasion: pledge, so that each pledge is answered once"
        yield ("trigger",), said
    pledges_alone = form.occasion == "pledge" and form.trigger != "after_pledge"
    if pledges_alone and not segment.wants_pledge:
        said = "occasion: pledge needs a segment of people with a pledge, such as pledged: true"
        yield ("occasion",), said
    if form.renewals and form.answers() != "pledge":
        yield ("renewals",), "renewals needs occasion: pledge: it says which pledges are answered"
    if form.goal == "pledged" and segment.wants_pledge:
        said = "goal: pledged leaves out everyone who has pledged, and the segment asks for them"
        yield ("goal",), said
    if segment.wants_pledge and segment.wants_no_pledge:
        said = "it asks for people with a pledge and for people without one: nobody is both"
        yield ("segment", "pledged"), said


def _digest(form: FrontMatter) -> Iterator[Problem]:
    digest = form.digest
    if digest is None:
        if form.trigger == "new_resources":
            said = "trigger: new_resources needs digest:, with max: 10 on the next line, indented"
            yield ("trigger",), said
        return
    if form.occasion == "pledge":
        yield ("occasion",), "a digest cannot answer pledges; leave occasion out"
    if form.approval == "standing":
        said = "what a digest brings is new each time, so a person must see it: approval: person"
        yield ("approval",), said
    if digest.min > digest.max:
        yield ("digest", "min"), f"min is over max: nobody would get more than {digest.max}"


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
