"""What a column's heading means: ignoring case, spaces, `_` and `-`, and questions' wording."""

from __future__ import annotations

import re
import unicodedata

_PARENTHESES = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_LEAD = re.compile(
    r"^(?:please )?(?:(?:enter|give|provide|state|tell us|type|write|select|choose|confirm|add) )?"
    r"(?:(?:us|in) )?(?:(?:what|which|whats|what s) )?(?:(?:is|are) )?(?:(?:the|your|my|a) )*"
)
_TAIL = re.compile(
    r"(?: (?:do|does|did|are|is|will) (?:you|your (?:organi[sz]ation|practice|employer)))?"
    r"(?: (?:currently|mainly|mostly|primarily))?"
    r"(?: (?:work|working|based|located|belong|part|employed|practise|hold|represent))?"
    r"(?: (?:in|at|for|to|of|under|from))?$"
)

ALIASES: dict[str, tuple[str, ...]] = {
    "email": (
        "email",
        "e mail",
        "mail",
        "email address",
        "e mail address",
        "work email",
        "work email address",
        "nhs email",
        "nhs email address",
        "nhs mail",
        "nhsmail",
        "contact email",
        "contact email address",
        "address email",
        "preferred email",
        "preferred email address",
        "best email address",
        "best email address to reach you",
    ),
    "first_name": ("first name", "forename", "given name", "firstname", "christian name"),
    "last_name": ("last name", "surname", "family name", "lastname", "second name"),
    "name": ("name", "full name", "contact name", "first and last name", "your name", "person"),
    "job_role": (
        "job role",
        "role",
        "job title",
        "job",
        "position",
        "title of job",
        "occupation",
        "profession",
        "role in organisation",
        "role in the organisation",
        "staff role",
    ),
    "sector": (
        "sector",
        "primary care sector",
        "sector of primary care",
        "contractor group",
        "contractor type",
        "part of primary care",
        "area of primary care",
    ),
    "ics_area": (
        "ics area",
        "ics",
        "area",
        "icb",
        "icb area",
        "integrated care system",
        "integrated care system area",
        "integrated care board",
        "london area",
        "region of london",
        "part of london",
        "area of london",
        "system",
    ),
    "borough": ("borough", "london borough", "local authority", "council area"),
    "organisation_name": (
        "organisation name",
        "organisation",
        "organization",
        "organization name",
        "employer",
        "practice name",
        "practice",
        "pharmacy name",
        "name of organisation",
        "name of organization",
        "name of practice",
        "name of your organisation",
        "name of your organization",
        "name of your practice",
        "name of your employer",
        "name of employer",
        "workplace",
        "place of work",
        "name of your workplace",
        "company",
        "surgery",
        "surgery name",
    ),
    "ods_code": (
        "ods code",
        "ods",
        "practice code",
        "organisation code",
        "partner organisation code",
        "ods code of your organisation",
        "organisation ods code",
        "organisations ods code",
        "national practice code",
        "ods code of your practice",
    ),
    "organisation_postcode": (
        "organisation postcode",
        "practice postcode",
        "pharmacy postcode",
        "surgery postcode",
        "employer postcode",
        "work postcode",
        "workplace postcode",
        "postcode",
        "post code",
        "postal code",
        "postcode of your organisation",
        "postcode of your practice",
        "postcode of your workplace",
    ),
    "tracking_consent": ("tracking consent", "click consent", "consent to click tracking"),
    "left_on": ("left on", "left", "leaving date", "date left", "leaver date", "left date"),
    "pledged_at": (
        "pledged at",
        "pledged on",
        "pledge date",
        "date of pledge",
        "completion time",
        "submitted",
        "submitted at",
        "submission date",
        "date submitted",
        "timestamp",
        "entry date",
        "signed at",
        "signed on",
        "date signed",
        "date",
    ),
    "pledge_kind": (
        "pledge kind",
        "pledging as",
        "signing as",
        "pledge type",
        "pledge for",
        "on behalf of",
        "who are you pledging for",
        "are you pledging as a person or on behalf of an organisation",
        "are you pledging as",
        "signing on behalf of",
    ),
    "org_name": (
        "name",
        "organisation name",
        "organisation",
        "practice name",
        "partner name",
        "organization name",
    ),
    "opened_on": ("opened on", "open date", "opened", "operational start date", "legal start date"),
    "closed_on": ("closed on", "close date", "closed", "operational end date", "legal end date"),
    "org_status": ("status", "status code", "organisation status"),
    "prescribing_setting": ("prescribing setting",),
    "health_geography": (
        "icb code",
        "current sub icb loc code",
        "current sub icb location code",
        "practice parent sub icb loc code",
        "practice parent sub icb location code",
    ),
    "pcn_from": ("pcn from", "practice to pcn relationship start date"),
    "pcn_until": ("pcn until", "practice to pcn relationship end date"),
    "postcode": ("postcode", "post code", "postal code", "organisation postcode"),
    "pcn_code": ("pcn code", "primary care network code"),
    "pcn_name": ("pcn name", "pcn", "primary care network", "primary care network name"),
    "subscriber_type": ("subscriber type", "pecr subscriber type", "legal form"),
    "resource_key": ("resource key", "key", "resource id", "reference"),
    "title": ("title", "resource title", "resource", "resource name"),
    "url": ("url", "link", "web address", "address", "resource url", "resource link"),
    "summary": ("summary", "description", "about"),
    "published_at": ("published at", "published", "published on", "date published", "date"),
    "target": (
        "email",
        "e mail",
        "email address",
        "e mail address",
        "address",
        "recipient",
        "email or domain",
        "address or domain",
        "domain",
        "blocked address",
    ),
    "reason": (
        "reason",
        "suppression reason",
        "reason for suppression",
        "unsub reason",
        "unsubscribe reason",
        "type",
        "suppression type",
        "event",
        "cause",
    ),
    "status": ("status", "subscription status", "email status", "contact status"),
    "cleaned_on": ("clean time", "cleaned on", "cleaned at"),
    "scope": ("scope", "purpose"),
    "detail": ("detail", "details", "note", "notes", "comment", "comments"),
    "since": (
        "since",
        "created",
        "created at",
        "date",
        "unsubscribed at",
        "suppressed at",
        "unsub time",
        "unsubscribe date",
        "date unsubscribed",
        "date removed",
        "date suppressed",
        "suppressed on",
        "bounced at",
        "date of bounce",
        "created on",
    ),
    "basis": ("basis", "lawful basis"),
    "evidence": ("evidence", "basis evidence", "consent evidence"),
    "wording_version": ("wording version", "consent wording", "consent wording version"),
    "basis_purpose": ("basis purpose", "purpose", "purpose of basis", "consent purpose"),
    "given_on": (
        "given on",
        "consent date",
        "date of consent",
        "consent given on",
        "consented at",
        "consented on",
        "optin time",
        "opt in date",
        "confirm time",
    ),
    "withdrawn_on": (
        "withdrawn on",
        "withdrawn",
        "withdrawn at",
        "date withdrawn",
        "pledge withdrawn on",
        "withdrawal date",
    ),
}
"""Field -> the headings that mean it, written as `words` returns them."""

