"""One person's message as it was sent, put together again from what was frozen then."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.clock import london
from outreach.domain import DeliveryState
from outreach.errors import InputError, NotFound, Refused
from outreach.flows.composing import Made, handover, recipient
from outreach.flows.person_files import write_private
from outreach.ledger import contacts, edition_store
from outreach.ledger.engine import reading
from outreach.ledger.messages import FrozenMessage, frozen_message
from outreach.providers.base import Written
from outreach.providers.registry import writer
from outreach.rendering.frozen import from_json
from outreach.sources.addresses import tidy

if TYPE_CHECKING:
    from outreach.ledger.edition_store import EditionRecord
    from outreach.workspace import Workspace

READERS_OWN = "the-readers-own"
"""Stands where the token of a reader's own link was, wherever others look at their message."""

_OWN_LINK = re.compile(r"(/(?:unsubscribe|view|preferences)/)\w+\.[0-9a-f]+\.[a-z2-7]{26}\.[\w-]+")
_FAILED = "the provider refused it, or a person settled that it was not sent: it did not arrive"
_DOUBT = "it is not known whether the provider took it"


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message. `headers` are those that were given to the provider, in their order.

    `raw` is the whole message where the provider is given one, else empty. `exact`: every byte
    is as it was handed over; else `why_not` says what is not. `note` says what became of it
    where that is not plain. `claimed_at` is when it was taken up to be handed over.
    """

    edition: str
    delivery_id: str
    state: DeliveryState
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    raw: bytes = field(repr=False)
    claimed_at: datetime | None
    provider: str
    message_id: str
    exact: bool
    why_not: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryOf:
    """One person's delivery in one edition."""

    edition: str
    delivery_id: str
    state: DeliveryState


def messages_of(ws: Workspace, address: str) -> tuple[DeliveryOf, ...]:
    """Return every delivery to an address, oldest edition first; none where it is not known."""
    plain = tidy(address)
    hashes = ws.keys.address_hash(plain), ws.keys.domain_hash(plain)
    with reading(ws.engine) as connection:
        facts = contacts.facts_about(connection, plain, *hashes)
    return tuple(
        DeliveryOf(
            row["name"],
            ws.keys.delivery_id(row["edition_id"], row["contact_id"]),
            DeliveryState(row["state"]),
        )
        for row in facts.deliveries
    )


def message_to(ws: Workspace, edition: str, address: str) -> SentMessage:
    """Return what an address was sent in an edition. Raises NotFound; Refused if nothing was."""
    with reading(ws.engine) as connection:
        edition_store.get(connection, edition)
    for one in messages_of(ws, address):
        if one.edition == edition:
            return sent_message(ws, edition, one.delivery_id)
    raise NotFound(f"there is no delivery of {edition} to this address")


def sent_message(ws: Workspace, edition: str, delivery_id: str) -> SentMessage:
    """Return the message of a delivery, put together again.

    Raises NotFound where there is no such delivery or its content was erased; Refused where
    nothing was ever handed over for it.
    """
    edition_id, contact_id = ws.keys.open_delivery_id(delivery_id)
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        frozen = frozen_message(connection, edition_id, contact_id)
    if frozen is None or record.id != edition_id:
        raise NotFound(f"{edition} has no delivery {delivery_id}")
    _must_have_left(frozen)
    written = _written(ws, record, frozen, delivery_id)
    why_not = _why_not(ws, frozen)
    return SentMessage(
        edition=edition,
        delivery_id=delivery_id,
        state=frozen.state,
        subject=written.subject,
        text=written.text,
        html=written.html,
        headers=written.headers,
        raw=written.raw,
        claimed_at=frozen.claimed_at if frozen.claimed else None,
        provider=record.provider,
        message_id=frozen.message_id if frozen.claimed else "",
        exact=not why_not,
        why_not=why_not,
        note={DeliveryState.FAILED: _FAILED, DeliveryState.UNKNOWN: _DOUBT}.get(frozen.state, ""),
    )


