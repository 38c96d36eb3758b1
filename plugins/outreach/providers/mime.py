"""One person's message as MIME, for every provider that writes whole messages itself."""

from __future__ import annotations

from collections.abc import Callable
from email.errors import MessageError
from email.message import EmailMessage

from outreach.errors import Rejected
from outreach.providers import mime_first, mime_second
from outreach.providers.base import Handover, Recipient, Written
from outreach.providers.filling import check_values, join, join_escaped
from outreach.providers.mime_headers import (
    DELIVERY_HEADER,
    MARK_HEADER,
    NOT_ASCII,
    list_unsubscribe,
    own_headers,
    subject,
)
from outreach.providers.mime_quick import quick_maker, quick_single

__all__ = [
    "DELIVERY_HEADER",
    "MARK_HEADER",
    "build",
    "list_unsubscribe",
    "maker",
    "own_headers",
    "quick_maker",
    "written",
]


def build(handover: Handover, recipient: Recipient) -> bytes:
    """Return the whole message for one recipient, lines ended by CRLF; always the same bytes.

    This is the reference, made with the standard library: `maker` makes the same sooner. Raises
    Rejected where it cannot be built (a bad address, too few values).
    """
    return _built(handover, recipient)[1]


def maker(handover: Handover) -> Callable[[Recipient], bytes]:
    """Return what builds each message of a batch, as `build` does."""
    quick = quick_single(handover)
    return lambda recipient: quick(recipient) or build(handover, recipient)


def written(handover: Handover, recipient: Recipient) -> Written:
    """Return the message that `build` makes, with its parts. Raises as `build` does."""
    message, raw = _built(handover, recipient)
    content, values = handover.content, recipient.values
    return Written(
        subject=subject(content, recipient),
        text=join(content.text, values),
        html=join_escaped(content.html, values),
        headers=tuple((name, str(value)) for name, value in message.items()),
        raw=raw,
    )


def _built(handover: Handover, recipient: Recipient) -> tuple[EmailMessage, bytes]:
    check_values(handover.content, recipient.values)
    try:
        if handover.content.mime == 1:
            if not recipient.address.isascii():
                raise Rejected(NOT_ASCII)
            message = mime_first.message(handover, recipient)
            return message, message.as_bytes()
        message = mime_second.message(handover, recipient)
        return message, mime_second.as_bytes(message)
    except (ValueError, IndexError, MessageError) as error:
        # The error's own text may quote the address: say only what kind it was.
        kind = type(error).__name__
        raise Rejected(f"a message could not be built ({kind}): look at its address") from None
