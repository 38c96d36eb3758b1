"""Email addresses: one written form, and whether mail could be delivered to it.

`email-validator` decides. Plain ASCII addresses, nearly all of them, take a fast path that
accepts only what it accepts (a property test compares the two).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from outreach.addressform import composed, one_form
from outreach.sources.values import BadValue

_LOCAL = re.compile(r"[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+\Z")
_RESERVED_ENDS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
_DOMAIN = re.compile(
    r"(?=.{1,180}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?:[a-z]{2,63}|xn--[a-z0-9-]{1,58}[a-z0-9])\Z"
)

_ANYWHERE = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]*[^\s<>()\[\],;:\".]")

MISSING = "no email address"
NOT_ASCII = "email address with letters that cannot be delivered to"
NOT_VALID = "email address is not valid"
UNSEEN = "email address with an invisible character inside"
SEVERAL = "more than one email address"
_PLAIN_LETTERS = "use an address of plain letters a-z; ask the person for one"


_MOST_DOMAINS = 20_000
_plain_domains: dict[str, bool] = {}


def clean_address(text: str) -> str:
    """Return the one form of an address (see addressform). Raises BadValue with advice."""
    address = _trimmed(text)
    return address if _is_plain(address) else _judged(address)


def ascii_only(address: str) -> str:
    """Return an address in its one form. Raises BadValue where it has letters outside ASCII."""
    if not address.isascii():
        raise BadValue(NOT_ASCII, _PLAIN_LETTERS)
    return address


def plain_addresses(texts: Iterable[str]) -> list[str | None]:
    """Return each address in its one form, None where it takes `clean_address` to judge it."""
    local_ok, domain_ok = _LOCAL.match, _plain_domains.get
    found: list[str | None] = []
    for text in texts:
        address = text.strip().lower()
        local, _, domain = address.partition("@")
        # Most domains repeat: what was found of one counts for every address there.
        if len(local) < 65 and local_ok(local) and domain_ok(domain):
            found.append(address)
        else:
            found.append(address if _is_plain(address) else None)
    return found


def _is_plain(address: str) -> bool:
    """Whether an address is of the plain form that `email-validator` takes as it is."""
    local, _, domain = address.partition("@")
    if len(local) > 64 or not _LOCAL.match(local):
        return False
    known = _plain_domains.get(domain)
    if known is None:
        known = _is_plain_domain(domain)
        if len(_plain_domains) >= _MOST_DOMAINS:
            _plain_domains.clear()
        _plain_domains[domain] = known
    return known


def _is_plain_domain(domain: str) -> bool:
    if "--" in domain or not _DOMAIN.match(domain):
        return False
    return domain.rpartition(".")[2] not in _RESERVED_ENDS


def clean_domain(text: str) -> str:
    """Return a mail domain in its one form; a leading @ is allowed. Raises BadValue."""
    domain = tidy(text).removeprefix("@")
    if not _DOMAIN.match(domain):
        raise BadValue("domain is not valid", "write it as example.org")
    return domain


def addresses_in(text: str) -> list[str]:
    """Return what reads as an address in a text, whatever stands round it, tidied."""
    return [one_form(one) for one in _ANYWHERE.findall(_visible(text))] if "@" in text else []


def _trimmed(text: str) -> str:
    """Return text in lower case, without spaces and invisible characters at its ends."""
    if not text.isascii():
        start, end = 0, len(text)
        while start < end and _unseen(text[start]):
            start += 1
        while end > start and _unseen(text[end - 1]):
            end -= 1
        text = text[start:end]
    return text.strip().lower()


def _unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Zs")


def tidy(text: str) -> str:
    """Return an address or domain in its one form, without characters nobody can see."""
    return one_form(_visible(text))


def _visible(text: str) -> str:
    if not text.isascii():
        text = composed("".join(c for c in text if unicodedata.category(c) != "Cf"))
    return text.strip().lower()


def _judged(address: str) -> str:
    if not address:
        raise BadValue(MISSING, "add the address, or leave the row out")
    if any(_unseen(c) and c not in " \t\r\n" for c in address):
        raise BadValue(UNSEEN, "type the address again by hand; do not copy it from the list")
    if address.count("@") > 1 and re.search(r"[;,\s]", address):
        raise BadValue(SEVERAL, "keep one address in the row; give each person a row")
    if "<" in address or address.startswith("mailto:"):
        raise BadValue(NOT_VALID, "write the address alone, without a name, < > or mailto:")
    try:
        valid = validate_email(
            one_form(address), allow_smtputf8=True, check_deliverability=False, strict=True
        )
    except EmailNotValidError as error:
        raise BadValue(NOT_VALID, _short(str(error))) from None
    if not all(map(_is_letter, valid.local_part)):
        raise BadValue(NOT_ASCII, _PLAIN_LETTERS)
    found = (valid.ascii_email or f"{valid.local_part}@{valid.ascii_domain}").lower()
    if one_form(found) != found:  # or its hash would not be the same always
        raise BadValue(NOT_VALID, "check its letters with the person")
    return found


def _is_letter(character: str) -> bool:
    """Whether it is ASCII, or a letter, mark or digit: not the curly quote of an office program."""
    return character.isascii() or unicodedata.category(character)[0] in "LMN"


def _short(message: str) -> str:
    return "check it with the person: " + message.split("\n")[0][:200]
