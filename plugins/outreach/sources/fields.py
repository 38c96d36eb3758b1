"""The fields that a file may give, and how the text of each is read."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from outreach.records import PERSON_FIELDS
from outreach.sources import ods, times, values
from outreach.sources.addresses import ascii_only, clean_address, clean_domain, tidy
from outreach.sources.values import BadValue, Lists
from outreach.sources.webaddress import read_web_address

_REPEATING = frozenset(
    {
        *PERSON_FIELDS,
        "basis",
        "evidence",
        "wording_version",
        "basis_purpose",
    }
)
"""Fields that say the same in many rows, and whose value depends on the text alone."""

MATCHED = frozenset(
    {
        "sector",
        "ics_area",
        "borough",
        "ods_code",
        "subscriber_type",
        "postcode",
        "tracking_consent",
        "pledge_kind",
    }
)
"""Fields whose text a source may have left empty where it is not understood."""

EMPTY = "empty"
"""The rule that leaves a field empty; otherwise the row is set aside."""

_MEMO = 20_000


class _LeftEmpty(str):
    """An empty text that stands for one which was not understood."""

    __slots__ = ()


LEFT_EMPTY = _LeftEmpty()
"""What `read_field` returns where a source's rule left a field empty; compare with `is`."""


@dataclass(frozen=True, slots=True)
class Context:
    """What reading a row needs beside the row. `shift` moves pledge dates (samples only).

    `values` and `unmatched` are the source's (see reading.Columns). `beyond_ascii`: people may
    have addresses with letters outside ASCII, as there is a way to write to them. `left_empty`
    counts by field the rows that a rule left it empty in: whoever reads rows counts. `memo`
    holds values read before, bounded; it makes no difference but in time.
    """

    lists: Lists
    now: datetime
    shift: timedelta = timedelta()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unmatched: Mapping[str, str] = field(default_factory=dict)
    beyond_ascii: bool = False
    left_empty: Counter[str] = field(default_factory=Counter, repr=False, compare=False)
    memo: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)


class BadCell(Exception):
    """One cell of a row cannot be taken; carries the field it is for."""

    def __init__(self, name: str, problem: BadValue) -> None:
        self.name = name
        self.problem = problem
        super().__init__(problem.reason)


def read_field(name: str, text: str, context: Context) -> Any:
    """Return one field's value, `LEFT_EMPTY` where a rule empties it. Raises BadCell."""
    if name not in _REPEATING and name not in context.unmatched and name not in context.values:
        return _read(name, text, context)
    known = context.memo.get((name, text))
    if known is None:
        known = _settled(name, text, context)
        if len(context.memo) >= _MEMO:
            context.memo.clear()
        context.memo[name, text] = known
    return known


def _settled(name: str, text: str, context: Context) -> Any:
    """Read a field's text by the source's own rules."""
    told = context.values.get(name)
    if told:
        text = _told(text, told)
    try:
        return _read(name, text, context)
    except BadCell:
        if context.unmatched.get(name) == EMPTY:
            return LEFT_EMPTY
        raise


def _told(text: str, told: Mapping[str, str]) -> str:
    """Return what the source says a text means, the text itself where it says nothing."""
    wanted = _letters(text)
    return next((ours for theirs, ours in told.items() if _letters(theirs) == wanted), text)


