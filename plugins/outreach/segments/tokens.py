"""Text -> tokens: words, quoted text, numbers, dates, brackets and commas, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "text", "number", "date", "(", ")", ",", "end"]

LONGEST = 2_000
"""Characters of a rule."""

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<date>\d{4}-\d\d-\d\d(?!\w))
      | (?P<number>\d{1,9}(?!\w))
      | (?P<word>[A-Za-z][\w-]*)
      | (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*'|“[^”]*”|‘[^’]*’)
      | (?P<mark>[(),])""",
    re.VERBOSE,
)
_WORD_FOR = {"=": "is", "==": "is", "!=": "is not", "<>": "is not", "&": "and", "&&": "and"}
_WORD_FOR |= {"|": "or", "||": "or", "!": "not", ":": "is"}
_OTHER = re.compile(r"[=!<>&|:]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a rule: `value` without quotes; `at` and `length` in the text as written."""

    kind: Kind
    value: str
    at: int
    length: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a rule, in words, and the characters (from 0) it is about."""

    at: int
    length: int
    message: str


class Unreadable(Exception):
    """Ends the reading of a rule at its first `problem` of form."""

    def __init__(self, at: int, length: int, message: str) -> None:
        self.problem = Problem(at, max(length, 1), message)
        super().__init__(message)


def tokens(text: str, longest: int = LONGEST) -> list[Token]:
    """Cut a rule into tokens, with one of kind "end" after the last. Raises Unreadable."""
    if len(text) > longest:
        said = f"this rule is over {longest:,} characters; make it shorter"
        raise Unreadable(longest, 1, said)
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unknown(text, at)
        if match.lastgroup != "space":
            found.append(_token(match))
        at = match.end()
    return [*found, Token("end", "", len(text.rstrip()), 1)]


def _token(match: re.Match[str]) -> Token:
    kind, written = match.lastgroup, match.group()
    at, length = match.start(), len(written)
    if kind == "word":
        return Token("word", written, at, length)
    if kind == "text":
        return Token("text", _unquoted(written, at), at, length)
    if kind == "mark":
        return Token("(" if written == "(" else ")" if written == ")" else ",", written, at, 1)
    return Token("date" if kind == "date" else "number", written, at, length)


def _unquoted(written: str, at: int) -> str:
    quote, inner = written[0], written[1:-1]
    if quote in "\"'":
        inner = inner.replace(quote * 2, quote)
    value = " ".join(inner.split())
    if not value:
        raise Unreadable(at, len(written), "write something between the quotation marks")
    if not value.isprintable():
        said = "there is a character here that nobody can see; type this text again"
        raise Unreadable(at, len(written), said)
    return value


def _unknown(text: str, at: int) -> Unreadable:
    if text[at] in "\"'“‘":
        return Unreadable(at, 1, "this quotation mark is never closed; put another at its end")
    match = _OTHER.match(text, at)
    sign = match.group() if match else text[at]
    instead = f"; write {_WORD_FOR[sign]}" if sign in _WORD_FOR else "; take it out"
    shown = sign if sign.isprintable() else "a sign that nobody can see"
    return Unreadable(at, len(sign), f"“{shown}” means nothing in a rule{instead}")
