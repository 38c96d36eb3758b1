"""One person's message as MIME, built with the standard library: the reference of every sender."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from outreach.domain import Mailbox
from outreach.errors import Rejected
from outreach.providers.base import Content, Handover, Recipient, Written
from outreach.providers.columns import PRINTABLE, Column
from outreach.providers.filling import check_values, join, join_escaped, one_line

DELIVERY_HEADER = "X-Outreach-Delivery"
MARK_HEADER = "X-Outreach-Mark"
_UNFOLDED = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id"})
_LONGEST_LINE = 998
_OF_LINKS = PRINTABLE.translate(None, b" <>,")
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


def list_unsubscribe(handover: Handover, recipient: Recipient) -> dict[str, str]:
    """Return the two headers that RFC 2369 and RFC 8058 ask for; none for a notice.

    Raises Rejected unless the link is one that a header can carry as it is.
    """
    if handover.notice:
        return {}
    url = recipient.unsubscribe_url
    if not are_links(Column((url,))):
        raise Rejected("an unsubscribe link is missing or cannot stand in a header")
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def are_links(column: Column) -> bool:
    """Whether each text of a column is a link that a header can carry as it is."""
    begun = column.begins("https://") or column.begins("http://")
    return begun and column.only(_OF_LINKS) and column.longest <= _LONGEST_LINE - 40


def own_headers(handover: Handover, recipient: Recipient) -> dict[str, str]:
    """Return `list_unsubscribe`, and what marks a message that is no delivery."""
    found = list_unsubscribe(handover, recipient)
    if handover.mark:
        found[MARK_HEADER] = handover.mark
    return found


def build(handover: Handover, recipient: Recipient) -> bytes:
    """Return the whole message for one recipient, lines ended by CRLF; always the same bytes.

    Raises Rejected where it cannot be built (a bad address, too few values).
    """
    check_values(handover.content, recipient.values)
    try:
        return _message(handover, recipient).as_bytes()
    except (ValueError, IndexError, MessageError) as error:
        # The error's own text may quote the address: say only what kind it was.
        kind = type(error).__name__
        raise Rejected(f"a message could not be built ({kind}): look at its address") from None


def maker(handover: Handover) -> Callable[[Recipient], bytes]:
    """Return what builds each message of a batch, as `build` does."""
    return lambda recipient: build(handover, recipient)


def written(handover: Handover, recipient: Recipient) -> Written:
    """Return the message that `build` makes, with its parts. Raises as `build` does."""
    raw = build(handover, recipient)
    content, values = handover.content, recipient.values
    return Written(
        subject=_subject(content, recipient),
        text=join(content.text, values),
        html=join_escaped(content.html, values),
        headers=tuple((n, str(v)) for n, v in _message(handover, recipient).items()),
        raw=raw,
    )


def _message(handover: Handover, recipient: Recipient) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    _headers(message, handover, recipient)
    _bodies(message, handover.content, recipient)
    return message


def _subject(content: Content, recipient: Recipient) -> str:
    return one_line(join(content.subject, recipient.values)).strip()


def _headers(message: EmailMessage, handover: Handover, recipient: Recipient) -> None:
    message["From"] = _address(handover.sender)
    message["To"] = _address(Mailbox(recipient.address))
    if handover.reply_to:
        message["Reply-To"] = _address(handover.reply_to)
    message["Subject"] = _subject(handover.content, recipient)
    message["Date"] = format_datetime(handover.at)
    domain = handover.sender.address.rpartition("@")[2]
    message["Message-ID"] = f"<{recipient.delivery_id}@{domain}>"
    for name, value in own_headers(handover, recipient).items():
        message[name] = value
    message[DELIVERY_HEADER] = recipient.delivery_id


def _bodies(message: EmailMessage, content: Content, recipient: Recipient) -> None:
    text, html = join(content.text, recipient.values), join_escaped(content.html, recipient.values)
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    message.set_boundary(_boundary(recipient.delivery_id, text + html))


def _boundary(delivery_id: str, body: str) -> str:
    """Return what parts the message's two halves: always the same, and nowhere in the body."""
    turn = 0
    while (mark := f"=_{_hashed(f'{delivery_id} {turn}')}") in body:
        turn += 1
    return mark


def _hashed(text: str) -> str:
    return hashlib.blake2s(text.encode(), digest_size=16).hexdigest()


def _address(mailbox: Mailbox) -> Address:
    if not mailbox.address.isascii():
        raise Rejected("an address has letters outside ASCII, which mail servers may not take")
    return Address(display_name=one_line(mailbox.name), addr_spec=mailbox.address)
