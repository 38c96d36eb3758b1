"""The words of the copy: what to avoid, what looks like spam, letters that pretend or hide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.checks.links import mixed_scripts
from outreach.checks.lists import words
from outreach.checks.sample import Finding, Rendered

_ADDRESSES = re.compile(r"(?:https?://|mailto:)\S*")
_SHOUT = re.compile(r"\b[A-Z]{3,}(?:[ ,-]+[A-Z]{2,}){2,}\b")
_BANGS = re.compile(r"[!?]{2,}")
_MONEY = re.compile(r"[£$€]{2,}|(?:[£$€]\s?\d[\d,.]*\s?(?:million|m\b|k\b)?.{0,40}){3,}")
_HIDDEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD = re.compile(r"\w+")
_ENOUGH_WORDS = 40
"""Words that a message with images should have for each."""


def check_words(rendered: Rendered) -> Iterator[Finding]:
    """Name each word to avoid once, with what to write instead."""
    copy = _said(rendered)
    for pattern, one in words().avoid:
        found = next((m["found"] for m in pattern.finditer(copy) if m["found"]), None)
        if found:
            said = f"avoid “{found}”: {one.why}; write {one.write}"
            yield Finding("words", said, (found,))


def check_spam(rendered: Rendered) -> Iterator[Finding]:
    """Name what mail filters take for spam, and letters that pretend or hide."""
    subject, copy = rendered.shown.subject, _said(rendered)
    letters = [letter for letter in subject if letter.isalpha()]
    if len(letters) > 8 and sum(letter.isupper() for letter in letters) > len(letters) * 0.7:
        said = "the subject is in capital letters; write it as a sentence"
        yield Finding("spam", said, line=rendered.campaign.subject_line)
    if "!" in subject:
        said = "the subject has an exclamation mark; end it without"
        yield Finding("spam", said, line=rendered.campaign.subject_line)
    for pattern, advice in (
        (_SHOUT, "is in capital letters; write it as other words"),
        (_BANGS, "is more than one mark; one is enough"),
        (_MONEY, "talks of money more than once; say it once, in words"),
    ):
        if match := pattern.search(copy):
            yield Finding("spam", f"“{match[0][:60]}” {advice}", (match[0],))
    yield from _images(rendered)
    yield from _letters(copy)


def _images(rendered: Rendered) -> Iterator[Finding]:
    images = len(rendered.page.images)
    few = len(_WORD.findall(rendered.copy)) < _ENOUGH_WORDS * images
    if images and few:
        said = f"there is little text for {images} image(s); say in words what they show"
        yield Finding("spam", said, (rendered.page.images[0].src,))


def _letters(copy: str) -> Iterator[Finding]:
    for word in dict.fromkeys(_WORD.findall(copy)):
        if not word.isascii() and (scripts := mixed_scripts(word)):
            said = f"“{word}” mixes letters of {scripts}; type it anew"
            yield Finding("look-alike-letters", said, (word,))
    if match := _HIDDEN.search(copy):
        near = copy[max(match.start() - 20, 0) : match.start()].split("\n")[-1]
        said = f"a letter that cannot be seen (U+{ord(match[0]):04X}) stands after “{near}”"
        yield Finding("hidden-letters", f"{said}; type these words anew", (match[0],))


def _said(rendered: Rendered) -> str:
    """Return all that the author wrote: subject, preview and copy, without addresses."""
    parts = (rendered.shown.subject, rendered.page.preview, rendered.copy)
    return _ADDRESSES.sub(" ", "\n".join(parts))
