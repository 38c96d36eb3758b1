"""The same messages as `mime_second` makes, a batch's shared octets made once: a join for each.

A message is fixed octets and a person's own in turn. Who has anything odd about them (a quoted
address, a link of a thousand characters) gets theirs from the reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import quoprimime
from email.errors import MessageError
from email.message import EmailMessage
from functools import lru_cache
from html import escape
from operator import itemgetter

from outreach.errors import Rejected
from outreach.memo import Memo
from outreach.providers.base import Content, Handover, Pieces, Recipient
from outreach.providers.filling import join, one_line
from outreach.providers.mime_headers import DELIVERY_HEADER, headers, id_domain
from outreach.providers.mime_second import (
    PIECE_WIDTH,
    PLAIN_SUBJECT,
    POLICY,
    SOFT_BREAK,
    WIDTH,
    boundary,
    breaks_between,
    quoted,
)

Quick = Callable[[Recipient], bytes | None]
Tokens = tuple[bytes | int, ...]
"""Octets that all have in common, and places in a person's own."""

_TO, _SUBJECT, _ID, _LINK, _VALUES = range(5)
"""Places in a person's own octets; from `_VALUES` on, two for each slot: in text, in HTML."""

_ATOM = "[A-Za-z0-9_+'-]+"
_LABEL = "[A-Za-z0-9-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_ADDRESS_LENGTH = 70
_DELIVERY_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")
_URL = re.compile(r"https?://[!#-+.-;=?-~-]{0,900}")
"""Whatever these let through stands in a header as it is; a few that could are left out."""

_ITSELF = re.compile(r"[ !#-%(-;?-~]*[!#-%(-;?-~]")
"""What neither quoted-printable nor HTML changes, but for the length and the start of its lines."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """A variant's parts, encoded. `slots` are those that any part of it uses, in order."""

    slots: tuple[int, ...]
    text: Tokens
    html: Tokens


def quick_maker(handover: Handover) -> Quick:
    """Return what builds each message of a batch, and None for those that are not plain.

    What it builds is ASCII in lines that end with CRLF, and none of them begins with a dot. It
    keeps the octets of each value that it met, and so is not to outlive its batch.
    """
    if handover.content.mime == 1:
        return _nobody
    try:
        tokens = _alternating(_message(handover, _variant(handover.content)))
    except (ValueError, IndexError, MessageError, Rejected):
        return _nobody  # the reference says what is wrong
    fixed = [one for one in tokens if isinstance(one, bytes)]
    places = [one for one in tokens if isinstance(one, int)]
    blank: list[bytes] = [b""] * len(tokens)
    blank[::2] = fixed
    pick = itemgetter(*places)
    own = _own(handover)

    def make(recipient: Recipient) -> bytes | None:
        found = own(recipient)
        if found is None:
            return None
        parts = blank.copy()
        parts[1::2] = pick(found)
        return b"".join(parts)

    return make


def _nobody(_recipient: Recipient) -> None:
    """Leave everybody's message to the reference."""


def _own(handover: Handover) -> Callable[[Recipient], list[bytes] | None]:
    """Return what makes a person's own octets; None for those whom only the reference can do."""
    slots = _variant(handover.content).slots
    most = max((*slots, *handover.content.subject.slots), default=-1)
    subject = _subjects(handover.content.subject)
    forms = Memo(_forms).__getitem__
    needs_link = not handover.notice

    def own(recipient: Recipient) -> list[bytes] | None:
        address, name, link = recipient.address, recipient.delivery_id, recipient.unsubscribe_url
        values = recipient.values
        if not (
            len(address) <= _ADDRESS_LENGTH
            and _ADDRESS.fullmatch(address)
            and _DELIVERY_ID.fullmatch(name)
            and (not needs_link or _URL.fullmatch(link))
            and len(values) > most
        ):
            return None
        try:
            found = [address.encode(), subject(values), name.encode(), link.encode()]
            for slot in slots:
                found += forms(values[slot])
        except UnicodeEncodeError:
            return None
        return found

    return own


@lru_cache(maxsize=32)
def _variant(content: Content) -> _Variant:
    slots = tuple(sorted({*content.text.slots, *content.html.slots}))
    places = {slot: _VALUES + 2 * rank for rank, slot in enumerate(slots)}
    text = tuple(_part(content.text, places))
    html = tuple(_part(content.html, {slot: place + 1 for slot, place in places.items()}))
    return _Variant(slots, text, html)


def _part(pieces: Pieces, places: dict[int, int]) -> Iterator[bytes | int]:
    """Yield a part's tokens: the same breaks as in the reference."""
    yield quoted(pieces.literals[0]).encode()
    before: str | None = pieces.literals[0] or "\n"  # a part that begins with a value
    last = len(pieces.slots)
    for turn, slot in enumerate(pieces.slots, start=1):
        literal = pieces.literals[turn]
        yield (SOFT_BREAK * breaks_between(before, None)).encode()
        yield places[slot]
        before = literal or None
        if literal:
            yield (SOFT_BREAK * breaks_between(None, literal) + quoted(literal)).encode()
        elif turn == last:
            return


