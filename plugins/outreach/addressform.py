"""A mail address, a mail domain: one written form of each, whoever wrote it and however.

Its hash, the search for it and the envelope all start from this form.
"""

from __future__ import annotations

import re
import unicodedata

import idna

LONGEST = 320
"""Characters: what is longer is no address (RFC 5321, 4.5.3.1), and is left as it is."""

_DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""What parts the labels of a domain that is typed (RFC 3490, 3.1; UTS 46)."""

_DOMAINS = re.compile(r"@([^\s@<>()\[\],;:\"'/?]+)")


def one_form(text: str) -> str:
    """Return an address or a domain, or a pattern of either, in the form that we keep.

    Lower case, no outer spaces, letters composed (NFC, RFC 6532, 3.1), and a domain's labels
    outside ASCII as A-labels (`xn--`, RFC 5891), which any mail server takes. Nothing is judged:
    what is none stays as good as it is.
    """
    text = text.strip().lower()
    if text.isascii() or len(text) > LONGEST:
        return text
    local, at, domain = composed(text).rpartition("@")
    return local + at + a_labels(domain)


def composed(text: str) -> str:
    """Return text in lower case, its letters composed (NFC)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def a_labels(domain: str) -> str:
    """Return a domain with A-labels for those outside ASCII; one that cannot be such stays."""
    if domain.isascii():
        return domain
    return ".".join(_a_label(label) for label in _DOTS.split(domain))


def with_a_labels(text: str) -> str:
    """Return a text of many words with `a_labels` in every address that stands in it."""
    return _DOMAINS.sub(lambda found: "@" + a_labels(found[1]), text)


def spellings(address: str) -> tuple[str, ...]:
    """Return how an address in its one form may be written elsewhere, but for case."""
    local, at, domain = address.rpartition("@")
    readable = ".".join(_u_label(label) for label in domain.split("."))
    either = dict.fromkeys(local + at + one for one in (domain, readable))
    composed_or_not = ((one, unicodedata.normalize("NFD", one)) for one in either)
    return tuple(dict.fromkeys(form for both in composed_or_not for form in both))


def _a_label(label: str) -> str:
    if label.isascii() or len(label) > LONGEST:
        return label
    try:
        return idna.encode(label, uts46=True).decode()
    except UnicodeError:
        return label


def _u_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.decode(label)
    except UnicodeError:
        return label