IGNORED = frozenset(
    {
        "id",
        "start time",
        "last modified time",
        "language",
        "total points",
        "quiz feedback",
        "grade posted time",
        "import id",
        "file name",
        "row number",
        "problem column",
        "problem",
        "advice",
        "contact id",
        "mailable",
        "not mailable reason",
        "pledged",
        "pledge id",
        "shared mailbox",
        "source",
        "outreach import",
        "outreach row",
        "outreach column",
        "outreach what is wrong",
        "outreach what to do",
    }
)
"""Headings of form tools and of our own exports that need no mention."""

_FORMS = frozenset({"start time", "completion time"})


def without_notes(heading: str) -> str:
    """Return a heading without what stands in brackets, such as an example."""
    return _PARENTHESES.sub(" ", heading)


def words(heading: str) -> str:
    """Return a heading as plain lower-case words: `E-mail_Address ` is `e mail address`."""
    text = unicodedata.normalize("NFKC", heading).casefold().replace("'", "").replace("’", "")
    return _NOT_WORD.sub(" ", without_notes(text)).strip()


def squeezed(heading: str) -> str:
    """Return a heading's letters and digits alone, to compare without word breaks."""
    return words(heading).replace(" ", "")


def meaning(heading: str, fields: tuple[str, ...]) -> str:
    """Return which of `fields` a heading means, '' where it means none for certain."""
    plain = words(heading)
    asked = _TAIL.sub("", _LEAD.sub("", plain, count=1), count=1).strip()
    for text in (plain, asked, _TAIL.sub("", plain, count=1), _LEAD.sub("", plain, count=1)):
        for name in fields:
            if text and text.replace(" ", "") in _SQUEEZED[name]:
                return name
    return ""


def form_metadata(headings: list[str]) -> frozenset[str]:
    """Return the headings that Microsoft Forms fills by itself, where this is its export.

    A question that asks for the same thing is worth more than they are.
    """
    plain = [words(heading) for heading in headings]
    return frozenset({"email", "name"}) if frozenset(plain) >= _FORMS else frozenset()


def without_counter(heading: str) -> str:
    """Return `Email` for `Email2`: how Excel tells two columns of one heading apart."""
    return re.sub(r"(?<=[A-Za-z?])[2-9]$", "", heading.strip())


_SQUEEZED = {
    name: frozenset({name.replace("_", ""), *(alias.replace(" ", "") for alias in aliases)})
    for name, aliases in ALIASES.items()
}
