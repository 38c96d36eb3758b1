"""The same messages as `mime_second` makes, a batch's shared octets made once: a join for each.

A message is fixed octets and a person's own in turn. Who has anything odd about them (a quoted
address, a link of a thousand characters) gets theirs from the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from functools import lru_cache

from outreach.errors import Rejected
from outreach.providers import mime_columns
from outreach.providers.base import Content, Handover, Pieces, Recipient
from outreach.providers.mime_headers import DELIVERY_HEADER, headers, id_domain
from outreach.providers.mime_own import ID, LINK, SUBJECT, TO, VALUES, single
from outreach.providers.mime_second import POLICY, SOFT_BREAK, boundary, breaks_between, quoted
from outreach.providers.people import by_column

Tokens = tuple[bytes | int, ...]
"""Octets that all have in common, and places in a person's own."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """A variant's parts, encoded. `slots` are those that any part of it uses, in order."""

    slots: tuple[int, ...]
    text: Tokens
    html: Tokens


class Frame:
    """What the messages of a batch have in common, with gaps for what is somebody's own.

    What it makes is ASCII in lines that end with CRLF, none of which begins with a dot.
    """

    def __init__(self, tokens: Sequence[bytes | int]) -> None:
        self.places = [one for one in tokens if isinstance(one, int)]
        self._blank = [b"" if isinstance(one, int) else one for one in tokens]

    def filled(self, own: Sequence[bytes]) -> bytes:
        """Return one message, with a person's own octets in the order of `places`."""
        parts = self._blank.copy()
        parts[1::2] = own
        return b"".join(parts)


def frame(handover: Handover) -> Frame | None:
    """Return a batch's frame, None where the reference is to say what is wrong."""
    if handover.content.mime == 1:
        return None
    try:
        return Frame(_alternating(_message(handover, _variant(handover.content))))
    except (ValueError, IndexError, MessageError, Rejected):
        return None


def quick_single(handover: Handover) -> Callable[[Recipient], bytes | None]:
    """Return what builds anybody's message, and None for those who are not plain.

    It keeps the octets of each value that it met, and so is not to outlive its batch.
    """
    found = frame(handover)
    if found is None:
        return lambda _recipient: None
    filled, places, content = found.filled, found.places, handover.content
    own = single(_variant(content).slots, content.subject, needs_link=not handover.notice)

    def make(recipient: Recipient) -> bytes | None:
        octets = own(recipient)
        return None if octets is None else filled([octets[place] for place in places])

    return make


def quick_maker(handover: Handover) -> Callable[[int], bytes | None]:
    """Return what builds the message of each by their place in the batch, as `quick_single`."""
    found = frame(handover)
    rows = None if found is None else _rows(handover, found.places)
    if found is None or rows is None:
        make, recipients = quick_single(handover), handover.recipients
        return lambda index: make(recipients[index])
    filled = found.filled
    return lambda index: filled(rows[index])


def _rows(handover: Handover, places: Sequence[int]) -> list[tuple[bytes, ...]] | None:
    """Return each person's own octets in the order of `places`; None unless all are plain."""
    people, content = by_column(handover.recipients), handover.content
    slots = _variant(content).slots
    if max((*slots, *content.subject.slots), default=-1) >= len(people.columns):
        return None
    try:
        columns = mime_columns.of_batch(people, slots, content.subject, notice=handover.notice)
    except UnicodeEncodeError:
        return None
    if columns is None:
        return None
    return list(zip(*[columns[place] for place in places], strict=True))


@lru_cache(maxsize=32)
def _variant(content: Content) -> _Variant:
    slots = tuple(sorted({*content.text.slots, *content.html.slots}))
    places = {slot: VALUES + 2 * rank for rank, slot in enumerate(slots)}
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
        "To": (b"To: ", TO, b"\r\n"),
        "Message-ID": (b"Message-ID: <", ID, f"@{id_domain(handover)}>\r\n".encode()),
        "List-Unsubscribe": (b"List-Unsubscribe: <", LINK, b">\r\n"),
        DELIVERY_HEADER: (f"{DELIVERY_HEADER}: ".encode(), ID, b"\r\n"),
    }
    if content.subject.slots:
        own["Subject"] = (b"Subject: ", SUBJECT, b"\r\n")
    for name, value in headers(handover, anybody):
        line = _line(name, value)
        yield from own.get(name, (line,))


def _line(name: str, value: object) -> bytes:
    """Return a header's line or lines, as the reference writes them."""
    message = EmailMessage(policy=POLICY)
    message[name] = value
    return message.as_bytes().removesuffix(b"\r\n")


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
