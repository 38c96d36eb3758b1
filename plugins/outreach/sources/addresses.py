"""Email addresses: one written form, and whether SendGrid could deliver to it.

`email-validator` decides. Plain ASCII addresses, nearly all of them, take a fast path that
accepts only what it accepts (a property test compares the two).
"""

from __future__ import annotations

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from outreach.sources.values import BadValue

_PLAIN = re.compile(
    r"(?=.{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?=.{1,180}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63})\Z"
)
_RESERVED_ENDS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
_DOMAIN = re.compile(r"(?=.{1,180}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z")

_ANYWHERE = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]*[^\s<>()\[\],;:\".]")

MISSING = "no email address"
NOT_ASCII = "email address with letters that cannot be delivered to"
NOT_VALID = "email address is not valid"
SEVERAL = "more than one email address"


def clean_address(text: str) -> str:
    """Return the one form of an address: trimmed, lower case. Raises BadValue with advice."""
    address = tidy(text)
    found = _PLAIN.match(address)
    if found and found[1] not in _RESERVED_ENDS and "--" not in address:
        return address
    return _judged(address)


def clean_domain(text: str) -> str:
    """Return a mail domain in its one form; a leading @ is allowed. Raises BadValue."""
    domain = tidy(text).removeprefix("@")
    if not _DOMAIN.match(domain):
        raise BadValue("domain is not valid", "write it as example.org")
    return domain


def addresses_in(text: str) -> list[str]:
    """Return what reads as an address in a text, whatever stands round it, tidied."""
    return _ANYWHERE.findall(tidy(text)) if "@" in text else []


def tidy(text: str) -> str:
    """Return text in lower case, without outer spaces and without characters nobody can see."""
    if not text.isascii():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return text.strip().lower()


def _judged(address: str) -> str:
    if not address:
        raise BadValue(MISSING, "add the address, or leave the row out")
    if not address.isascii():
        raise BadValue(NOT_ASCII, "use an address of plain letters a-z; ask the person for one")
    if address.count("@") > 1 and re.search(r"[;,\s]", address):
        raise BadValue(SEVERAL, "keep one address in the row; give each person a row")
    if "<" in address or address.startswith("mailto:"):
        raise BadValue(NOT_VALID, "write the address alone, without a name, < > or mailto:")
    try:
        valid = validate_email(
            address, allow_smtputf8=False, check_deliverability=False, strict=True
        )
    except EmailNotValidError as error:
        raise BadValue(NOT_VALID, _short(str(error))) from None
    return (valid.ascii_email or valid.normalized).lower()


def _short(message: str) -> str:
    return "check it with the person: " + message.split("\n")[0][:200]
