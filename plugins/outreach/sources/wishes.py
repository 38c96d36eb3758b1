"""Columns that say whom not to write to, in a file that is read as something else.

Passed over, they would have people written to who said no, or everybody suppressed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from outreach.domain import BasisKind
from outreach.errors import Fault, InputError
from outreach.records import ImportKind
from outreach.sources import headers
from outreach.sources.mapping import ColumnPlan

_STOPS = re.compile(
    r"\bunsub\w*|\bopt(?:ed)? ?out\b|\boptout\b|\bhas opted out\b|\bsuppress(?:ed|ion)\b"
    r"|\bdo ?not ?(?:e ?mail|mail|contact|write)\b|\bno (?:e ?mails?|marketing|contact)\b"
    r"|\b(?:e ?mail|subscription|subscriber|marketing|mailing|list member|member) status\b"
    r"|\bbounced?\b|\bbounce (?:type|reason|category|date)\b|\bclean(?:ed)? (?:time|on|at|date)\b"
    r"|\bobject(?:ed|ion)\b"
)
_CONSENT = re.compile(
    r"\bconsent(?:ed|s)?\b|\bopt(?:ed)? ?in\b|\bkeep me (?:informed|posted|updated|up to date)\b"
    r"|\b(?:may|can) we (?:contact|e ?mail|write)\b|\bsubscribed?\b|\bmailing list\b"
    r"|\bnewsletters?\b"
    r"|\b(?:happy|agree|like|want)\b.*\b(?:e ?mails?|contacted|hear from|updates)\b"
)
_OF_CONTACTS = ("basis", "wording_version", "pledge_kind")
_PEOPLE = (ImportKind.CONTACTS, ImportKind.PLEDGES)


def heed_wishes(file: str, kind: ImportKind, plan: ColumnPlan) -> None:
    """Raise InputError where a column that nothing would be made of says whom to write to."""
    if kind in _PEOPLE:
        _heed_stops(file, plan)
        _heed_consent(file, plan)
    elif kind is ImportKind.SUPPRESSIONS:
        found = [h for h in plan.unrecognised if headers.meaning(h, _OF_CONTACTS)]
        if found:
            said = (
                f"the column {_quoted(found)} belongs to a list of contacts or pledges, and this "
                "was to be taken as suppressions: nobody in it would be written to again. Choose "
                f"the right kind or folder; if it is right, take the column out{_or_ignore(found)}"
            )
            raise InputError(Fault(said, file))


def _heed_stops(file: str, plan: ColumnPlan) -> None:
    found = [h for h in plan.unrecognised if _STOPS.search(headers.words(h))]
    if found:
        said = (
            f"the column {_quoted(found)} seems to say who must not be written to, which a list "
            "of people cannot tell us. Put those people into a list of suppressions and take that "
            "in first, then take this column out"
        )
        raise InputError(Fault(f"{said}{_or_ignore(found)}", file))


def _heed_consent(file: str, plan: ColumnPlan) -> None:
    """A basis of consent for everybody must not run over a column with each one's own answer."""
    given = {**plan.defaults, **plan.constants}.get("basis", "")
    if given != BasisKind.CONSENT.value:
        return
    found = [h for h in plan.unrecognised if _CONSENT.search(headers.words(h))]
    if found:
        said = (
            f"the column {_quoted(found)} seems to ask for consent, and consent was to be recorded "
            "for everybody, whatever they answered. Keep the rows of those who agreed and take "
            "the column out; or have each answer counted: docs/sources.md says how, under Consent"
        )
        raise InputError(Fault(f"{said}{_or_ignore(found)}", file))


def _or_ignore(found: Sequence[str]) -> str:
    plain = " ".join(found[0].split())[:80]
    return f'. If it says no such thing: --map "{plain}=ignore", or under mapping in sources.yaml'


def _quoted(found: Sequence[str]) -> str:
    return ", ".join(f'"{" ".join(heading.split())[:120]}"' for heading in found)
