"""A variant's tests and their results in a comms officer's words."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FIELDS = {
    "first_name": "first name",
    "last_name": "last name",
    "job_role": "role",
    "ics_area": "area",
    "organisation.name": "organisation",
    "organisation.ods_code": "organisation's ODS code",
    "pledged_on": "pledge date",
}
_EQUAL = re.compile(r"""contact\.([\w.]+) *== *(["'])(.*)\2""")
_DIFFERENT = re.compile(r"""contact\.([\w.]+) *!= *(["'])(.*)\2""")
_IN_HUB = re.compile(r"contact\.([\w.]+) +in +hub\.(\w+)")
_IN_LIST = re.compile(r"""contact\.([\w.]+) +in +[\[(]((?:["'][^"']*["'],? *)+)[\])]""")
_ARM = re.compile(r"""arm *== *(["'])(.*)\1""")
_ALONE = re.compile(r"contact\.([\w.]+)")


def in_words(asked: Iterable[tuple[str, bool]]) -> str:
    """Return tests, as their author wrote them, and their results in words.

    Of one field that is one thing, what else it is not goes without saying.
    """
    found = [_one(text, result) for text, result in asked]
    settled = {field for field, _, sure in found if field and sure}
    told = [words for field, words, sure in found if sure or field not in settled]
    return "; ".join(dict.fromkeys(told)) or "everyone"


def _one(text: str, result: bool) -> tuple[str, str, bool]:
    """Return (field, words, whether the words settle what the field is)."""
    text = text.strip()
    if match := _ARM.fullmatch(text):
        return _is("arm", match[2], result)
    if text == "contact.pledged":
        return "", "has pledged" if result else "has not pledged", True
    if match := _EQUAL.fullmatch(text):
        return _is(match[1], match[3], result)
    if match := _DIFFERENT.fullmatch(text):
        return _is(match[1], match[3], not result)
    if match := _IN_LIST.fullmatch(text):
        values = re.findall(r"""["']([^"']*)["']""", match[2])
        return _is(match[1], " or ".join(values), result)
    if match := _IN_HUB.fullmatch(text):
        known = "known" if result else "not known"
        return match[1], f"{_name(match[1])} is {known}", False
    if match := _ALONE.fullmatch(text):
        return "", f"{_name(match[1])} is {'known' if result else 'not known'}", True
    return "", f"{text}: {'yes' if result else 'no'}", True


def _is(field: str, value: str, result: bool) -> tuple[str, str, bool]:
    return field, f"{_name(field)} is {'' if result else 'not '}{value}", result


def _name(field: str) -> str:
    return _FIELDS.get(field, field.replace("_", " "))
