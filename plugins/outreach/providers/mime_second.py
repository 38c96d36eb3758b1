"""MIME as it is written since format 2: the reference, which `mime_quick` equals byte for byte.

Each piece of a text is quoted-printable by itself, and so is each value that enters it; a soft
line break stands between. No line then depends on the length of what stands before it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from email import quoprimime
from email.charset import QP, Charset
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from html import escape
from itertools import pairwise
from typing import Any

from outreach.errors import Rejected
from outreach.providers.base import Handover, Pieces, Recipient
from outreach.providers.mime_headers import LONGEST_LINE, headers

SOFT_BREAK = "=\r\n"
WIDTH = 76
"""Characters in a line of a quoted-printable body (RFC 2045, 6.7) and of encoded words (RFC 2047,
2), its end not counted."""
PIECE_WIDTH = WIDTH - 3
"""Leaves room for the `=` of a soft break after a piece, and for two that `_GUARDED` adds."""
PLAIN_SUBJECT = re.compile(r"(?!.*=\?)[ -~]{0,67}")
"""What stands in a header as it is, on one line of `WIDTH` and taken by nobody for coded."""

_GUARDED = re.compile(r"^(?:\.|From )", re.MULTILINE)
"""Line starts that mail software changes on its way: dots (RFC 5321, 4.5.2), and `From ` in
files of mailboxes."""

_DELIVERY_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")
_UNFOLDED = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id"})
_READABLE = Charset("utf-8")
_READABLE.header_encoding = QP


class _Policy(EmailPolicy):
    """SMTP lines, with links left whole, and a subject that says what it was given to say.

    The standard policy turns a long link into encoded words, which no mail client reads; and
    it takes a subject that looks like an encoded word, such as a hostile name, for one.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if name == "Subject" and not PLAIN_SUBJECT.fullmatch(value):
            value = Header(value, _READABLE).encode(linesep="")
        return super().header_store_parse(name, value)

    def fold(self, name: str, value: str) -> str:
        return self._whole(name, str(value)) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        whole = self._whole(name, str(value))
        if whole:
            return whole.encode("utf-8" if self.utf8 else "ascii")
        return super().fold_binary(name, value)

    def _whole(self, name: str, value: str) -> str:
        if name == "Subject" and not PLAIN_SUBJECT.fullmatch(value):
            coded = Header(value, _READABLE, maxlinelen=WIDTH, header_name=name)
            value = coded.encode(linesep=self.linesep)
        elif name == "To" and not value.isascii():
            pass  # folding would write parts of a long address as encoded words
        elif name != "Subject" and name.lower() not in _UNFOLDED:
            return ""
        return f"{name}: {value}{self.linesep}"


POLICY = _Policy(linesep="\r\n", max_line_length=WIDTH)
_INTERNATIONAL = POLICY.clone(utf8=True)
"""For a message to an address outside ASCII: header fields are UTF-8 (RFC 6532)."""


def message(handover: Handover, recipient: Recipient) -> EmailMessage:
    """Return the message for one recipient.

    Raises Rejected, or as the standard library does where it cannot be built.
    """
    if not _DELIVERY_ID.fullmatch(recipient.delivery_id):
        raise Rejected("a delivery id is not made of letters and digits")
    found = EmailMessage(policy=POLICY if recipient.address.isascii() else _INTERNATIONAL)
    for name, value in headers(handover, recipient):
        found[name] = value
    found["MIME-Version"] = "1.0"
    found.make_alternative()
    escaped = [escape(value) for value in recipient.values]
    found.attach(_part("plain", _quoted_whole(handover.content.text, recipient.values)))
    found.attach(_part("html", _quoted_whole(handover.content.html, escaped)))
    found.set_boundary(boundary(handover))
    return found


def as_bytes(found: EmailMessage) -> bytes:
    """Return a message as it is sent. Raises Rejected where a line is longer than mail allows."""
    raw = found.as_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    if max(map(len, head.split(b"\r\n"))) > LONGEST_LINE:
        raise Rejected("a header is longer than mail allows")
    return raw


def boundary(handover: Handover) -> str:
    """Return what parts a message's two halves: always the same.

    It holds `=_`, which no quoted-printable text does (RFC 2045, 6.7).
    """
    return f"=_{hashlib.blake2s(handover.reference.encode(), digest_size=16).hexdigest()}"


def quoted(text: str) -> str:
    """Return `text` as quoted-printable lines of at most `PIECE_WIDTH` + 2, ended by CRLF.

    A line end in `text` stays one. Raises UnicodeEncodeError for half a surrogate pair.
    """
    octets = text.encode().decode("latin-1")
    lines = quoprimime.body_encode(octets, maxlinelen=PIECE_WIDTH, eol="\r\n")
    return _GUARDED.sub(lambda start: f"={ord(start[0][0]):02X}{start[0][1:]}", lines)


def breaks_between(before: str | None, after: str | None) -> bool:
    """Whether a soft line break stands between a literal and a value, None, or two values.

    None is needed where the literal's own line ends there.
    """
    return not (before or "").endswith(("\r", "\n")) and not (after or "").startswith(("\r", "\n"))


def _quoted_whole(pieces: Pieces, values: Sequence[str]) -> str:
    """Return a text with its values entered; literals that are empty leave no trace."""
    parts: list[tuple[str | None, str]] = [(pieces.literals[0], pieces.literals[0])]
    for slot, literal in zip(pieces.slots, pieces.literals[1:], strict=True):
        parts += ((None, values[slot]), (literal, literal))
    parts = [(literal, text) for literal, text in parts if literal != ""]
    lines = [quoted(text) for _, text in parts[:1]]
    for (before, _), (after, text) in pairwise(parts):
        lines += (SOFT_BREAK * breaks_between(before, after), quoted(text))
    return "".join(lines)


def _part(subtype: str, lines: str) -> EmailMessage:
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(lines)
    return part
