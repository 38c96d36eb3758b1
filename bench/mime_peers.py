"""How an application builds a message with the standard library, for each person anew."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from outreach.providers.base import Handover, Recipient
from outreach.rendering import compose


def email_message(handover: Handover, recipient: Recipient) -> bytes:
    """Return one person's message, ready to post: the headers and the parts that ours has."""
    filled = compose.message(handover.content, recipient.values)
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((handover.sender.name, handover.sender.address))
    message["To"] = recipient.address
    message["Subject"] = filled.subject
    message["Date"] = format_datetime(handover.at)
    message["Message-ID"] = f"<{recipient.delivery_id}@example.org>"
    message["List-Unsubscribe"] = f"<{recipient.unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["X-Outreach-Delivery"] = recipient.delivery_id
    message.set_content(filled.text)
    message.add_alternative(filled.html, subtype="html")
    return message.as_bytes()
