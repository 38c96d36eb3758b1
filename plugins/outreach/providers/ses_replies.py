"""What Amazon SES's answer to one message means: what to do next, and what a person mends.

Codes: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
and https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from outreach.errors import HandOverError, InDoubt, MustStop, NotSent, Rejected
from outreach.providers.base import Recipient
from outreach.providers.filling import without_addresses
from outreach.providers.ses_account import BASE_URL, CONFIGURATION_SET, KEY_ID, REGION

CODE_HEADER = "x-amzn-ErrorType"

SLOWER = frozenset(
    {
        *("TooManyRequestsException", "LimitExceededException"),
        *("Throttling", "ThrottlingException", "ThrottledException"),
        *("RequestThrottled", "RequestThrottledException", "RequestLimitExceeded"),
    }
)
"""Codes of an account that sends too fast or has sent enough; some of them come as 400."""

_KEYS = f"check {KEY_ID} and its secret, or the role that sends"
STOPS = {
    "AccessDeniedException": "allow these keys ses:SendEmail and ses:SendRawEmail",
    "AccessDenied": "allow these keys ses:SendEmail and ses:SendRawEmail",
    "AccountSuspendedException": "AWS has suspended sending: look at the account in SES",
    "SendingPausedException": "let the account and the configuration set send again in SES",
    "MailFromDomainNotVerifiedException": "verify the MAIL FROM domain in SES",
    "ExpiredTokenException": _KEYS,
    "ExpiredToken": _KEYS,
    "IncompleteSignature": _KEYS,
    "InvalidClientTokenId": _KEYS,
    "InvalidSignatureException": f"{_KEYS}, {REGION}, and this machine's clock",
    "MissingAuthenticationTokenException": _KEYS,
    "NotAuthorized": _KEYS,
    "OptInRequired": "this AWS account may not use SES: look at the account",
    "RequestExpired": "set this machine's clock right",
    "SignatureDoesNotMatch": f"{_KEYS}, {REGION}, and this machine's clock",
    "UnrecognizedClientException": _KEYS,
}
"""Code -> what a person mends: every further message would be refused as well."""

_UNVERIFIED = (
    "verify the From address or its domain in SES in this region, and ask AWS to take the "
    "account out of the sandbox"
)
_RATE_WAIT, _QUOTA_WAIT = 1.0, 600.0
_OK, _TIMED_OUT, _TOO_LARGE, _TOO_MANY = 200, 408, 413, 429
_LONGEST = 300


def accepted(status: int, reply: bytes) -> str:
    """Return the message id of an acceptance; '' for any other answer."""
    found = _read(reply).get("MessageId") if status == _OK else ""
    return found if isinstance(found, str) else ""


def verdict(
    status: int, headers: Mapping[str, str], reply: bytes, about: Recipient, key_id: str
) -> HandOverError:
    """Return what an answer that is no acceptance means for the message `about` one person.

    Its text holds no address, no value of that person's and no key.
    """
    found = _read(reply)
    code = _code(headers, found)
    words = _words(found, about, key_id)
    said = f"SES answered {status}" + (f" ({code})" if code else "")
    said += f": {words}" if words else ""
    if status == _TIMED_OUT or not 300 <= status < 500:
        return InDoubt(f"{said}, which does not say whether it took the message")
    if status == _TOO_MANY or code in SLOWER or "sending rate exceeded" in words.lower():
        wait = _QUOTA_WAIT if "quota" in words.lower() else _RATE_WAIT
        return NotSent(said, retry_after=wait, everyone=True)
    mend = _mend(status, code, words.lower())
    if mend:
        return MustStop(f"{said}; {mend}, then resume the edition")
    return Rejected(said)


def _mend(status: int, code: str, words: str) -> str:
    """Return what a person mends; '' where only this one message is refused."""
    if code in STOPS:
        return STOPS[code]
    if status in (401, 403):
        return _KEYS
    if "configuration set" in words:
        return f"{CONFIGURATION_SET} names none that there is in this region"
    if code == "MessageRejected" and "not verified" in words:
        return _UNVERIFIED
    if status == _TOO_LARGE or (code and 400 <= status < 500):
        return ""
    return f"{BASE_URL} does not lead to SES's API" if status != 400 else ""


def _read(reply: bytes) -> dict[str, Any]:
    try:
        found = json.loads(reply)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _code(headers: Mapping[str, str], found: dict[str, Any]) -> str:
    """Return the code without what AWS puts around it: `prefix#Code:http://...`."""
    said = headers.get(CODE_HEADER) or found.get("__type") or found.get("code") or ""
    code = str(said).partition(":")[0].rpartition("#")[2].strip()
    return code[:60] if code.isascii() and code.isalnum() else ""


def _words(found: dict[str, Any], about: Recipient, key_id: str) -> str:
    said = found.get("message") or found.get("Message") or ""
    words = without_addresses(str(said)).replace(key_id, "(a key)")
    local = about.address.partition("@")[0]
    private = {text for text in (*about.values, local) if len(text) > 2 and text in words}
    for text in sorted(private, key=len, reverse=True):
        words = words.replace(text, "(a value)")
    return " ".join(words.split())[:_LONGEST]
