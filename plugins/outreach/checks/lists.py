"""The lists in `templates/checks/`: words, websites, and what mail programs take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from outreach.errors import Fault, InputError
from outreach.settings import ROOT
from outreach.wording import schema_faults, shown_path
from outreach.yamlfile import read_yaml

FOLDER = ROOT / "templates" / "checks"

_STRICT = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Avoided(BaseModel):
    """A word to avoid, why, what to write, and what it may be part of."""

    model_config = _STRICT
    word: str
    why: str
    write: str
    exact: bool = False
    unless: tuple[str, ...] = ()


class _WordsForm(BaseModel):
    model_config = _STRICT
    avoid: tuple[Avoided, ...]
    names: tuple[str, ...]


class _BadForm(BaseModel):
    model_config = _STRICT
    hosts: tuple[str, ...]
    instead: str


class _LinksForm(BaseModel):
    model_config = _STRICT
    known_bad: tuple[_BadForm, ...]
    trusted: tuple[str, ...]


class Support(BaseModel):
    """Elements, attributes and CSS properties that mail programs take."""

    model_config = _STRICT
    elements: frozenset[str]
    attributes: frozenset[str]
    properties: frozenset[str]


@dataclass(frozen=True, slots=True)
class Words:
    """Words to avoid, each with the pattern that finds it; and names that readers know."""

    avoid: tuple[tuple[re.Pattern[str], Avoided], ...]
    names: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Websites:
    """Known bad websites with what to do instead; and those that readers trust."""

    known_bad: dict[str, str]
    trusted: tuple[str, ...]


@cache
def words(folder: Path = FOLDER) -> Words:
    """Return the words to avoid. Raises InputError, with its line, for a file that is wrong."""
    form = _read(folder / "words.yaml", _WordsForm)
    avoid = tuple((_pattern(one), one) for one in form.avoid)
    names = sorted(form.names, key=len, reverse=True)
    return Words(avoid, re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE))


@cache
def websites(folder: Path = FOLDER) -> Websites:
    """Return what is known about websites. Raises InputError for a file that is wrong."""
    form = _read(folder / "links.yaml", _LinksForm)
    bad = {host.lower(): one.instead for one in form.known_bad for host in one.hosts}
    return Websites(bad, tuple(host.lower() for host in form.trusted))


@cache
def support(folder: Path = FOLDER) -> Support:
    """Return what mail programs take. Raises InputError for a file that is wrong."""
    return _read(folder / "support.yaml", Support)


_Form = TypeVar("_Form", bound=BaseModel)


def _read(path: Path, schema: type[_Form]) -> _Form:
    file = shown_path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(Fault(f"this file cannot be read: {error.strerror}", file)) from None
    at = read_yaml(text, file)
    try:
        return schema.model_validate(at.data)
    except ValidationError as error:
        raise InputError(*schema_faults(error, schema, at, file)) from None


def _pattern(one: Avoided) -> re.Pattern[str]:
    """Return what finds a word, but not inside one of the phrases that it may be part of."""
    word = _loose(one.word)
    allowed = "|".join(_loose(phrase) for phrase in one.unless)
    # What may stand is eaten first, so that only the word by itself is left to be found.
    text = rf"(?:{allowed})(?!\w)|" if allowed else ""
    flags = re.NOFLAG if one.exact else re.IGNORECASE
    return re.compile(rf"(?<![\w.])(?:{text}(?P<found>{word})(?!\w))", flags)


def _loose(phrase: str) -> str:
    return r"\s+".join(re.escape(part) for part in phrase.split())
