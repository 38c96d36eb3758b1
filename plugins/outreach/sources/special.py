"""Headings of special-category data: a file that has one is refused whole and not kept."""

from __future__ import annotations

import re
import unicodedata

from outreach.sources.headers import words

_ABOUT_THE_WORK = re.compile(
    r"\b(?:workforce )?race (?:in)?equality(?: standard)?\b|\bworkforce race\b"
    r"|\b(?:race|racial) (?:discrimination|harassment|justice|(?:in)?equit(?:y|ies))\b"
    r"|\bracial (?:in)?equalit(?:y|ies)\b|\b(?:regardless|irrespective) of\b.*"
    r"|\bhealth ?care\b|\bhealth cent(?:re|er)\b|\bdisability confident\b"
    # News of a staff network, and who leads it; not whether somebody is a member.
    r"|\b(?:(?:black and )?(?:ethnic )?minority(?: ethnic)?|bme|race|disab\w+|lgbt\w*|faith)"
    r"(?: staff)? network (?:news|updates?|events?|lead|chair|contact)\b"
    # What somebody's work is, or a place is for.
    r"|\b(?:mental health|sexual health|learning disabilit(?:y|ies)|disability|autism|adhd"
    r"|genetics?|pregnancy|diagnosis|political|menopause|religious)"
    r" (?:awareness|champion|clinic|course|festivals?|first aider|hub|lead(?:ership)?|nurse"
    r"|practitioner|services?|team|training)\b"
)
_SPECIAL = re.compile(
    r"\beth?i?ni\w*|\beth(?:n|nic|nc)?(?: ?(?:gr?p|group|cat|code|or(?:igin)?|bg))?\b"
    r"|\braces?\b|\bracial\w*|\bbame\b|\bbme\b|\bcastes?\b|\bancestry\b"
    r"|\b(?:skin|person of|people of) colou?r\b|\b(?:global majority|minority|minorities)\b"
    r"|\bwhite\b.*\bblack\b|\bblack\b.*\b(?:white|asian)\b|\bcultural background\b"
    r"|\b(?:racial|family|cultural) heritage\b|^heritage$|\bnational(?:ity| origin)\b"
    r"|\bprotected characteristics?\b|\b(?:equality|diversity) monitoring\b"
    r"|\breligio\w*|\bfaiths?\b|\bbeliefs?\b"
    r"|\bdisab(?:led|ility|ilities)\b|\bimpairments?\b|\bneurodiver\w*"
    r"|\bmedical (?:conditions?|data|details|history|information|issues?|needs?|notes?)\b"
    r"|\bmedications?\b|\breasonable adjustments?\b|\baccess(?:ibility)? (?:needs|requirements)\b"
    r"|\bdietary\b|\ballerg(?:y|ies|ens?)\b|\btrans history\b|\bgender\b.*\bsame as\b"
    r"|\b(?:country|place) of birth\b|\basylum\b|\brefugees?\b|\bimmigration\b|\bdbs\b"
    r"|\bhiv\b|\bvaccinated\b|\b(?:vaccin|immunis|immuniz)ation (?:date|history|record|status)\b"
    r"|\bblood (?:group|type)\b|\bcovid status\b"
    r"|\b(?:your|physical|mental|personal) health(?! (?:trust|team|organisation))\b"
    r"|\bhealth (?:conditions?|status|problems?|issues?|needs?|data|information)\b|^health$"
    r"|\blong ?term conditions?\b|\bdiagnos[ei]s\b|\bpregnan\w*|\bsickness\b"
    r"|\bsexual\w*|\bsex life\b|\blgbt\w*|\btrans(?:gender| status)\b|^trans$"
    r"|\bgender (?:identity|reassignment)\b"
    r"|\b(?:adhd|autis\w+|dyslexi\w+|dyspraxi\w+)\b|\b(?:deaf|hard of hearing|wheelchair users?)\b"
    r"|\b(?:registered blind|visually impaired|menopausal)\b|\bmenopause (?:status|symptoms?)\b"
    r"|\b(?:illness(?:es)?|ill ?health|long covid|vaccine status|maternity leave)\b"
    r"|\bsick (?:days|leave|note|pay)\b|\bfasting for\b|\bvisa (?:status|type)\b"
    r"|\b(?:what|which) union\b|\bunion rep\w*\b"
    r"|\bpolitical\b|\btrade unions?\b|\bunion member\w*|\bgenetic\w*|\bbiometric\w*"
    r"|\bcriminal\b|\bconvictions?\b"
)


def special_category(heading: str) -> bool:
    """Whether a heading asks about ethnicity, religion, health or the like.

    The Standard's own proper name ("Workforce Race Equality Standard") is not such a question.
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _seen(heading))  # EthnicGroup, isDisabled
    inside = re.sub(r"[()\[\]]", " ", split)
    return bool(_SPECIAL.search(_ABOUT_THE_WORK.sub(" ", words(inside))))


def _seen(heading: str) -> str:
    """Return a heading without what nobody sees and what would break a word in two."""
    kinds = {"Cc", "Cf"}
    return "".join(c for c in heading if c.isspace() or unicodedata.category(c) not in kinds)
