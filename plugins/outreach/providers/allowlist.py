"""Who may be reached at all: outside production only the allow-list, and only plain addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from functools import lru_cache

from outreach.addressform import one_form
from outreach.errors import Rejected
from outreach.settings import Settings

# Printable ASCII but @ , ; < > ( ) [ ] \ " and :, which a server could misread.
_LETTER = r"[!#-'*+\-./0-9=?A-Z^-z{|}~]"
_BEFORE_DOT = r"[!#-'*+\-/0-9=?A-Z^-z{|}~]"
_PLAIN = re.compile(rf"{_LETTER}+@{_BEFORE_DOT}*\.{_LETTER}*")
_ANY_BEFORE = re.compile(r"\*[^*?\[]*")
"""A pattern such as *@example.org, which says how an address ends and nothing else."""

_BEYOND = _LETTER.replace("}~]", "}~\x80-\U0010ffff]")
_INTERNATIONAL = re.compile(rf"{_BEYOND}+@{_BEYOND}+")
_ALL_PLAIN = re.compile(rf"(?:{_LETTER}++@{_BEFORE_DOT}*+\.{_LETTER}*+\n)*+")


def allowed(address: str, settings: Settings) -> bool:
    """Whether a networked provider may reach `address` in this deployment.

    Always in production; elsewhere only where one of the OUTREACH_ALLOWED_RECIPIENTS globs
    matches (none set: nobody).
    """
    return allowed_by(settings)(address)


def allowed_by(settings: Settings) -> Callable[[str], bool]:
    """Return `allowed` of one deployment."""
    return everybody if settings.production else _matcher(settings.allowed_recipients)


def everybody(_address: str) -> bool:
    """Allow each address."""
    return True


@lru_cache(maxsize=8)
def _matcher(globs: tuple[str, ...]) -> Callable[[str], bool]:
    forms = [one_form(glob) for glob in globs]
    ends = tuple([form[1:] for form in forms if _ANY_BEFORE.fullmatch(form)])
    if len(ends) == len(forms):
        # Whoever stands in just this domain does so in any form.
        domains = tuple([end for end in ends if end.startswith("@")])
        return lambda address: address.endswith(domains) or one_form(address).endswith(ends)
    match = re.compile("|".join(map(translate, forms))).match
    return lambda address: match(one_form(address)) is not None


def refusal(settings: Settings) -> str:
    """Return, in words, why an address that is not `allowed` is not reached."""
    if settings.allowed_recipients:
        return "outside the allow-list of this non-production deployment"
    return (
        "this deployment is not production and OUTREACH_ALLOWED_RECIPIENTS is empty, so nobody "
        "can be reached; list addresses or patterns such as *@example.org"
    )


def plain_address(address: str) -> bool:
    """Whether `address` is one bare ASCII address with nothing that a server could misread."""
    return _PLAIN.fullmatch(address) is not None


def international_address(address: str) -> bool:
    """Whether `address` is one bare address as RFC 6531, 3.3, has it, no letter of it unseen.

    What compatible letters stand for is looked at too: a server may take one for the other.
    """
    return address.isprintable() and all(
        _INTERNATIONAL.fullmatch(one) and ".." not in f".{one.partition('@')[0]}."
        for one in (address, unicodedata.normalize("NFKC", address))
    )


def guard(addresses: Sequence[str], settings: Settings, *, beyond_ascii: bool = False) -> None:
    """Refuse a batch in which one address must not be reached.

    `beyond_ascii`: letters outside ASCII are well. Raises Rejected, which names no address,
    before anything is sent.
    """
    if _all_plain(addresses) and _all_allowed(addresses, settings):
        return
    for address in addresses:
        if not address.isascii() and not beyond_ascii:
            raise Rejected("an address has letters outside ASCII, which mail servers may not take")
        if not (plain_address if address.isascii() else international_address)(address):
            raise Rejected("an address is not one plain address (name@domain)")
        if not allowed(address, settings):
            raise Rejected(refusal(settings))


def _all_plain(addresses: Sequence[str]) -> bool:
    lines = "\n".join(addresses) + "\n"
    return lines.count("\n") == len(addresses) and _ALL_PLAIN.fullmatch(lines) is not None


def _all_allowed(addresses: Iterable[str], settings: Settings) -> bool:
    return settings.production or all(map(allowed_by(settings), addresses))
