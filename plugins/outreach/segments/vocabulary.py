"""What a segment may ask about: one table of fields, one of facts; adding one is one line.

How each becomes SQL stands in the same line, by names of columns and states that
`ledger/segment_sql.py` understands: nothing here knows a database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from outreach.domain import ACCEPTED_OR_LATER, DeliveryState, SubscriberType
from outreach.hub import Hub

S = DeliveryState
Choices = Literal["", "sectors", "ics_areas", "boroughs", "subscriber_types"]
Window = Literal["never", "may", "must"]


@dataclass(frozen=True, slots=True)
class Field:
    """Text that a contact or their organisation has.

    `phrases` are what it may be called, the first is how it is printed. `choices` names the
    fixed list its values are from, '' for free text. `reads` are the columns it is compared
    with: any of them may match. `otherwise` is its value where no organisation is known.
    """

    phrases: tuple[str, ...]
    reads: tuple[str, ...]
    example: str
    choices: Choices = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a contact, or did not.

    `denials` are phrases for its opposite. `of` is what must be named after it. `yes` and `no`
    are its words, with `{of}` and `{when}`. `states`: deliveries that count, '' of which time is
    asked: `moment` (a column of `delivery`), else when they were handed over. `resends`: what
    was sent again of the edition counts too.
    """

    phrases: tuple[str, ...]
    yes: str
    no: str
    example: str
    denials: tuple[str, ...] = ()
    of: Literal["", "edition", "campaign"] = ""
    window: Window = "never"
    states: frozenset[DeliveryState] = frozenset()
    moment: str = ""
    resends: bool = False


FIELDS: dict[str, Field] = {
    "sector": Field(("sector",), ("placed.sector",), 'sector is "Dentistry"', "sectors"),
    "area": Field(
        ("area", "ics area"),
        ("placed.ics_area",),
        'area is "North Central London"',
        "ics_areas",
    ),
    "borough": Field(
        ("borough",), ("placed.borough",), 'borough in ("Camden", "Barnet")', "boroughs"
    ),
    "role": Field(("role", "job role"), ("contact.job_role",), 'role contains "nurse"'),
    "organisation": Field(
        ("organisation", "practice"),
        ("organisation.name", "contact.organisation_name"),
        'organisation contains "surgery"',
    ),
    "ods code": Field(
        ("ods code",), ("organisation.ods_code", "contact.ods_code"), 'ods code is "F83001"'
    ),
    "pcn": Field(
        ("pcn", "primary care network"),
        ("organisation.pcn_name", "organisation.pcn_code"),
        'pcn is "Example Primary Care Network"',
    ),
    "subscriber type": Field(
        ("subscriber type",),
        ("organisation.subscriber_type",),
        'subscriber type is "corporate"',
        "subscriber_types",
        SubscriberType.UNKNOWN.value,
    ),
    "source": Field(("source",), ("contact.source",), 'source is "pledges"'),
}
"""Every field, by the name it has in the tree."""

_GOT = frozenset({S.ACCEPTED, S.DEFERRED, S.DELIVERED})

