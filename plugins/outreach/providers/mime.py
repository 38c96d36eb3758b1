"""One person's message as MIME, built with the standard library: the reference of every sender."""

from __future__ import annotations

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from outreach.domain import Mailbox
from outreach.errors import Rejected
from outreach.providers.base import Content, Handover, Recipient
from outreach.providers.filling import check_values, join, join_escaped, one_line

DELIVERY_HEADER = "X-Outreach-Delivery"
_UNFOLDED = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id"})
_LONGEST_LINE = 998


class _Policy(EmailPolicy):
    """SMTP lines, with links left whole.

    The standard policy turns a long link into encoded words, which no mail client reads.
    """

    def fold(self, name: str, value: str) -> str:
        return self._whole(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        whole = self._whole(name, value)
        return whole.encode("ascii") if whole else super().fold_binary(name, value)

    def _whole(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.lower() in _UNFOLDED else ""


# 76 keeps encoded words within the 75 characters of RFC 2047, one space before each.
_POLICY = _Policy(linesep="\r\n", max_line_length=76)


def list_unsubscribe(recipient: Recipient) -> dict[str, str]:
    """Return the two headers that RFC 2369 and RFC 8058 ask for.

    Raises Rejected unless the link is one that a header can carry as it is.
    """
    url = recipient.unsubscribe_url
    good = url.isascii() and url.isprintable() and not {*" <>,"} & {*url}
    if not good or not url.startswith(("https://", "http://")) or len(url) > _LONGEST_LINE - 40:
        raise Rejected("an unsubscribe link is missing or cannot stand in a header")
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def build(handover: Handover, recipient: Recipient, now: datetime) -> bytes:
    """Return the whole message for one recipient, lines ended by CRLF.

    Raises Rejected where it cannot be built (a bad address, too few values).
    """
    check_values(handover.content, recipient.values)
    message = EmailMessage(policy=_POLICY)
    try:
        _headers(message, handover, recipient, now)
        _bodies(message, handover.content, recipient)
        return message.as_bytes()
    except (ValueError, IndexError, MessageError) as error:
        # The error's own text may quote the address: say only what kind it was.
        kind = type(error).__name__
        raise Rejected(f"a message could not be built ({kind}): look at its address") from None


def _headers(
    message: EmailMessage, handover: Handover, recipient: Recipient, now: datetime
) -> None:
    message["From"] = _address(handover.sender)
    message["To"] = _address(Mailbox(recipient.address))
    if handover.reply_to:
        message["Reply-To"] = _address(handover.reply_to)
    message["Subject"] = one_line(join(handover.content.subject, recipient.values)).strip()
    message["Date"] = format_datetime(now)
    domain = handover.sender.address.rpartition("@")[2]
    message["Message-ID"] = f"<{recipient.delivery_id}@{domain}>"
    for name, value in list_unsubscribe(recipient).items():
        message[name] = value
    message[DELIVERY_HEADER] = recipient.delivery_id


def _bodies(message: EmailMessage, content: Content, recipient: Recipient) -> None:
    message.set_content(join(content.text, recipient.values))
    message.add_alternative(join_escaped(content.html, recipient.values), subtype="html")


def _address(mailbox: Mailbox) -> Address:
    if not mailbox.address.isascii():
        raise Rejected("an address has letters outside ASCII, which mail servers may not take")
    return Address(display_name=one_line(mailbox.name), addr_spec=mailbox.address)