def _message(handover: Handover, variant: _Variant) -> Iterator[bytes | int]:
    mark = boundary(handover)
    yield from _head(handover)
    yield _line("MIME-Version", "1.0")
    yield f'Content-Type: multipart/alternative;\r\n boundary="{mark}"\r\n'.encode()
    for subtype, part in (("plain", variant.text), ("html", variant.html)):
        yield (
            f'\r\n--{mark}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\n'
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        ).encode()
        yield from part
    yield f"\r\n--{mark}--\r\n".encode()


def _head(handover: Handover) -> Iterator[bytes | int]:
    """Yield the head's tokens: every header that anybody has, in the reference's order."""
    content = handover.content
    blanks = ("",) * (max(content.subject.slots, default=-1) + 1)
    anybody = Recipient("x", "x@example.org", blanks, "https://example.org/x")
    own: dict[str, Tokens] = {
        "To": (b"To: ", _TO, b"\r\n"),
        "Message-ID": (b"Message-ID: <", _ID, f"@{id_domain(handover)}>\r\n".encode()),
        "List-Unsubscribe": (b"List-Unsubscribe: <", _LINK, b">\r\n"),
        DELIVERY_HEADER: (f"{DELIVERY_HEADER}: ".encode(), _ID, b"\r\n"),
    }
    if content.subject.slots:
        own["Subject"] = (b"Subject: ", _SUBJECT, b"\r\n")
    for name, value in headers(handover, anybody):
        line = _line(name, value)
        yield from own.get(name, (line,))


def _line(name: str, value: object) -> bytes:
    """Return a header's line or lines, as the reference writes them."""
    message = EmailMessage(policy=POLICY)
    message[name] = value
    return message.as_bytes().removesuffix(b"\r\n")


def _subjects(pieces: Pieces) -> Callable[[Sequence[str]], bytes]:
    """Return what makes a person's subject as it stands in the header."""
    if not pieces.slots:
        return lambda values: b""

    def subject(values: Sequence[str]) -> bytes:
        text = join(pieces, values).strip()
        if not PLAIN_SUBJECT.fullmatch(text):
            text = one_line(join(pieces, values)).strip()
            if not PLAIN_SUBJECT.fullmatch(text):
                return coded(text, len("Subject: ")).encode()
        return text.encode()

    return subject


def coded(text: str, before: int) -> str:
    """Return `text` as encoded words of a header, `before` characters into its first line.

    Each word is as long as the line allows, cut between characters (RFC 2047, 5). Raises
    UnicodeEncodeError for half a surrogate pair.
    """
    opening, closing = "=?utf-8?q?", "?="
    octets = quoprimime.header_encode(text.encode(), "utf-8")[len(opening) : -len(closing)]
    room = WIDTH - before - len(opening + closing)
    words = []
    while len(octets) > room:
        cut = _character_start(octets, room)
        words.append(f"{opening}{octets[:cut]}{closing}")
        octets = octets[cut:]
        room = WIDTH - 1 - len(opening + closing)
    return "\r\n ".join([*words, f"{opening}{octets}{closing}"])


def _character_start(octets: str, at: int) -> int:
    """Return where the character begins that stands, coded as `=XX` or itself, at `at`."""
    if "=" in octets[at - 2 : at]:
        at -= 2 - octets[at - 2 : at].index("=")
    while octets[at] == "=" and octets[at + 1] in "89AB":
        at -= 3
    return at


def _forms(value: str) -> tuple[bytes, bytes]:
    """Return a value as it stands in the text part and in the HTML part."""
    if _ITSELF.fullmatch(value):
        lines = _lines(value)
        return lines, lines
    text = quoted(value).encode()
    escaped = escape(value)
    return text, text if escaped == value else quoted(escaped).encode()


def _lines(value: str) -> bytes:
    """Return a value that needs no coding, cut into lines and with its line starts guarded."""
    if len(value) <= PIECE_WIDTH:
        return _guarded(value).encode()
    width = PIECE_WIDTH - 1
    cuts = range(0, len(value) - 1, width)  # one character more fits without a break after it
    lines = [_guarded(value[cut : cut + width]) for cut in cuts[:-1]]
    return SOFT_BREAK.join([*lines, _guarded(value[cuts[-1] :])]).encode()


def _guarded(line: str) -> str:
    if line[0] == ".":
        return f"=2E{line[1:]}"
    return f"=46{line[1:]}" if line.startswith("From ") else line


def _alternating(tokens: Iterator[bytes | int]) -> list[bytes | int]:
    """Return fixed octets and places in turn, beginning and ending with octets."""
    found: list[bytes | int] = []
    fixed = b""
    for one in tokens:
        if isinstance(one, bytes):
            fixed += one
        else:
            found += (fixed, one)
            fixed = b""
    return [*found, fixed]
