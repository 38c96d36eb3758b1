"""SendGrid's request made person by person, with the standard library alone: slow and plain."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from typing import Any

from outreach.errors import Rejected
from outreach.providers.base import Handover, Pieces, Recipient
from outreach.providers.sendgrid_payload import category_of

THEIR_TAGS = re.compile(r"<%|%>|\[(?=\s*%?\s*(?:unsubscribe|weblink)\b)", re.IGNORECASE)


def payload(handover: Handover, draw: Callable[[], str]) -> bytes:
    content = handover.content
    plain = sorted({*content.subject.slots, *content.text.slots})
    html = sorted(set(content.html.slots))
    for one in handover.recipients:
        if max((*plain, *html), default=-1) >= len(one.values):
            raise Rejected("a person's values do not fill all the slots of this variant")
    literals = content.subject.literals + content.text.literals + content.html.literals
    values = [value for one in handover.recipients for value in one.values]
    shared = [slot for slot in html if slot in plain and _reads_the_same(handover, slot)]
    html = [slot for slot in html if slot not in shared]
    mark = draw()
    while any(mark in text for text in (*literals, *values)):
        mark = draw()
    whole: dict[str, Any] = {
        "personalizations": [
            _personal(handover, one, plain, html, mark) for one in handover.recipients
        ],
        "from": _mailbox(handover.sender),
        "subject": _tagged(content.subject, f"~{mark}p{{}}~"),
        "content": [
            {"type": "text/plain", "value": _tagged(content.text, f"~{mark}p{{}}~")},
            {"type": "text/html", "value": _html(content.html, mark, shared)},
        ],
        "categories": _categories(handover),
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
            "ganalytics": {"enable": False},
        },
    }
    if handover.reply_to:
        whole["reply_to"] = _mailbox(handover.reply_to)
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _reads_the_same(handover: Handover, slot: int) -> bool:
    values = [one.values[slot] for one in handover.recipients]
    return bool(values) and all(_inert(value) == value == _inert_html(value) for value in values)


def _html(pieces: Pieces, mark: str, shared: list[int]) -> str:
    tags = [f"~{mark}{'p' if slot in shared else 'h'}{slot}~" for slot in pieces.slots]
    return "".join(map("".join, zip(("", *tags), pieces.literals, strict=True)))


def _categories(handover: Handover) -> list[str]:
    campaign = handover.campaign.encode("ascii", "replace").decode()[:255]
    mark = handover.edition_mark
    return [campaign, category_of(handover.campaign, mark)] if mark else [campaign]


def _personal(
    handover: Handover, one: Recipient, plain: list[int], html: list[int], mark: str
) -> dict[str, Any]:
    person: dict[str, Any] = {
        "to": [{"email": one.address}],
        "headers": _headers(handover, one.unsubscribe_url),
        "custom_args": {"outreach_delivery": one.delivery_id},
    }
    found = {f"~{mark}p{slot}~": _inert(one.values[slot]) for slot in plain}
    found |= {f"~{mark}h{slot}~": _inert_html(one.values[slot]) for slot in html}
    size = sum(len(tag) + len(text.encode("utf-8", "replace")) for tag, text in found.items())
    if size > 10_000:
        raise Rejected(
            f"one person's values come to {size:,} bytes; SendGrid takes 10,000: "
            "shorten what this variant prints per person"
        )
    return {**person, "substitutions": found} if found else person


def _headers(handover: Handover, url: str) -> dict[str, str]:
    found = {}
    if not handover.notice:
        good = url.isascii() and url.isprintable() and not {*" <>,"} & {*url} and len(url) <= 958
        if not good or not url.startswith(("https://", "http://")):
            raise Rejected("an unsubscribe link is missing or cannot stand in a header")
        found["List-Unsubscribe"] = f"<{url}>"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return {**found, "X-Outreach-Mark": handover.mark} if handover.mark else found


def _inert(value: str) -> str:
    return THEIR_TAGS.sub(lambda found: " ".join(found[0]) if len(found[0]) > 1 else "[ ", value)


def _inert_html(value: str) -> str:
    return escape(value).replace("[", "&#91;")


def _mailbox(mailbox: Any) -> dict[str, str]:
    named = {"name": mailbox.name} if mailbox.name else {}
    return {"email": mailbox.address, **named}


def _tagged(pieces: Pieces, tag: str) -> str:
    parts = [pieces.literals[0]]
    for slot, literal in zip(pieces.slots, pieces.literals[1:], strict=True):
        parts += (tag.format(slot), literal)
    return "".join(parts)