def inert(found: SentMessage) -> SentMessage:
    """Return a message to be looked at: the reader's own links are good for nobody in it."""
    text, html = (_OWN_LINK.sub(rf"\1{READERS_OWN}", part) for part in (found.text, found.html))
    return replace(found, text=text, html=html)


def in_words(found: SentMessage) -> str:
    """Return whether a message is exact, and what became of it, as one sentence or two."""
    exact = "Byte for byte as it was sent" if found.exact else f"Not exact: {found.why_not}"
    when = f", {london(found.claimed_at)}" if found.claimed_at else ""
    return f"{exact} ({found.provider}{when}; {found.state})" + (
        f"; {found.note}" if found.note else ""
    )


def as_text(found: SentMessage) -> str:
    """Return a message's headers and text part."""
    headers = "\n".join(f"{name}: {value}" for name, value in found.headers)
    return f"{headers}\n\n{found.text}"


def as_plain(found: SentMessage) -> dict[str, object]:
    """Return a message as JSON can hold it."""
    values = {item.name: getattr(found, item.name) for item in fields(found)}
    return {**values, "raw": found.raw.decode("utf-8", "replace")}


def export_message(found: SentMessage, path: Path) -> None:
    """Write a message for its owner alone: .eml, .html, .txt or .json.

    Raises InputError for another extension, or for .eml where the provider put the parts
    together itself.
    """
    kind = path.suffix.lower()
    if kind == ".eml" and not found.raw:
        raise InputError(
            f"{found.provider} puts the parts of a message together itself, so there is no .eml "
            "of ours: choose .html, .txt or .json"
        )
    if kind == ".json":
        body = json.dumps(as_plain(found), indent=2, ensure_ascii=False, default=str).encode()
    elif kind in (".eml", ".html", ".txt"):
        body = {".eml": found.raw, ".html": found.html.encode(), ".txt": as_text(found).encode()}[
            kind
        ]
    else:
        raise InputError("name the file .eml, .html, .txt or .json")
    write_private(path, body)


def _must_have_left(frozen: FrozenMessage) -> None:
    if frozen.recovered and (frozen.content is None or frozen.values is None):
        raise NotFound(
            "only the claim journal knew of this message: that it was taken up to be sent is "
            "certain, what stood in it is not kept"
        )
    if not frozen.claimed and not frozen.recovered:
        why = f": {frozen.reason}" if frozen.reason else ""
        raise Refused(f"nothing was handed over for this delivery: it is {frozen.state}{why}")
    if frozen.values is None or frozen.address is None or frozen.content is None:
        raise NotFound("this message is no longer kept: the person was erased")


def _written(
    ws: Workspace, record: EditionRecord, frozen: FrozenMessage, delivery_id: str
) -> Written:
    made = made_with(ws, frozen)
    one = recipient(ws, delivery_id, frozen.address or "", frozen.values or (), made)
    content = from_json(frozen.content, frozen.format)
    whole = handover(ws, record, frozen.number, content, (one,), made.at)
    return writer(record.provider)(whole, one)


def made_with(ws: Workspace, frozen: FrozenMessage, base: str = "") -> Made:
    """Return what a message's links were made with, or today's where that is not known.

    `base` replaces where they lead.
    """
    known = frozen.claimed
    return Made(
        frozen.token_kid if known else "",
        base or (frozen.link_base if known else "") or ws.settings.public_url,
        frozen.claimed_at if known and frozen.claimed_at else datetime.now(UTC),
    )


def _why_not(ws: Workspace, frozen: FrozenMessage) -> str:
    if frozen.recovered:
        return (
            "only the claim journal knew that it was taken up to be sent: its date and its links "
            "are today's, and its text is what the restored ledger holds"
        )
    if not frozen.link_base:
        return (
            "it was sent before it was kept where its links led: they lead to today's "
            "OUTREACH_PUBLIC_URL here"
        )
    if frozen.token_kid not in ws.keys.tokens:
        return (
            f"the key {frozen.token_kid} that signed its links has been withdrawn from "
            "OUTREACH_TOKEN_KEYS: they end in “withdrawn” here"
        )
    return ""
