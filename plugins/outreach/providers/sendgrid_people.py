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
from outreach.providers.mime_headers import are_links, own_headers
from outreach.providers.people import People
from outreach.providers.sendgrid_tags import MAX_SUBSTITUTIONS, Tags, inert, inert_html

DELIVERY_ARG = "outreach_delivery"

_GAP = "https://{}.gap.invalid/"
"""Stands in a made-up person's JSON where a text of each real one will; passes for a link."""

_GAPS = re.compile(re.escape(_GAP).replace(r"\{\}", r"(\w+)"))


def personalizations(handover: Handover, people: People, tags: Tags) -> list[str]:
    """Return the JSON objects of all people in their order, in parts, commas between them.

    Every part is the Latin-1 reading of its UTF-8 bytes. Raises Rejected where one person's part
    cannot be sent.
    """
    if not people:
        return []
    texts = dict(_substitutions(people.columns, tags))
    longest = sum(column.longest for column in texts.values()) + sum(map(len, tags.all()))
    good = handover.notice or are_links(people.links)
    if longest > MAX_SUBSTITUTIONS or not good:
        _must_be_sendable(handover, tags)
    texts["address"] = Column(people.addresses).changed(_escaped)
    texts["link"] = people.links.changed(_escaped)
    texts["delivery"] = Column(people.delivery_ids).changed(_escaped)
    first, *rest = _GAPS.split(utf8_letters(compact(_personal(handover, tags))))
    return _filled(first, [texts[name].texts for name in rest[::2]], rest[1::2], len(people))


def compact(value: object) -> str:
    """Return JSON without spaces, letters outside ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _must_be_sendable(handover: Handover, tags: Tags) -> None:
    for recipient in handover.recipients:
        own_headers(handover, recipient)
        tags.must_fit(recipient.values)


def _substitutions(columns: Sequence[Column], tags: Tags) -> Iterator[tuple[str, Column]]:
    for slot in tags.plain:
        yield f"p{slot}", columns[slot].changed(lambda text: _escaped(inert(text)))
    for slot in tags.html:
        yield f"h{slot}", columns[slot].changed(lambda text: _escaped(inert_html(text)))


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
) -> list[str]:
    """Return `first`, then each column's text with its literal behind it; for each person."""
    step = 2 * len(columns)
    parts = [""] * (step * number)
    for place, (texts, literal) in enumerate(zip(columns, literals, strict=True)):
        parts[2 * place :: step] = texts
        parts[2 * place + 1 :: step] = [literal] * number
    parts[step - 1 :: step] = [f"{literals[-1]},{first}"] * number
    parts[-1] = literals[-1]
    return [first, *parts]


def _escaped(text: str) -> str:
    return compact(text)[1:-1]
