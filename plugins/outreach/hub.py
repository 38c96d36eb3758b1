"""`hub.yaml` -> Hub: the one organisation that this deployment serves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from outreach.answering import USUAL_REMINDERS, Reminders, colleague_faults
from outreach.colours import contrast
from outreach.domain import Mailbox
from outreach.errors import Fault, InputError
from outreach.hubform import AreaFactForm, HubForm
from outreach.limits import NO_LIMITS, Limits
from outreach.rates import Rates
from outreach.retention import USUAL, Retention
from outreach.scheduling.closing import NEVER_CLOSED, Closings
from outreach.scheduling.closingform import closings
from outreach.wording import schema_faults, shown_path
from outreach.yamlfile import Located, read_yaml

_UNSEEN = frozenset(
    {
        *("limits", "rates", "warm_up", "colleagues", "retention", "quiet_hours", "freezes"),
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
        form = HubForm.model_validate(at.data)
    except ValidationError as error:
        raise InputError(*schema_faults(error, HubForm, at, file)) from None
    wrong = [*_faint(form, at, file), *colleague_faults(form, at, file)]
    if wrong:
        raise InputError(*wrong)
    return _hub(form, _digest(form))


def _hub(form: HubForm, digest: str) -> Hub:
    plain = form.model_dump(
        exclude={
            *("areas", "sender", "reply_to", "colours", "limits", "retention", "reminders"),
            *("quiet_hours", "freezes", "area_fact", "rates", "warm_up"),
        }
    )
    return Hub(
        **plain,
        areas=tuple(Area(area.name, area.survey_answers) for area in form.areas),
        sender=form.sender.mailbox(),
        reply_to=form.reply_to.mailbox() if form.reply_to else None,
        light=Palette(**form.colours.light.model_dump()),
        dark=Palette(**form.colours.dark.model_dump()),
        limits=replace(form.limits.limits(), rates=_rates(form)),
        retention=form.retention.retention(),
        closings=closings(form.quiet_hours, form.freezes),
        reminders=form.reminders.reminders(),
        area_fact=_area_fact(form.area_fact) if form.area_fact else None,
        digest=digest,
    )


def _rates(form: HubForm) -> Rates:
    return Rates(form.rates.providers(), form.warm_up.plan() if form.warm_up else None)


def _area_fact(form: AreaFactForm) -> AreaFact:
    before, _, after = form.own.partition("AREA")
    return AreaFact(form.answers, before, after, form.everywhere)


def _digest(form: HubForm) -> str:
    """Return a hash of what readers may see: not of comments, order, or a default written out."""
    seen = form.model_dump(mode="json", exclude=set(_UNSEEN), exclude_defaults=True)
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def _faint(form: HubForm, at: Located, file: str) -> list[Fault]:
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
