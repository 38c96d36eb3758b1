"""What stands in the head of every message that we write ourselves: values, not their form."""

from __future__ import annotations

from collections.abc import Iterator
from email.headerregistry import Address
from email.utils import format_datetime

from outreach.domain import Mailbox
from outreach.errors import Rejected
from outreach.providers.base import Content, Handover, Recipient
from outreach.providers.columns import PRINTABLE, Column
from outreach.providers.filling import join, one_line

DELIVERY_HEADER = "X-Outreach-Delivery"
MARK_HEADER = "X-Outreach-Mark"
NOT_ASCII = "an address has letters outside ASCII, which mail servers may not take"
LONGEST_LINE = 998
"""Octets in a line, its end not counted (RFC 5322, 2.1.1)."""

_OF_LINKS = PRINTABLE.translate(None, b" <>,")


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
    return begun and column.only(_OF_LINKS) and column.longest <= LONGEST_LINE - 40


def own_headers(handover: Handover, recipient: Recipient) -> dict[str, str]:
    """Return `list_unsubscribe`, and what marks a message that is no delivery."""
    found = list_unsubscribe(handover, recipient)
    if handover.mark:
        found[MARK_HEADER] = handover.mark
    return found


def headers(handover: Handover, recipient: Recipient) -> Iterator[tuple[str, str | Address]]:
    """Yield every header of one message but those of MIME, in their order.

    Raises Rejected where one cannot be made.
    """
    yield "From", address(handover.sender)
    yield "To", _to(recipient.address)
    if handover.reply_to:
        yield "Reply-To", address(handover.reply_to)
    yield "Subject", subject(handover.content, recipient)
    yield "Date", format_datetime(handover.at)
    yield "Message-ID", f"<{recipient.delivery_id}@{id_domain(handover)}>"
    yield from own_headers(handover, recipient).items()
    yield DELIVERY_HEADER, recipient.delivery_id


def _to(one: str) -> Address:
    """Return a recipient's address; outside ASCII for a provider alone that lets such pass."""
    if one.isascii():
        return address(Mailbox(one))
    username, _, domain = one.rpartition("@")
    return Address(username=username, domain=domain)


def subject(content: Content, recipient: Recipient) -> str:
    """Return one person's subject, on one line."""
    return one_line(join(content.subject, recipient.values)).strip()


def id_domain(handover: Handover) -> str:
    """Return the domain in which a batch's messages have their ids: the sender's."""
    return handover.sender.address.rpartition("@")[2]


def address(mailbox: Mailbox) -> Address:
    """Return a mailbox for a header. Raises Rejected outside ASCII, ValueError for no address."""
    if not mailbox.address.isascii():
        raise Rejected(NOT_ASCII)
    return Address(display_name=one_line(mailbox.name), addr_spec=mailbox.address)
