"""MIME as it was first written: for editions frozen then, whose messages must stay what they were.

Nothing here is changed any more: `tests/golden/outbox-1.eml` holds its bytes.
"""

from __future__ import annotations

import hashlib
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

from outreach.providers.base import Content, Handover, Recipient
from outreach.providers.filling import join, join_escaped
from outreach.providers.mime_headers import headers

_UNFOLDED = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id"})
_CODED = "=?"
"""How an encoded word begins (RFC 2047)."""


class _Policy(EmailPolicy):
    """SMTP lines, with links left whole, and a subject that says what it was given to say.

    The standard policy turns a long link into encoded words, which no mail client reads; and
    it takes a subject that looks like an encoded word, such as a hostile name, for one.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if name.lower() == "subject" and _CODED in str(value):
            value = Header(str(value), "utf-8").encode(linesep="")
        return super().header_store_parse(name, value)

    def fold(self, name: str, value: str) -> str:
        return self._whole(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        whole = self._whole(name, value)
        return whole.encode("ascii") if whole else super().fold_binary(name, value)

    def _whole(self, name: str, value: str) -> str:
        if name.lower() == "subject" and _CODED in value:
            coded = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {coded}{self.linesep}"
        return f"{name}: {value}{self.linesep}" if name.lower() in _UNFOLDED else ""


# 76 keeps encoded words within the 75 characters of RFC 2047, one space before each.
_POLICY = _Policy(linesep="\r\n", max_line_length=76)


def message(handover: Handover, recipient: Recipient) -> EmailMessage:
    """Return the message for one recipient.

    Raises Rejected, or as the standard library does where it cannot be built.
    """
    found = EmailMessage(policy=_POLICY)
    for name, value in headers(handover, recipient):
        found[name] = value
    _bodies(found, handover.content, recipient)
    return found


def _bodies(found: EmailMessage, content: Content, recipient: Recipient) -> None:
    text, html = join(content.text, recipient.values), join_escaped(content.html, recipient.values)
    found.set_content(text)
    found.add_alternative(html, subtype="html")
    found.set_boundary(_boundary(recipient.delivery_id, text + html))


def _boundary(delivery_id: str, body: str) -> str:
    """Return what parts the message's two halves: always the same, and nowhere in the body."""
    turn = 0
    while (mark := f"=_{_hashed(f'{delivery_id} {turn}')}") in body:
        turn += 1
    return mark


def _hashed(text: str) -> str:
    return hashlib.blake2s(text.encode(), digest_size=16).hexdigest()
