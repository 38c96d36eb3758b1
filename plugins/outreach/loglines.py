"""Text that came from outside, made fit for a log: one line, and nobody's address in it."""

from __future__ import annotations

import re
import unicodedata

_ADDRESS = re.compile(r"[^\s@,;:<>()\"“”]+@[^\s@,;:<>()\"“”/]+")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def for_log(text: str) -> str:
    """Return `text` on one line, without control or invisible characters, addresses masked.

    A file's name, or a heading in it, may be a person's address, or turn a log's lines about.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if unicodedata.category(c) in _HIDDEN else c for c in text)
    return _ADDRESS.sub("(an address)", text)
