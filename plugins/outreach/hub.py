"""`hub.yaml` -> Hub: the one organisation that this deployment serves."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from outreach.answering import USUAL_REMINDERS, Reminders, RemindersForm, colleague_faults
from outreach.domain import Mailbox
from outreach.errors import Fault, InputError
from outreach.limits import NO_LIMITS, Limits, LimitsForm
from outreach.retention import USUAL, Retention, RetentionForm
from outreach.scheduling.closing import NEVER_CLOSED, Closings
from outreach.scheduling.closingform import FreezeForm, QuietHoursForm, closings
from outreach.wording import schema_faults, shown_path
from outreach.yamlfile import Located, read_yaml

_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_UNSEEN = frozenset(
    {
        *("limits", "colleagues", "retention", "quiet_hours", "freezes"),
        *("deputies", "reminders", "seeds", "seed_variants"),
    }
)
"""What is for colleagues alone: readers see nothing of it."""

_LEAST_CONTRAST = 4.5
_PAIRS = (
    ("text", "panel"),
    ("text", "page"),
    ("link", "panel"),
    ("link", "page"),
    ("brand_text", "brand"),
    ("button_text", "button"),
)


@dataclass(frozen=True, slots=True)
class Area:
    """One Integrated Care System area, and how many there answered the 2021 survey."""

    name: str
    survey_answers: int


@dataclass(frozen=True, slots=True)
class AreaFact:
    """What the component `area-fact` says after its number.

    Of an area: `before`, its name, `after`. Of all of them: `answers` people and `everywhere`.
    """

    answers: int
    before: str
    after: str
    everywhere: str


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one scheme, as `#rrggbb`; text on its ground reaches 4.5:1."""

    page: str
    panel: str
    text: str
    link: str
    brand: str
    brand_text: str
    button: str
    button_text: str


@dataclass(frozen=True, slots=True)
class Hub:
    """Brand, areas, boroughs, sectors and senders.

    `digest` changes when `hub.yaml` does, other than in what is for colleagues alone (`_UNSEEN`).
    `colleagues` maps Airflow user ids to where they are emailed; `deputies` an approver to who
    may answer for them; `seeds` get a copy of each edition, of its `seed_variants` largest;
    `closings` are its quiet hours and freezes.
    """

    name: str
    short_name: str
    identity: str
    why: str
    website: str
    wres_url: str
    privacy_url: str
    sectors: tuple[str, ...]
    areas: tuple[Area, ...]
    boroughs: tuple[str, ...]
    sender: Mailbox
    reply_to: Mailbox | None
    approvers: tuple[str, ...]
    light: Palette
    dark: Palette
    limits: Limits = NO_LIMITS
    retention: Retention = USUAL
    colleagues: Mapping[str, str] = field(default_factory=dict)
    closings: Closings = NEVER_CLOSED
    deputies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reminders: Reminders = USUAL_REMINDERS
    seeds: tuple[str, ...] = ()
    seed_variants: int = 3
    area_fact: AreaFact | None = None
    digest: str = field(default="", repr=False)

    @property
    def survey_answers(self) -> Mapping[str, int]:
        """Area name -> how many people there answered the 2021 survey."""
        return MappingProxyType({area.name: area.survey_answers for area in self.areas})

    @property
    def ics_areas(self) -> tuple[str, ...]:
        """The names of the areas."""
        return tuple(area.name for area in self.areas)


def _https(value: str) -> str:
    if not value.startswith("https://") or re.search(r"[\s@\\]", value):
        raise ValueError(f"“{value}” is not a safe web address; it must begin with https://")
    return value


def _colour(value: str) -> str:
    if not _COLOUR.fullmatch(value):
        raise ValueError(f"“{value}” is not a colour; write it as #rrggbb in quotes")
    return value.lower()


def split_mailbox(value: Any) -> Any:
    """Return the parts of `Name <address>`; anything else as it is, for the schema to judge."""
    if isinstance(value, str):
        shown, _, address = value.rpartition("<")
        return {"name": shown.strip(), "address": address.removesuffix(">").strip()}
    return value


def checked_address(value: str) -> str:
    """Return `value` where it has the form of an address. Raises ValueError otherwise."""
    if not _ADDRESS.fullmatch(value) or not value.isprintable():
        raise ValueError(f"“{value}” is not an email address; write name@example.org")
    return value


class MailboxForm(BaseModel):
    """A sender as written: `Name <address>`, or `name:` and `address:`."""

    model_config = _STRICT
    name: str = ""
    address: Annotated[str, AfterValidator(checked_address)]

    def mailbox(self) -> Mailbox:
        """Return it as the rest of Outreach knows it."""
        return Mailbox(self.address, self.name)


MailboxField = Annotated[MailboxForm, BeforeValidator(split_mailbox)]
HttpsField = Annotated[str, AfterValidator(_https)]
_Colour = Annotated[str, AfterValidator(_colour)]
_Text = Annotated[str, Field(min_length=1, max_length=500)]
_Names = Annotated[tuple[_Text, ...], Field(min_length=1)]