def _letters(text: str) -> str:
    """Return a text's letters and digits alone, small: what makes two texts the same."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _read(name: str, text: str, context: Context) -> Any:
    try:
        return READERS[name](text, context)
    except BadValue as problem:
        raise BadCell(name, problem) from None


def _plain(what: str, limit: int = values.MAX_TEXT) -> Callable[[str, Context], str]:
    return lambda text, _: values.clean_text(text, what, limit)


READERS: dict[str, Callable[[str, Context], Any]] = {
    "email": lambda text, c: _email(text, c),
    "first_name": _plain("first name"),
    "last_name": _plain("last name"),
    "name": _plain("name"),
    "job_role": _plain("job role"),
    "sector": lambda text, c: values.match_sector(values.clean_text(text, "sector"), c.lists),
    "ics_area": lambda text, c: values.match_area(values.clean_text(text, "area"), c.lists),
    "borough": lambda text, c: values.match_borough(values.clean_text(text, "borough"), c.lists),
    "organisation_name": _plain("organisation name"),
    "ods_code": lambda text, _: values.read_ods_code(text),
    "organisation_postcode": lambda text, _: values.clean_text(text, "postcode", 12).upper(),
    "tracking_consent": lambda text, _: values.read_yes(text, "tracking consent"),
    "left_on": lambda text, c: _left(text, c),
    "pledged_at": lambda text, c: times.read_past_time(text, "pledge date", c.now, c.shift),
    "pledge_kind": lambda text, _: values.read_pledge_kind(text),
    "org_name": _plain("organisation name"),
    "postcode": lambda text, _: values.clean_text(text, "postcode", 12).upper(),
    "pcn_code": _plain("PCN code", 20),
    "pcn_name": _plain("PCN name"),
    "opened_on": lambda text, _: times.read_day(text, "opening date"),
    "closed_on": lambda text, _: times.read_day(text, "closing date"),
    "pcn_from": lambda text, _: times.read_day(text, "date of joining the PCN"),
    "pcn_until": lambda text, _: times.read_day(text, "date of leaving the PCN"),
    "org_status": _plain("status", 40),
    "prescribing_setting": _plain("prescribing setting", 80),
    "health_geography": lambda text, c: _area_of(text, c),
    "subscriber_type": lambda text, _: values.read_subscriber_type(text),
    "resource_key": _plain("resource key"),
    "title": _plain("title", 300),
    "url": lambda text, _: read_web_address(text),
    "resource_kind": _plain("kind", 40),
    "summary": _plain("summary", values.MAX_SUMMARY),
    "published_at": lambda text, c: times.read_time(text, "publication date") + c.shift,
    "target": lambda text, _: _target(text),
    "reason": lambda text, _: values.clean_text(text[:500], "reason", 500),
    "status": _plain("status"),
    "cleaned_on": lambda text, c: times.read_past_time(text, "date", c.now),
    "scope": lambda text, _: values.read_scope(text),
    "detail": lambda text, _: values.clean_text(text, "detail", 500),
    "since": lambda text, c: times.read_past_time(text, "date", c.now),
    "basis": lambda text, _: values.read_basis(text),
    "evidence": _plain("evidence", 500),
    "wording_version": _plain("wording version"),
    "basis_purpose": lambda text, _: values.read_purpose(text),
    "given_on": lambda text, c: times.read_past_time(text, "date of consent", c.now),
    "withdrawn_on": lambda text, c: times.read_past_time(text, "date of withdrawal", c.now),
}


def _unguarded(text: str) -> str:
    return values.clean_text(text, "email address", 320) if text[:1] == "'" else text


def _email(text: str, context: Context) -> str:
    address = clean_address(_unguarded(text))
    return address if context.beyond_ascii else ascii_only(address)


def _left(text: str, context: Context) -> Any:
    """Return when somebody left. A day to come is left empty: they have not left yet, and staff
    systems write one such as 31/12/4712 for everybody who stays."""
    left = times.read_time(text, "leaving date")
    return LEFT_EMPTY if left > context.now else left


def _area_of(code: str, context: Context) -> str:
    """Return the hub's area of a care board's code, '' for one elsewhere: not every row is ours."""
    area = ods.AREAS.get(code.strip().upper(), "")
    return area if area in context.lists.areas else ""


def _target(text: str) -> str:
    plain = tidy(_unguarded(text))
    if plain.startswith("@") or "@" not in plain:
        return clean_domain(plain)
    return clean_address(plain)
