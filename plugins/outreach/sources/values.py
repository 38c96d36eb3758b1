"""One cell -> one value, or `BadValue` with the reason and what to do. Nothing is guessed."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from outreach.domain import BasisKind, Purpose, SubscriberType

MAX_TEXT = 200
MAX_SUMMARY = 2_000

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_OR = re.compile(r"/|\bor\b", re.IGNORECASE)
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "sir", "dame"})
_FORMULA = re.compile(r"'(?=\s*[=+\-@\t\r])")


class BadValue(ValueError):
    """A cell cannot be taken. `reason` holds nothing of the cell; `advice` may."""

    def __init__(self, reason: str, advice: str) -> None:
        self.reason = reason
        self.advice = advice
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Lists:
    """The hub's fixed lists: the only sectors, areas and boroughs there are."""

    sectors: tuple[str, ...]
    areas: tuple[str, ...]
    boroughs: tuple[str, ...]


SECTOR_ALIASES: Mapping[str, tuple[str, ...]] = {
    "General Practice": (
        "gp",
        "gps",
        "gp practice",
        "gp surgery",
        "gp practices",
        "practice",
        "surgery",
        "general practitioner",
        "general medical practice",
        "medical practice",
        "primary medical",
        "general practices",
        "gp surgeries",
        "doctors surgery",
        "medical centre",
        "primary care general practice",
    ),
    "Community Pharmacy": (
        "pharmacy",
        "pharmacies",
        "chemist",
        "community pharmacist",
        "community pharmacies",
        "pharmacist",
        "pharmaceutical",
        "retail pharmacy",
        "high street pharmacy",
        "pharmacy contractor",
        "community pharmacy contractor",
    ),
    "Dentistry": (
        "dental",
        "dentist",
        "dentists",
        "dental practice",
        "dental surgery",
        "general dental",
        "general dental practice",
        "primary care dentistry",
        "dental care",
        "dentists surgery",
        "nhs dentist",
        "nhs dental practice",
        "community dentist",
        "community dentistry",
    ),
    "Optometry": (
        "optical",
        "optician",
        "opticians",
        "optometrist",
        "optometrists",
        "eye care",
        "optics",
        "optical practice",
        "general ophthalmic",
        "ophthalmic optician",
        "optometry practice",
        "opticians practice",
        "optometry and optics",
        "community optometry",
        "community optometrist",
        "community optician",
        "high street optician",
        "high street opticians",
        "primary care optometry",
        "primary eye care",
    ),
}
"""Sector -> other names for it; only sectors that the hub has are ever matched."""


def clean_text(value: str, what: str, limit: int = MAX_TEXT) -> str:
    """Return one line of text: control and invisible characters out, spaces single.

    An apostrophe that guards a formula in our own exports is taken off again.
    Raises BadValue where it is longer than `limit` characters.
    """
    if len(value) <= limit and value.isalnum() and value.isascii():
        return value
    if len(value) > limit * 4:
        raise BadValue(f"{what} is too long", f"shorten it to {limit} characters")
    if not (value.isascii() and value.isprintable()):
        value = "".join(_seen(c) for c in unicodedata.normalize("NFC", value))
    text = _FORMULA.sub("", " ".join(value.split()), count=1) if value[:1] == "'" else value
    text = " ".join(text.split())
    if len(text) > limit:
        raise BadValue(f"{what} is too long", f"shorten it to {limit} characters")
    return text