class _AreaForm(BaseModel):
    model_config = _STRICT
    name: _Text
    survey_answers: Annotated[int, Field(ge=0)]


class _PaletteForm(BaseModel):
    model_config = _STRICT
    page: _Colour
    panel: _Colour
    text: _Colour
    link: _Colour
    brand: _Colour
    brand_text: _Colour
    button: _Colour
    button_text: _Colour


class _ColoursForm(BaseModel):
    model_config = _STRICT
    light: _PaletteForm
    dark: _PaletteForm


class _AreaFactForm(BaseModel):
    model_config = _STRICT
    answers: Annotated[int, Field(ge=0)]
    own: _Text
    everywhere: _Text

    @field_validator("own")
    @classmethod
    def _names_the_area(cls, value: str) -> str:
        if value.count("AREA") != 1:
            raise ValueError("write AREA once, where the name of the reader's area stands")
        return value

    def fact(self) -> AreaFact:
        before, _, after = self.own.partition("AREA")
        return AreaFact(self.answers, before, after, self.everywhere)


class _HubForm(BaseModel):
    model_config = _STRICT
    name: _Text
    short_name: _Text
    identity: _Text
    why: _Text
    website: HttpsField
    wres_url: HttpsField
    privacy_url: HttpsField | Literal[""] = ""
    sectors: _Names
    areas: Annotated[tuple[_AreaForm, ...], Field(min_length=1)]
    boroughs: _Names
    sender: MailboxField
    reply_to: MailboxField | None = None
    approvers: _Names
    colours: _ColoursForm
    limits: LimitsForm = LimitsForm()
    retention: RetentionForm = RetentionForm()
    quiet_hours: QuietHoursForm | None = None
    freezes: tuple[FreezeForm, ...] = ()
    area_fact: _AreaFactForm | None = None
    colleagues: dict[_Text, Annotated[str, AfterValidator(checked_address)]] = Field(
        default_factory=dict
    )
    deputies: dict[_Text, _Names] = Field(default_factory=dict)
    reminders: RemindersForm = RemindersForm()
    seeds: tuple[_Text, ...] = ()
    seed_variants: Annotated[int, Field(ge=1, le=20, strict=True)] = 3


def nameless_hub() -> Hub:
    """Return a hub that says nothing: to stop mail while hub.yaml is broken. Its name makes a
    sentence of what the public pages say."""
    none = Palette(*("" for _ in fields(Palette)))
    return Hub(
        "Our team", "Our team", "", "", "", "", "", (), (), (), Mailbox(""), None, (), none, none
    )


def load_hub(path: Path) -> Hub:
    """Read the hub's file. Raises InputError with every fault found, each with its line."""
    file = shown_path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(Fault("this file is missing; copy hub.yaml back", file)) from None
    except UnicodeDecodeError:
        raise InputError(Fault("save this file as UTF-8", file)) from None
    at = read_yaml(text, file)
    try:
        form = _HubForm.model_validate(at.data)
    except ValidationError as error:
        raise InputError(*schema_faults(error, _HubForm, at, file)) from None
    wrong = [*_faint(form, at, file), *colleague_faults(form, at, file)]
    if wrong:
        raise InputError(*wrong)
    return _hub(form, _digest(form))


def _hub(form: _HubForm, digest: str) -> Hub:
    plain = form.model_dump(
        exclude={
            *("areas", "sender", "reply_to", "colours", "limits", "retention", "reminders"),
            *("quiet_hours", "freezes", "area_fact"),
        }
    )
    return Hub(
        **plain,
        areas=tuple(Area(area.name, area.survey_answers) for area in form.areas),
        sender=form.sender.mailbox(),
        reply_to=form.reply_to.mailbox() if form.reply_to else None,
        light=Palette(**form.colours.light.model_dump()),
        dark=Palette(**form.colours.dark.model_dump()),
        limits=form.limits.limits(),
        retention=form.retention.retention(),
        closings=closings(form.quiet_hours, form.freezes),
        reminders=form.reminders.reminders(),
        area_fact=form.area_fact.fact() if form.area_fact else None,
        digest=digest,
    )


def _digest(form: _HubForm) -> str:
    """Return a hash of what readers may see: not of comments, order, or a default written out."""
    seen = form.model_dump(mode="json", exclude=set(_UNSEEN), exclude_defaults=True)
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def _faint(form: _HubForm, at: Located, file: str) -> list[Fault]:
    faults = []
    for scheme in ("light", "dark"):
        colours = getattr(form.colours, scheme)
        for front, ground in _PAIRS:
            ratio = contrast(getattr(colours, front), getattr(colours, ground))
            if ratio < _LEAST_CONTRAST:
                said = (
                    f"{scheme}: “{front}” on “{ground}” is too faint ({ratio:.1f}:1, 4.5:1 needed)"
                )
                faults.append(Fault(said, file, at.line(("colours", scheme, front))))
    return faults


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours (`#rrggbb`), 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