FACTS: dict[str, Fact] = {
    "pledged": Fact(
        ("pledged", "has pledged"),
        "has pledged{when}",
        "has not pledged{when}",
        "pledged in the last 30 days",
        ("has not pledged",),
        window="may",
    ),
    "organisation pledged": Fact(
        ("organisation has a pledge", "practice has a pledge"),
        "works where somebody has pledged{when}",
        "does not work where somebody has pledged{when}",
        "organisation has a pledge",
        window="may",
    ),
    "organisation unpledged": Fact(
        ("organisation has no pledge", "practice has no pledge"),
        "works where nobody has pledged{when}",
        "does not work where nobody has pledged{when}",
        "organisation has no pledge",
        window="may",
    ),
    "shared": Fact(
        ("shared mailbox",),
        "is a mailbox that several people read",
        "is not a mailbox that several people read",
        "not shared mailbox",
    ),
    "written to": Fact(
        ("written to", "was written to"),
        "was written to{when}",
        "was not written to{when}",
        "not written to in the last 14 days",
        ("was not written to",),
        window="must",
        states=ACCEPTED_OR_LATER | {S.CLAIMED, S.UNKNOWN},
    ),
    "got campaign": Fact(
        ("got campaign",),
        "got the campaign {of}{when}",
        "did not get the campaign {of}{when}",
        'got campaign "what-is-wres" in the last 60 days',
        ("did not get campaign",),
        of="campaign",
        window="may",
        states=_GOT,
    ),
    "sent campaign": Fact(
        ("sent campaign", "was sent campaign"),
        "was sent the campaign {of}{when}",
        "was not sent the campaign {of}{when}",
        'not sent campaign "pledge-invitation" in the last 60 days',
        ("was not sent campaign",),
        of="campaign",
        window="may",
        states=ACCEPTED_OR_LATER | {S.CLAIMED, S.UNKNOWN},
    ),
    "got": Fact(
        ("got",),
        "got {of}",
        "did not get {of}",
        'got "what-is-wres@2026-11-24"',
        ("did not get",),
        of="edition",
        states=_GOT,
        resends=True,
    ),
    "sent edition": Fact(
        ("sent edition", "was sent edition"),
        "was sent {of}",
        "was not sent {of}",
        'not sent edition "what-is-wres@2026-11-24"',
        ("was not sent edition",),
        of="edition",
        states=ACCEPTED_OR_LATER | {S.CLAIMED, S.UNKNOWN},
        resends=True,
    ),
    "accepted in": Fact(
        ("accepted in",),
        "was accepted in {of}",
        "was not accepted in {of}",
        'accepted in "what-is-wres@2026-11-24"',
        of="edition",
        states=ACCEPTED_OR_LATER,
    ),
    "failed in": Fact(
        ("failed in",),
        "failed in {of}",
        "did not fail in {of}",
        'failed in "what-is-wres@2026-11-24"',
        of="edition",
        states=frozenset({S.FAILED}),
    ),
    "bounced in": Fact(
        ("bounced in",),
        "bounced in {of}",
        "did not bounce in {of}",
        'bounced in "what-is-wres@2026-11-24"',
        of="edition",
        states=frozenset({S.BOUNCED}),
    ),
    "in doubt in": Fact(
        ("in doubt in",),
        "is in doubt in {of}",
        "is not in doubt in {of}",
        'in doubt in "what-is-wres@2026-11-24"',
        of="edition",
        states=frozenset({S.UNKNOWN, S.CLAIMED}),
    ),
}
"""Every fact, by the name it has in the tree."""

MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The values that exist; None where it is not known here, so that nothing is judged."""

    sectors: tuple[str, ...] | None = None
    ics_areas: tuple[str, ...] | None = None
    boroughs: tuple[str, ...] | None = None
    subscriber_types: tuple[str, ...] | None = tuple(one.value for one in SubscriberType)
    editions: Collection[str] | None = None
    campaigns: Collection[str] | None = None

    def of_choice(self, choices: Choices) -> tuple[str, ...] | None:
        """Return the fixed list called `choices`; None for free text, or if not known here."""
        listed: Mapping[str, tuple[str, ...] | None] = {
            "sectors": self.sectors,
            "ics_areas": self.ics_areas,
            "boroughs": self.boroughs,
            "subscriber_types": self.subscriber_types,
        }
        return listed.get(choices)

    def naming(self, editions: Collection[str], campaigns: Collection[str]) -> Vocabulary:
        """Return it with the editions and campaigns that exist."""
        return replace(self, editions=editions, campaigns=campaigns)


ANYTHING = Vocabulary()
"""Judges the form of a rule, and none of its values."""


def vocabulary_of(hub: Hub) -> Vocabulary:
    """Return what `hub.yaml` knows."""
    return Vocabulary(sectors=hub.sectors, ics_areas=hub.ics_areas, boroughs=hub.boroughs)


def fold(text: str) -> str:
    """Return text as it is compared: small letters, one for each, the same in SQL."""
    return "".join(small_letter(one) for one in text)


def small_letter(one: str) -> str:
    """Return a letter's small form; itself where the two do not stand for each other alone."""
    small = one.lower()
    return small if len(small) == 1 and small.upper() == one else one
