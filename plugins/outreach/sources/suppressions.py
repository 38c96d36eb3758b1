"""Why a row of another tool's list says not to write: its words, its columns, its bounce codes.

What is read as it comes: SendGrid's bounces, unsubscribes, spam reports and invalid addresses,
Mailchimp's unsubscribed and cleaned members, dotdigital's suppressed contacts, plain lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from outreach.domain import SuppressionReason
from outreach.sources.values import BadValue

R = SuppressionReason

_WORDS: Mapping[SuppressionReason, str] = {
    R.UNSUBSCRIBED: """unsub, unsubscribe, unsubscribes, opt out, opted out, optout, opt-out,
        group unsubscribe, global unsubscribe, globally unsubscribed, unsubscribed by api,
        unsubscribed by user, not subscribed, normal, no longer want these emails, nosignup,
        never signed up, inappropriate, other, asm""",
    R.COMPLAINED: """complaint, complainer, spam, spam report, spam reports, abuse, isp complained,
        issp complained, isp complaint, direct complaint, marked as spam, reported as spam""",
    R.HARD_BOUNCE: """bounce, bounced, bounces, hard, permanent, cleaned,
        hard bounced, hardbounce, permanent bounce,
        permanent failure, undeliverable, mailbox does not exist, no such user, user unknown""",
    R.OBJECTED: "objection, right to object, do not contact, do not email, do not mail",
    R.LEFT: """left, leaver, has left, no longer here, no longer works here, no longer employed,
        left organisation, left the organisation, left the practice, left the trust, moved on,
        retired, deceased""",
    R.ERASED: "erasure, forgotten, right to be forgotten, gdpr erasure, deleted at own request",
    R.INVALID: "invalid, invalid email, invalid emails, malformed, syntax error",
}
_MAY_BE_WRITTEN_TO = """subscribed, active, opted in, optin, delivered, ok, valid, engaged,
    confirmed, resubscribed"""
_NAMED = (
    ("spam report", R.COMPLAINED),
    ("complaints", R.COMPLAINED),
    ("invalid email", R.INVALID),
    ("invalid address", R.INVALID),
)
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CODE = re.compile(r"\s*([245])(?:\d\d\b|\.\d{1,3}\.\d{1,3}\b)")


def _key(text: str) -> str:
    return _NOT_WORD.sub("", text.casefold())


def _split(words: str) -> list[str]:
    return [_key(word) for word in words.split(",")]


_MEANT = {_key(reason): reason for reason in R} | {
    word: reason for reason, words in _WORDS.items() for word in _split(words)
}
_WELCOME = frozenset(_split(_MAY_BE_WRITTEN_TO))


def read_suppression(value: str) -> SuppressionReason:
    """Return the reason meant. Unknown words still suppress, as `manual`: none is ever lost.

    Raises BadValue for a word that says the opposite, as in a list of everybody.
    """
    for text in (value, value.partition(":")[0]):
        if _key(text) in _MEANT:
            return _MEANT[_key(text)]
    if _key(value) in _WELCOME:
        raise BadValue(
            "this row says that they may be written to",
            "a list of suppressions holds only people not to write to; take the row out",
        )
    return R.MANUAL


def told_by_name(file_name: str) -> str:
    """Return the reason that the name of another tool's export tells, '' where it tells none.

    SendGrid's exports of spam reports and invalid addresses have no column that says it.
    """
    plain = _NOT_WORD.sub(" ", file_name.casefold())
    return next((reason.value for words, reason in _NAMED if words in plain), "")


def why(reason: str, status: str, cleaned: bool) -> tuple[SuppressionReason, str]:
    """Return why a row says not to write, and in its own words where ours do not tell it all.

    `status` may be a bounce's code, beside which `reason` is what a mail server said. A code
    that begins with 4 was no final refusal: it is kept as `manual`, for a person to look at.
    Raises BadValue as `read_suppression` does.
    """
    code = _CODE.match(status) or _CODE.match(reason)
    if code:
        return (R.MANUAL if code[1] == "4" else R.HARD_BOUNCE), (reason or status)
    if cleaned:
        return R.HARD_BOUNCE, reason
    if not reason and not status:
        return R.UNSUBSCRIBED, ""
    for word in filter(None, (reason, status)):
        meant = read_suppression(word)
        if meant is not R.MANUAL:
            return meant, reason if word is status and word != reason else ""
    return R.MANUAL, reason or status
