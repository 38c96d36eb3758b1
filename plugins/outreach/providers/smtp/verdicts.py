"""What a refusal means for one message, or for all of them."""

from __future__ import annotations

import re

from outreach.domain import Mailbox
from outreach.errors import HandOverError, InDoubt, MustStop, NotSent, Rejected
from outreach.providers.base import Recipient
from outreach.providers.filling import without_addresses
from outreach.providers.smtp.replies import Reply

TOO_BUSY = 30.0
"""Seconds to wait for a server that takes nothing now."""

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")

_OUT_OF_ORDER = 503
_FULL = 552
_LOG_IN = frozenset({530, 534, 535, 538})


def said(reply: Reply, recipient: Recipient | None = None) -> str:
    """Return a reply in words for the ledger, without any address or value of the person."""
    words = without_addresses(reply.text)
    hidden = {*recipient.values, recipient.address.partition("@")[0]} if recipient else set()
    for value in sorted((v for v in hidden if len(v) > 2), key=len, reverse=True):
        words = words.replace(value, "(a value)")
    return f"the mail server answered {reply.code}" + (f": {words[:300]}" if words else "")


def of_sender(reply: Reply, recipient: Recipient) -> HandOverError:
    """Return what a refused MAIL command means."""
    words = said(reply, recipient)
    if reply.code == _FULL:
        return Rejected(f"{words}; the message is too large for the mail server")
    if reply.code < 500 or reply.code == _OUT_OF_ORDER:
        return NotSent(words)
    if reply.code in _LOG_IN:
        return MustStop(f"{words}; check OUTREACH_SMTP_URL's user and password, then resume")
    return MustStop(
        f"{words}; check that the server lets you send from your address, then resume the edition"
    )


def of_recipient(reply: Reply, recipient: Recipient) -> HandOverError:
    """Return what a refused RCPT command means."""
    words = said(reply, recipient)
    if reply.code in _LOG_IN:
        return MustStop(f"{words}; check OUTREACH_SMTP_URL's user and password, then resume")
    # 552 may mean "too many recipients", to be tried again (RFC 5321, 4.5.3.1.10).
    if reply.code < 500 or reply.code == _OUT_OF_ORDER or _too_many(reply):
        return NotSent(words)
    return Rejected(words)


def _too_many(reply: Reply) -> bool:
    code = _ENHANCED.match(reply.text)
    return reply.code == _FULL and (code is None or code[1] == "5.5.3")


def of_content(reply: Reply, recipient: Recipient) -> HandOverError | None:
    """Return what the answer to a whole message means; None where it was taken."""
    if reply.code == 250:
        return None
    words = said(reply, recipient)
    if reply.code < 400:
        return InDoubt(f"{words}, which does not say whether it took the message")
    return NotSent(words) if reply.code < 500 else Rejected(words)


def of_data(reply: Reply, recipient: Recipient) -> HandOverError:
    """Return what a refused DATA command means."""
    words = said(reply, recipient)
    if reply.code < 500 or reply.code == _OUT_OF_ORDER:
        return NotSent(words)
    return Rejected(words)


def of_greeting(reply: Reply, what: str) -> HandOverError:
    """Return what a server means that refuses to talk (its banner, EHLO, STARTTLS or AUTH)."""
    words = f"{said(reply)} ({what})"
    if reply.code < 500:
        return NotSent(words, retry_after=TOO_BUSY)
    return MustStop(f"{words}; ask whoever runs the mail server, then resume the edition")


def of_login(reply: Reply) -> HandOverError:
    """Return what a refused log-in means. The server's words are left out: they may quote it."""
    words = f"the mail server answered {reply.code} to the log-in"
    if reply.code < 500:
        return NotSent(words, retry_after=TOO_BUSY)
    return MustStop(f"{words}; check OUTREACH_SMTP_URL's user and password, then resume")


def envelope_sender(sender: Mailbox, return_path: str) -> str:
    """Return the address that bounces go to."""
    return return_path or sender.address
