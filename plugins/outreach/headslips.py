"""Slips of the hand in the fields of a campaign file, told in words where YAML gives up."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from outreach.errors import Fault

_FIELD = re.compile(r"( *)(?:- )?([A-Za-z_]\w*):(.*)")
_CURLY = "“”‘’«»"
_SPECIAL = "*&@%`!{["
_MERGE = re.compile(r"(?:<{7}|>{7})(?: |$)")
_HIDDEN = re.compile("[\u00a0\u200b-\u200f\u202a-\u202e\u2007\u202f\ufeff\x00-\x08\x0b-\x1f]")
_RULE = re.compile(r"\s*(?:[—–―]+|-{2}|-{4,}|[-—–]*[—–][-—–]*)\s*")

MERGE = (
    "two versions of this file were mixed here; keep the lines you want, and take away the lines "
    "that begin with <<<<<<<, ======= and >>>>>>>"
)


def kind_problem(data: bytes) -> str:
    """Return why a file cannot be plain text in UTF-8, or ''."""
    if data[:4] == b"PK\x03\x04" or data[:5] == b"{\\rtf":
        return "this is a Word document; copy its text into a plain text file that ends in .md"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.count(0) > len(data) // 4:
        return "this file is saved as UTF-16; save it again as plain text in UTF-8"
    return ""


def merge_marks(lines: Sequence[str]) -> Iterator[int]:
    """Yield the place of each line that a version control system left where two versions meet."""
    yield from (place for place, line in enumerate(lines) if _MERGE.match(line))


def head_slips(head: str, file: str, first_line: int, names: Collection[str]) -> tuple[Fault, ...]:
    """Return what is likely to be wrong in a head that YAML cannot read, each with its line."""
    lines = head.split("\n")
    found = []
    for number, line in enumerate(lines, first_line):
        said = next((words for rule in _RULES if (words := rule(line, names))), "")
        if said:
            found.append(Fault(said, file, number))
    return tuple(found)


def misplaced(
    data: object, head: str, file: str, first_line: int, inner: Collection[str]
) -> tuple[Fault, ...]:
    """Return what is wrong in a head that YAML reads, and not as it was meant.

    `inner` are the names that belong under `segment`.
    """
    found = []
    for number, line in enumerate(head.split("\n"), first_line):
        field = _FIELD.fullmatch(_HIDDEN.sub("", line))
        if field and _HIDDEN.search(line.partition(":")[0]):
            found.append(Fault(_hidden(line, ()), file, number))
        elif field and not field[1] and field[2] in inner and isinstance(data, dict):
            said = f"“{field[2]}” belongs under segment; put two spaces before it"
            found.append(Fault(said, file, number))
    return tuple(found)


def missing_fence(lines: Sequence[str]) -> tuple[int, str]:
    """Return the line (from 1), and the words, for a head that no `---` ends."""
    for number, line in enumerate(lines[1:], 2):
        if _RULE.fullmatch(line):
            return number, f"write three hyphens, ---, on this line instead of {line.strip()}"
        if line.strip() and not re.match(r"[ #-]|[A-Za-z_]\w*:", line):
            break
    else:
        number = 1
    said = "a line with --- is missing between the fields and the text"
    return number, said + ("; put it before this line" if number > 1 else "")


def _tab(line: str, _names: Collection[str]) -> str:
    if re.match(r" *\t", line):
        return "this line begins with a tab; use spaces, two for each step in"
    return ""


def _hidden(line: str, _names: Collection[str]) -> str:
    if _HIDDEN.search(line):
        return "this line holds a hidden character, as Word puts in; type the line again"
    return ""


def _merged(line: str, _names: Collection[str]) -> str:
    return MERGE if _MERGE.match(line) else ""


def _no_space(line: str, names: Collection[str]) -> str:
    found = _FIELD.fullmatch(line)
    if found and found[2] in names and found[3][:1] not in ("", " ", "\t"):
        return f"put a space after the colon: {found[2]}: {found[3]}"
    return ""


def _indented(line: str, names: Collection[str]) -> str:
    found = _FIELD.fullmatch(line)
    if found and found[1] and found[2] in names and not line.lstrip().startswith("- "):
        return f"“{found[2]}” begins at the start of its line; take the spaces before it away"
    return ""


def _odd(line: str, _names: Collection[str]) -> str:
    found = _FIELD.fullmatch(line)
    if found and len(found[1]) % 2:
        said = f"“{found[2]}” does not line up with the lines beside it"
        return f"{said}; begin it with as many spaces as they do"
    return ""


def _value(line: str, _names: Collection[str]) -> str:
    found = _FIELD.fullmatch(line)
    text = found[3].strip() if found else ""
    if not found or not text:
        return ""
    plain = text.strip(_CURLY + "\"'")
    quote = "'" if '"' in plain else '"'
    wanted = f"{found[2]}: {quote}{plain}{quote}"
    if text[0] in _CURLY:
        return f"these quotes are curly, as Word writes them; write straight ones: {wanted}"
    if text[0] in "\"'":
        return "" if _closed(text) else f"the quotes do not match; write {wanted}"
    if text[0] in _SPECIAL and not _is_list(text):
        return f"a text that begins with {text[0]} needs quotes: {wanted}"
    if re.search(r":(?: |$)", text) and not _is_list(text):
        return f"a text with a colon in it needs quotes: {wanted}"
    return ""


def _closed(text: str) -> bool:
    inner = text[1:-1].replace("''", "") if text[0] == "'" else re.sub(r"\\.", "", text[1:-1])
    return len(text) > 1 and text[-1] == text[0] and text[0] not in inner


def _is_list(text: str) -> bool:
    return (text[0] + text[-1]) in ("[]", "{}") and text[:2] != "{{"


_RULES: tuple[Callable[[str, Collection[str]], str], ...] = (
    _merged,
    _tab,
    _hidden,
    _no_space,
    _value,
    _indented,
    _odd,
)
