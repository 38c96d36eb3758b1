"""A batch -> the body of SendGrid's POST /v3/mail/send. Pure: no network, no clock.

SendGrid puts substitutions into subject and content without escaping, so each slot has one tag
for plain text and one for HTML.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from outreach.domain import Mailbox
from outreach.errors import Rejected, TooLarge
from outreach.providers.base import Content, Handover, Pieces, Recipient, Written
from outreach.providers.filling import check_values, join, slots_of
from outreach.providers.mime import own_headers

DELIVERY_ARG = "outreach_delivery"
MAX_RECIPIENTS = 1000
MAX_BODY = 30_000_000
MAX_SUBSTITUTIONS = 10_000

# What SendGrid itself would replace inside a person's text.
_THEIR_TAGS = re.compile(r"<%|%>|\[(?=\s*%?\s*(?:unsubscribe|weblink)\b)", re.IGNORECASE)
_OFF: dict[str, dict[str, Any]] = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}


@dataclass(frozen=True, slots=True)
class _Tags:
    """Tag -> slot, for the slots that are really used; `mark` occurs in no value."""

    mark: str
    plain: tuple[int, ...]
    html: tuple[int, ...]

    def plain_tag(self, slot: int) -> str:
        return f"~{self.mark}p{slot}~"

    def html_tag(self, slot: int) -> str:
        return f"~{self.mark}h{slot}~"

    def substitutions(self, values: tuple[str, ...]) -> dict[str, str]:
        found = {self.plain_tag(slot): _inert(values[slot]) for slot in self.plain}
        found.update({self.html_tag(slot): _inert_html(values[slot]) for slot in self.html})
        size = sum(len(tag) + len(value.encode("utf-8", "replace")) for tag, value in found.items())
        if size > MAX_SUBSTITUTIONS:
            raise Rejected(
                f"one person's values come to {size:,} bytes; SendGrid takes 10,000: "
                "shorten what this variant prints per person"
            )
        return found


def payload(handover: Handover, draw: Callable[[], str] | None = None) -> bytes:
    """Return the JSON body for a batch, its recipients in their order.

    `draw` gives random marks for tags (default: 64 random bits).
    Raises Rejected where one person's part cannot be sent, TooLarge where the batch cannot.
    """
    if len(handover.recipients) > MAX_RECIPIENTS:
        raise TooLarge(f"SendGrid takes {MAX_RECIPIENTS} recipients a request")
    for recipient in handover.recipients:
        check_values(handover.content, recipient.values)
    tags = _tags(handover, draw or (lambda: secrets.token_hex(8)))
    text = json.dumps(_whole(handover, tags), ensure_ascii=False, separators=(",", ":"))
    body = text.encode("utf-8", "replace")
    if len(body) > MAX_BODY:
        kind = TooLarge if len(handover.recipients) > 1 else Rejected
        raise kind(f"the request has {len(body):,} bytes; SendGrid takes 30 MB")
    return body


def category_of(campaign: str, edition_mark: str) -> str:
    """Return the category under which SendGrid counts one edition: nothing that was typed."""
    return f"{_ascii(campaign)[:200]} edition {edition_mark}"


def written(handover: Handover, recipient: Recipient) -> Written:
    """Return one person's message as SendGrid puts it together from the payload.

    Raises Rejected where it could not have been handed over.
    """
    check_values(handover.content, recipient.values)
    content, values = handover.content, recipient.values
    plain, marked = [_inert(v) for v in values], [_inert_html(v) for v in values]
    headers = [("From", shown(handover.sender)), ("To", recipient.address)]
    headers += [("Reply-To", shown(handover.reply_to))] if handover.reply_to else []
    subject = _clean(join(content.subject, plain))
    headers += [("Subject", subject), *own_headers(handover, recipient).items()]
    return Written(
        subject=subject,
        text=_clean(join(content.text, plain)),
        html=_clean(join(content.html, marked)),
        headers=tuple(headers),
    )


def shown(mailbox: Mailbox) -> str:
    """Return a mailbox as a header shows it."""
    return f"{mailbox.name} <{mailbox.address}>" if mailbox.name else mailbox.address


def _categories(handover: Handover) -> list[str]:
    campaign = _ascii(handover.campaign)[:255]
    if not handover.edition_mark:
        return [campaign]
    return [campaign, category_of(handover.campaign, handover.edition_mark)]


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _clean(text: str) -> str:
    """Return text as it is once encoded: half a surrogate pair is a question mark."""
    return text.encode("utf-8", "replace").decode()


def _whole(handover: Handover, tags: _Tags) -> dict[str, Any]:
    content = handover.content
    whole: dict[str, Any] = {
        "personalizations": [_personal(handover, r, tags) for r in handover.recipients],
        "from": _mailbox(handover.sender),
        "subject": _tagged(content.subject, tags.plain_tag),
        "content": [
            {"type": "text/plain", "value": _tagged(content.text, tags.plain_tag)},
            {"type": "text/html", "value": _tagged(content.html, tags.html_tag)},
        ],
        "categories": _categories(handover),
        "tracking_settings": _OFF,
    }
    if handover.reply_to:
        whole["reply_to"] = _mailbox(handover.reply_to)
    return whole


def _personal(handover: Handover, recipient: Recipient, tags: _Tags) -> dict[str, Any]:
    person: dict[str, Any] = {
        "to": [{"email": recipient.address}],
        "headers": own_headers(handover, recipient),
        "custom_args": {DELIVERY_ARG: recipient.delivery_id},
    }
    if tags.plain or tags.html:
        person["substitutions"] = tags.substitutions(recipient.values)
    return person


def _mailbox(mailbox: Mailbox) -> dict[str, str]:
    if mailbox.name:
        return {"email": mailbox.address, "name": mailbox.name}
    return {"email": mailbox.address}


def _tagged(pieces: Pieces, tag: Callable[[int], str]) -> str:
    parts = [pieces.literals[0]]
    for slot, literal in zip(pieces.slots, pieces.literals[1:], strict=True):
        parts += (tag(slot), literal)
    return "".join(parts)


def _tags(handover: Handover, draw: Callable[[], str]) -> _Tags:
    plain, html = slots_of(handover.content)
    mark = draw()
    while _occurs(mark, handover):
        mark = draw()
    return _Tags(mark, plain, html)


def _occurs(mark: str, handover: Handover) -> bool:
    if any(mark in literal for literal in _literals(handover.content)):
        return True
    return any(mark in value for r in handover.recipients for value in r.values)


def _literals(content: Content) -> tuple[str, ...]:
    return content.subject.literals + content.text.literals + content.html.literals


def _inert(value: str) -> str:
    """Part the characters of SendGrid's own tags, which plain text cannot escape."""
    return _THEIR_TAGS.sub(lambda found: " ".join(found[0]) if len(found[0]) > 1 else "[ ", value)


def _inert_html(value: str) -> str:
    """Escape for HTML, square brackets too: they show as they are and are no tag."""
    return escape(value).replace("[", "&#91;")
