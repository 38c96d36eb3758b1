"""The octets that one person has to themselves in a message: its headers' and its values'."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from email import quoprimime
from html import escape

from outreach.memo import Memo
from outreach.providers.base import Pieces, Recipient
from outreach.providers.filling import join, one_line
from outreach.providers.mime_second import PIECE_WIDTH, PLAIN_SUBJECT, SOFT_BREAK, WIDTH, quoted

TO, SUBJECT, ID, LINK, VALUES = range(5)
"""Places in a person's own octets; from `VALUES` on, two for each slot: in text, in HTML."""

_ATOM = "[A-Za-z0-9_+'-]+"
_LABEL = "[A-Za-z0-9-]+"
ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
ADDRESS_LENGTH, NAME_LENGTH, LINK_LENGTH = 70, 200, 900
_NAME = re.compile(rf"[A-Za-z0-9._-]{{1,{NAME_LENGTH}}}")
_URL = re.compile(r"https?://[!#-+.-;=?-~-]*")
"""Whatever these let through stands in a header as it is; a few that could are left out."""

_ITSELF = re.compile(r"[ !#-%(-;?-~]*[!#-%(-;?-~]")
"""What neither quoted-printable nor HTML changes, but for the length and the start of its lines."""


def single(
    slots: Sequence[int], subject_pieces: Pieces, *, needs_link: bool
) -> Callable[[Recipient], list[bytes] | None]:
    """Return what makes a person's own octets; None for those whom only the reference can do."""
    most = max((*slots, *subject_pieces.slots), default=-1)
    subject = subjects(subject_pieces)
    made = Memo(forms)

    def own(recipient: Recipient) -> list[bytes] | None:
        address, name, link = recipient.address, recipient.delivery_id, recipient.unsubscribe_url
        values = recipient.values
        if not (
            len(address) <= ADDRESS_LENGTH
            and ADDRESS.fullmatch(address)
            and _NAME.fullmatch(name)
            and (not needs_link or (len(link) <= LINK_LENGTH and _URL.fullmatch(link)))
            and len(values) > most
        ):
            return None
        try:
            found = [address.encode(), subject(values), name.encode(), link.encode()]
            for slot in slots:
                found += made[values[slot]]
        except UnicodeEncodeError:
            return None
        return found

    return own


def subjects(pieces: Pieces) -> Callable[[Sequence[str]], bytes]:
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


def forms(value: str) -> tuple[bytes, bytes]:
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
