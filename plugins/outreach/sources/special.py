"""Headings of special-category data: a file that has one is refused whole and not kept."""

from __future__ import annotations

import re

from outreach.sources.headers import words

_ABOUT_THE_WORK = re.compile(
    r"\b(?:workforce )?race (?:in)?equality(?: standard)?\b|\bworkforce race\b"
    r"|\b(?:race|racial) (?:discrimination|harassment|justice|(?:in)?equit(?:y|ies))\b"
    r"|\bracial (?:in)?equalit(?:y|ies)\b|\b(?:regardless|irrespective) of\b.*"
    r"|\bhealth ?care\b|\bhealth cent(?:re|er)\b"
)
_SPECIAL = re.compile(
    r"\bethnic\w*|\braces?\b|\bracial\w*|\bbame\b|\bbme\b|\bskin colour\b"
    r"|\bblack and minority\b|\bnational(?:ity| origin)\b"
    r"|\breligio\w*|\bfaiths?\b|\bbeliefs?\b"
    r"|\bdisab(?:led|ility|ilities)\b|\bimpairments?\b|\bneurodiver\w*"
    r"|\bmedical (?:conditions?|history|needs?)\b"
    r"|\b(?:your|physical|mental|personal) health(?! (?:trust|team|organisation))\b"
    r"|\bhealth (?:conditions?|status|problems?|issues?|needs?|data|information)\b|^health$"
    r"|\blong ?term conditions?\b|\bdiagnos[ei]s\b|\bpregnan\w*|\bsickness\b"
    r"|\bsexual\w*|\bsex life\b|\blgbt\w*|\btrans(?:gender| status)\b"
    r"|\bgender (?:identity|reassignment)\b"
    r"|\bpolitical\b|\btrade unions?\b|\bunion member\w*|\bgenetic\w*|\bbiometric\w*"
    r"|\bcriminal\b|\bconvictions?\b"
)


def special_category(heading: str) -> bool:
    """Whether a heading asks about ethnicity, religion, health or the like.

    The Standard's own proper name ("Workforce Race Equality Standard") is not such a question.
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)  # EthnicGroup, isDisabled
    inside = re.sub(r"[()\[\]]", " ", split)
    return bool(_SPECIAL.search(_ABOUT_THE_WORK.sub(" ", words(inside))))
