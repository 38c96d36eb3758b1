"""What people call an organisation, brought to one form, so that spellings can be compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_POSSESSIVE = re.compile(r"['’`]")
_ALIKE = {
    **dict.fromkeys(("saint", "street", "st"), "st"),
    **dict.fromkeys(("ctr", "cntr", "cent", "center", "centres", "centers"), "centre"),
    **dict.fromkeys(("med", "medi", "medic"), "medical"),
    **dict.fromkeys(("hlth", "hth"), "health"),
    **dict.fromkeys(("surg", "sugery", "surgeries"), "surgery"),
    **dict.fromkeys(("prac", "pract", "practise", "practices"), "practice"),
    **dict.fromkeys(("pharm", "phcy", "pharmacies"), "pharmacy"),
    **dict.fromkeys(("chemists",), "chemist"),
    **dict.fromkeys(("dent",), "dental"),
    **dict.fromkeys(("dentists",), "dentist"),
    **dict.fromkeys(("opticians", "opticans", "optical"), "optician"),
    **dict.fromkeys(("optometrists",), "optometrist"),
    **dict.fromkeys(("grp", "gp"), "group"),
    **dict.fromkeys(("rd",), "road"),
    **dict.fromkeys(("ave", "av"), "avenue"),
    **dict.fromkeys(("ln",), "lane"),
    **dict.fromkeys(("sq",), "square"),
    **dict.fromkeys(("pk",), "park"),
    **dict.fromkeys(("hse",), "house"),
    **dict.fromkeys(("mt",), "mount"),
    **dict.fromkeys(("nth", "n"), "north"),
    **dict.fromkeys(("sth", "s"), "south"),
    **dict.fromkeys(("pcn",), "network"),
}
"""Word -> the one form of it. "St" may be a saint or a street: both become `st`."""

_PHRASES = (
    (re.compile(r"\bprimary care network\b"), "network"),
    (re.compile(r"\bhealth care\b"), "healthcare"),
    (re.compile(r"\bg p\b"), "gp"),
    (re.compile(r"\bt a\b.*"), ""),
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAID_OF_ALL = _words(
    """
    the and of at in dr drs doctor doctors ltd limited llp plc nhs co
    """
)
"""Words that tell no organisation from another."""

GENERIC = _words(
    """
    surgery medical health centre practice clinic healthcare care group family pharmacy chemist
    dental dentist dentistry optician optometrist eyecare network general community partners
    partnership branch
    """
)
"""Words for what an organisation is, not for which one it is."""

_LINES = (
    ("pharmacy", frozenset({"pharmacy", "chemist"})),
    ("dental", frozenset({"dental", "dentist", "dentistry", "orthodontics", "orthodontic"})),
    ("optical", frozenset({"optician", "optometrist", "eyecare", "specsavers"})),
    ("practice", frozenset({"surgery", "medical", "healthcare"})),
)


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """Return a name as matching compares it, '' where it has no letter or digit.

    "The St. John's Med Ctr Ltd" and "Saint Johns Medical Centre" have the same.
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = _NOT_WORD.sub(" ", _POSSESSIVE.sub("", plain)).strip()
    for phrase, instead in _PHRASES:
        plain = phrase.sub(instead, plain)
    words = [_ALIKE.get(word, word) for word in plain.split()]
    telling = [word for word in words if word not in _SAID_OF_ALL]
    return " ".join(telling or words)


def postcode_key(postcode: str) -> str:
    """Return a postcode in capitals without spaces, to compare."""
    return "".join(postcode.split()).upper()


@lru_cache(maxsize=65_536)
def core(key: str) -> str:
    """Return the words of a name's key that tell which organisation it is, sorted."""
    words = key.split()
    return " ".join(sorted(word for word in words if word not in GENERIC) or sorted(words))


@lru_cache(maxsize=65_536)
def line_of_business(key: str) -> str:
    """Return practice, pharmacy, dental or optical, as a name's words say; '' where they do not."""
    words = frozenset(key.split())
    return next((line for line, telling in _LINES if words & telling), "")
