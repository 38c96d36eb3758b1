"""How people write one and the same thing in a list, and what they write that means nothing.

Written by hand from what the guide promises, never made with the import's own cleaners: what
a text means is known because the text was made from it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

FORMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sector": {
        "General Practice": ("General Practice", "GP", "gp surgery", "GENERAL  PRACTICE"),
        "Community Pharmacy": ("Community Pharmacy", "pharmacy", "Chemist", "community_pharmacy"),
        "Dentistry": ("Dentistry", "Dental", "dental practice", "DENTIST"),
        "Optometry": ("Optometry", "optician", "Opticians", "Eye care", "optical"),
    },
    "ics_area": {
        "North Central London": ("North Central London", "NCL", "ncl icb", "North Central"),
        "North East London": ("North East London", "NEL", "NHS North East London ICB"),
        "North West London": ("North West London", "NWL", "north-west london"),
        "South East London": ("South East London", "SEL", "SOUTH EAST"),
        "South West London": ("South West London", "SWL", "South West London ICS"),
    },
    "borough": {
        name: (name, name.upper(), f"London Borough of {name}", f"{name} council", f"LB {name}")
        for name in ("Barnet", "Camden", "Enfield", "Haringey", "Islington")
    },
}  # fmt: skip
"""Field -> value on the hub's list -> ways to write it."""

UNKNOWN: Mapping[str, tuple[str, ...]] = {
    "sector": ("Podiatry", "Hospital trust", "???", "n/a"),
    "ics_area": ("Kent and Medway", "Essex ICB", "Elsewhere"),
    "borough": ("Croydon", "Hackney", "Manchester"),
    "ods_code": ("F8", "F83/004", "not known to us, sorry", "F83004, F83005"),
    "left_on": ("soon", "31/02/2025", "yes"),
}
"""Field -> texts that mean no value of it."""

BAD_ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "no email": ("", "   ", "\t", "\N{NO-BREAK SPACE}", "anonymous"),
    "no email address": ("\u200b", " \ufeff ", "\N{SOFT HYPHEN}"),
    "email address is not valid": (
        *("nobody", "{0} at example.org", "{0}@", "@example.org", "{0}@@example.org", "{0}@gp"),
        *("{0}..x@example.org", ".{0}@example.org", "{0}.@example.org", "{0}@example..org"),
        *("{0}@-example.org", "{0}@example.org.", "{0}@gp.invalid", "{0}@desk.local", "-", "#N/A"),
        *("two words{0}@example.org", "{0}@exam ple.org", "mailto:{0}@example.org"),
        *("Amara Okafor <{0}@example.org>", "<{0}@example.org>", '"{0}" <{0}@example.org>'),
        *("x" * 65 + "@example.org", "{0}@" + "x" * 64 + ".org", "{0}@[127.0.0.1]"),
        *("y" * 10_000 + "@example.org", "https://example.org/{0}"),
    ),
    "email address with an invisible character inside": (
        *("{0}\0@example.org", "{0}\u200b@example.org", "{0}@exam\N{SOFT HYPHEN}ple.org"),
    ),
    "more than one email address": (
        *("{0}@example.org; x{0}@example.org", "{0}@example.org, x{0}@example.org"),
        *("{0}@example.org\nx{0}@example.org", "{0}@example.org x{0}@example.org"),
    ),
    "email address with letters that cannot be delivered to": (
        *("josé{0}@example.org", "é{0}@exämple.org", "\N{CYRILLIC SMALL LETTER A}{0}@example.org"),
        *("例え{0}@例え.example.org", "{0}\N{RIGHT SINGLE QUOTATION MARK}s@example.org"),
    ),
}
"""Reason for quarantine -> addresses that it is given for; {0} is something distinct."""

FAULTY_DATES: Mapping[str, tuple[str, ...]] = {
    "pledge date is not a date": ("last week", "31/02/2025", "2025-13-01", "03/25/2025", "25", "="),
    "pledge date is in the future": ("2099-01-01", "01/02/2090 10:00"),
    "pledge date is before 2000": ("1999-12-31", "01/01/1970"),
    "pledge date is a time that did not exist": ("30/03/2025 01:30", "2024-03-31 01:15"),
    "pledge date is a time that came twice": ("26/10/2025 01:30", "2024-10-27T01:15:00"),
    "no pledged at": ("", "  "),
}

_MINUTE = (
    *("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d %B %Y %H:%M", "%d-%b-%Y %H:%M"),
    *("%d.%m.%Y %H:%M:%S", "%d/%m/%y, %H:%M", "%d %b %Y at %H:%M", "%d/%m/%Y %I:%M %p"),
    *("%Y-%m-%d %H:%M:%S", "  %d/%m/%Y   %H:%M "),
)
_DAY = ("%d/%m/%Y", "%Y-%m-%d", "%d %B %Y", "%d-%b-%y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y")

Fits = Callable[[str], bool]
"""Whether a text can be written in the file's encoding and format."""


def written(field: str, value: str, rng: random.Random) -> str:
    """Return one way to write a value of a field; outer spaces now and then."""
    forms = FORMS.get(field, {}).get(value)
    text = rng.choice(forms) if forms else value
    if field == "ods_code":
        text = rng.choice((text, text.lower(), f"{text[:3]} {text[3:]}"))
    return text if rng.random() < 0.8 else f"  {text} "


def address(plain: str, rng: random.Random, fits: Fits) -> str:
    """Return one way to write an address that is still this address."""
    local, _, domain = plain.partition("@")
    ways = [
        *(plain, plain, plain, plain.upper(), plain.title(), f"{local}@{domain.upper()}"),
        *(f" {plain}", f"{plain}  ", f"\t{plain}", f"{plain}\N{NO-BREAK SPACE}", f"{plain}\n"),
        *(f"\ufeff{plain}", f"{plain}\u200b", f"\u200e {plain} \u200f", f"\u202a{plain}\u202c"),
        f"\N{SOFT HYPHEN}{plain}",
    ]
    return rng.choice([way for way in ways if fits(way)])


def moment(instant: datetime, rng: random.Random) -> str:
    """Return one way to write a minute, in London's time or with its zone."""
    local = instant.astimezone(LONDON)
    way = rng.randrange(len(_MINUTE) + 2)
    if way < len(_MINUTE):
        return local.strftime(_MINUTE[way])
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if way % 2 else local.isoformat()


def day(instant: datetime, rng: random.Random) -> str:
    """Return one way to write the London day of a midnight."""
    return instant.astimezone(LONDON).strftime(rng.choice(_DAY))
