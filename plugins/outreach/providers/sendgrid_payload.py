"""A batch -> the body of SendGrid's POST /v3/mail/send. Pure: no network, no clock.

SendGrid puts substitutions into subject and content without escaping, so each slot has one tag
for plain text and one for HTML, unless all of the batch's values read the same in both.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from outreach.domain import Mailbox
from outreach.errors import Rejected, TooLarge
from outreach.providers.base import Content, Handover, Pieces, Recipient, Written
from outreach.providers.columns import Column, utf8_letters
from outreach.providers.filling import check_values, join, slots_of
from outreach.providers.mime import own_headers
from outreach.providers.people import by_column
from outreach.providers.sendgrid_people import compact, personalizations
from outreach.providers.sendgrid_tags import Tags, inert, inert_html, reads_the_same

MAX_RECIPIENTS = 1000
MAX_BODY = 30_000_000

_OFF: dict[str, dict[str, Any]] = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}


def payload(handover: Handover, draw: Callable[[], str] | None = None) -> bytes:
    """Return the JSON body for a batch, its recipients in their order.

    `draw` gives random marks for tags (default: 64 random bits).
    Raises Rejected where one person's part cannot be sent, TooLarge where the batch cannot.
    """
    if len(handover.recipients) > MAX_RECIPIENTS:
        raise TooLarge(f"SendGrid takes {MAX_RECIPIENTS} recipients a request")
    people = by_column(handover.recipients)
    if people:
        check_values(handover.content, people.values)
    tags = _tags(handover.content, people.columns, draw or (lambda: secrets.token_hex(8)))
    shared = utf8_letters(compact(_shared(handover, tags)))
    parts = personalizations(handover, people, tags)
    body = "".join(['{"personalizations":[', *parts, "],", shared[1:]]).encode("latin-1")
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
    plain, marked = [inert(v) for v in values], [inert_html(v) for v in values]
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


def _shared(handover: Handover, tags: Tags) -> dict[str, Any]:
    """Return all of the body but its personalizations."""
    content = handover.content
    shared: dict[str, Any] = {
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
        shared["reply_to"] = _mailbox(handover.reply_to)
    return shared


def _mailbox(mailbox: Mailbox) -> dict[str, str]:
    if mailbox.name:
        return {"email": mailbox.address, "name": mailbox.name}
    return {"email": mailbox.address}


def _tagged(pieces: Pieces, tag: Callable[[int], str]) -> str:
    parts = [pieces.literals[0]]
    for slot, literal in zip(pieces.slots, pieces.literals[1:], strict=True):
        parts += (tag(slot), literal)
    return "".join(parts)


def _tags(content: Content, values: list[Column], draw: Callable[[], str]) -> Tags:
    plain, html = slots_of(content)
    shared = {slot for slot in {*plain} & {*html} if _reads_the_same(values, slot)}
    texts = (*_literals(content), *(column.joined for column in values))
    mark = draw()
    while any(mark in text for text in texts):
        mark = draw()
    return Tags(mark, plain, tuple(slot for slot in html if slot not in shared))


def _reads_the_same(values: list[Column], slot: int) -> bool:
    if slot >= len(values):
        return False
    return values[slot].ordinary or reads_the_same(values[slot].joined)


def _literals(content: Content) -> tuple[str, ...]:
    return content.subject.literals + content.text.literals + content.html.literals