def _seen(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if kind in ("Cc", "Zl", "Zp", "Zs") else character


def split_name(name: str) -> tuple[str, str]:
    """Return (first, last) of a full name, without a title; `Okafor, Amara` is turned round."""
    if name.count(",") == 1:
        last, _, first = name.partition(",")
        name = f"{first} {last}"
    parts = name.split()
    while len(parts) > 1 and parts[0].rstrip(".").lower() in _TITLES:
        parts = parts[1:]
    return (parts[0], " ".join(parts[1:])) if parts else ("", "")


@lru_cache(maxsize=4096)
def match_sector(value: str, lists: Lists) -> str:
    """Return the hub's sector that `value` means. Raises BadValue with a suggestion."""
    names = {_key(sector): sector for sector in lists.sectors}
    for sector, aliases in SECTOR_ALIASES.items():
        if sector in lists.sectors:
            names |= {_key(alias): sector for alias in aliases}
    return _matched(value, names, lists.sectors, "sector")


@lru_cache(maxsize=4096)
def match_area(value: str, lists: Lists) -> str:
    """Return the hub's area: `NCL`, `North Central` and `NCL ICB` all mean the same."""
    names: dict[str, str] = {}
    for area in lists.areas:
        initials = "".join(word[0] for word in area.split())
        for name in (area, initials, area.removesuffix(" London")):
            for tail in ("", " ics", " icb", " integrated care system", " integrated care board"):
                names |= {_key(name + tail): area, _key(f"nhs {name}{tail}"): area}
    return _matched(value, names, lists.areas, "area")


@lru_cache(maxsize=4096)
def match_borough(value: str, lists: Lists) -> str:
    """Return the hub's borough that `value` means. Raises BadValue with a suggestion."""
    names: dict[str, str] = {}
    for borough in lists.boroughs:
        for pattern in (
            "{}",
            "london borough of {}",
            "the london borough of {}",
            "borough of {}",
            "{} council",
            "{} borough council",
            "lb {} council",
            "{} borough",
            "lb {}",
            "lb of {}",
            "{} london",
        ):
            names[_key(pattern.format(borough))] = borough
    return _matched(value, names, lists.boroughs, "borough")


def _matched(value: str, names: Mapping[str, str], known: Sequence[str], what: str) -> str:
    found = names.get(_key(value)) or _agreed(value, names)
    if found:
        return found
    close = difflib.get_close_matches(_key(value), names, n=1, cutoff=0.75)
    meant = f'did you mean "{names[close[0]]}"? ' if close else ""
    raise BadValue(f"{what} not recognised", f"{meant}Use one of: {', '.join(known)}")


def _agreed(value: str, names: Mapping[str, str]) -> str:
    """Return what a text means without its remark in brackets, or by all of its names for it:
    `Pharmacy (community)`, `Optician/Optometrist`. Names of two things mean neither."""
    plain = _BRACKETS.sub(" ", value)
    meant = {names.get(_key(part), "") for part in _OR.split(plain)}
    return meant.pop() if len(meant) == 1 else ""


def _key(value: str) -> str:
    return _NOT_WORD.sub("", value.casefold().replace("&", "and"))


def read_yes(value: str, what: str) -> bool:
    """Return whether a cell says yes. Raises BadValue where it says neither."""
    word = _key(value)
    if word in ("yes", "y", "true", "1", "agreed", "iagree", "consented"):
        return True
    if word in ("no", "n", "false", "0", "declined"):
        return False
    raise BadValue(f"{what} is neither yes nor no", "write yes or no")


def read_basis(value: str) -> str:
    """Return the basis named, '' for a plain no. Raises BadValue; there is no "soft opt-in".

    A no stands against what a source says of everybody.
    """
    kinds = {_key(kind): kind for kind in BasisKind}
    if _key(value) in kinds:
        return kinds[_key(value)]
    if _key(value) in ("none", "no"):
        return ""
    raise BadValue("basis not recognised", f"use one of: {', '.join(BasisKind)}, none")


_BOTH = re.compile(
    r"\bboth\b|\bon behalf of (?:my|our|an?|the) \w+|^(?:an?|my|our) organi[sz]ation\b"
)
_ONE = re.compile(r"\b(?:person|personal|personally|individual|individually|myself|me|self)\b")
_MANY = re.compile(
    r"\b(?:organi[sz]ations?|employers?|practices?|surgery|pharmacy|pharmacies|team|company|business"
    r"|trust|network|pcn|workplace|opticians?|dental|corporate|group)\b"
)


def read_pledge_kind(value: str) -> str:
    """Return `person` or `organisation`: who pledges. Raises BadValue."""
    plain = value.casefold()
    if _BOTH.search(plain):
        return "organisation"
    if _ONE.search(plain):
        return "person"
    if _MANY.search(plain):
        return "organisation"
    raise BadValue("who pledges is not recognised", "write person or organisation")


def read_purpose(value: str) -> str:
    """Return the purpose a basis is for, '' for every one. Raises BadValue."""
    word = _key(value)
    if word in ("all", "every", "any", "everything"):
        return ""
    purposes = {_key(purpose): purpose.value for purpose in Purpose}
    if word in purposes:
        return purposes[word]
    raise BadValue("purpose not recognised", f"use one of: {', '.join(Purpose)}, all")


def read_subscriber_type(value: str) -> SubscriberType:
    """Return the PECR subscriber type named. Raises BadValue."""
    kinds = {_key(kind): kind for kind in SubscriberType}
    if _key(value) in kinds:
        return kinds[_key(value)]
    raise BadValue("subscriber type not recognised", f"use one of: {', '.join(SubscriberType)}")


def read_scope(value: str) -> str:
    """Return `all` or the one purpose a suppression is for; unknown words mean all."""
    purposes = {_key(purpose): purpose.value for purpose in Purpose}
    return purposes.get(_key(value), "all")


def read_ods_code(value: str) -> str:
    """Return an ODS code in capitals. Raises BadValue where it cannot be one."""
    code = "".join(value.split()).upper()
    if not re.fullmatch(r"[A-Z0-9]{3,10}", code):
        raise BadValue("ODS code is not valid", "3 to 10 letters and digits, such as F83004")
    return code
