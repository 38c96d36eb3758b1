"""The personalizations of a request: what SendGrid is told of each person of a batch, as JSON.

Made for all of a batch at once, text by text: the JSON of one person is a row of fixed parts with
that person's texts between them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from outreach.providers.base import Handover, Recipient
from outreach.providers.columns import Column, utf8_letters
from outreach.providers.mime import are_links, own_headers
from outreach.providers.people import People
from outreach.providers.sendgrid_tags import MAX_SUBSTITUTIONS, Tags, inert, inert_html

DELIVERY_ARG = "outreach_delivery"

_GAP = "https://{}.gap.invalid/"
"""Stands in a made-up person's JSON where a text of each real one will; passes for a link."""

_GAPS = re.compile(re.escape(_GAP).replace(r"\{\}", r"(\w+)"))


def personalizations(
    handover: Handover, people: People, values: Sequence[Column], tags: Tags
) -> bytes:
    """Return the JSON object of each person in their order, commas between them.

    Raises Rejected where one person's part cannot be sent.
    """
    links = Column(people.unsubscribe_urls)
    substitutions = dict(_substitutions(values, tags))
    longest = sum(max(map(len, texts), default=0) for texts in substitutions.values())
    fits = longest + sum(map(len, tags.all())) <= MAX_SUBSTITUTIONS
    if not (fits and (handover.notice or are_links(links))):
        _must_be_sendable(handover, tags)
    texts = {
        **substitutions,
        "address": Column(people.addresses).changed(_escaped),
        "link": links.changed(_escaped),
        "delivery": Column(people.delivery_ids).changed(_escaped),
    }
    first, *rest = _GAPS.split(utf8_letters(_json(_personal(handover, tags))))
    return _filled(first, [texts[name] for name in rest[::2]], rest[1::2], len(people))


def _must_be_sendable(handover: Handover, tags: Tags) -> None:
    for recipient in handover.recipients:
        own_headers(handover, recipient)
        tags.must_fit(recipient.values)


def _substitutions(values: Sequence[Column], tags: Tags) -> Iterator[tuple[str, Sequence[str]]]:
    for slot in tags.plain:
        yield f"p{slot}", values[slot].changed(lambda text: _escaped(inert(text)))
    for slot in tags.html:
        yield f"h{slot}", values[slot].changed(lambda text: _escaped(inert_html(text)))


def _personal(handover: Handover, tags: Tags) -> dict[str, Any]:
    """Return what is said of a person, with a gap wherever people differ."""
    person: dict[str, Any] = {
        "to": [{"email": _GAP.format("address")}],
        "headers": own_headers(handover, Recipient("", "", (), _GAP.format("link"))),
        "custom_args": {DELIVERY_ARG: _GAP.format("delivery")},
    }
    found = {tags.plain_tag(slot): _GAP.format(f"p{slot}") for slot in tags.plain}
    found |= {tags.html_tag(slot): _GAP.format(f"h{slot}") for slot in tags.html}
    if found:
        person["substitutions"] = found
    return person


def _filled(
    first: str, columns: Sequence[Sequence[str]], literals: Sequence[str], number: int
) -> bytes:
    """Return `first`, then each column's text with its literal behind it; for each person."""
    if not number:
        return b""
    step = 2 * len(columns)
    parts = [""] * (step * number)
    for place, (texts, literal) in enumerate(zip(columns, literals, strict=True)):
        parts[2 * place :: step] = texts
        parts[2 * place + 1 :: step] = [literal] * number
    parts[step - 1 :: step] = [f"{literals[-1]},{first}"] * number
    parts[-1] = literals[-1]
    return (first + "".join(parts)).encode("latin-1")


def _escaped(text: str) -> str:
    return _json(text)[1:-1]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
