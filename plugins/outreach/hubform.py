"""What may stand in `hub.yaml`: its schema, and what it says of each value that is wrong."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from outreach.answering import RemindersForm
from outreach.domain import Mailbox
from outreach.limits import LimitsForm
from outreach.ratesform import RatesForm, WarmUpForm
from outreach.retention import RetentionForm
from outreach.scheduling.closingform import FreezeForm, QuietHoursForm

_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


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


class AreaFactForm(BaseModel):
    """`area_fact:` as written."""

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


class HubForm(BaseModel):
    """`hub.yaml` as written."""

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
    rates: RatesForm = RatesForm()
    warm_up: WarmUpForm | None = None
    retention: RetentionForm = RetentionForm()
    quiet_hours: QuietHoursForm | None = None
    freezes: tuple[FreezeForm, ...] = ()
    area_fact: AreaFactForm | None = None
    colleagues: dict[_Text, Annotated[str, AfterValidator(checked_address)]] = Field(
        default_factory=dict
    )
    deputies: dict[_Text, _Names] = Field(default_factory=dict)
    reminders: RemindersForm = RemindersForm()
    seeds: tuple[_Text, ...] = ()
    seed_variants: Annotated[int, Field(ge=1, le=20, strict=True)] = 3
