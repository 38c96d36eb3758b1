"""Messages shown to a person before or after sending: exactly what a reader gets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outreach.ledger import views, views_deliveries
from outreach.ledger.assets import find_asset
from outreach.ledger.engine import reading
from outreach.ledger.views import EditionRow
from outreach.ledger.views_deliveries import FrozenVariant

if TYPE_CHECKING:
    from outreach.rendering.compose import Message
    from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Proof:
    """One message as its reader gets it, but for the two links, which lead nowhere personal."""

    subject: str
    text: str
    html: str

    @classmethod
    def of(cls, message: Message) -> Proof:
        """Return the proof of a composed message."""
        return cls(message.subject, message.text, message.html)


@dataclass(frozen=True, slots=True)
class VariantReport:
    """One frozen variant of an edition, shown with the frozen values of one of its readers.

    `delivery_id` is that reader's delivery; '' where every reader was erased, or nobody's values
    may be shown (`masked`), and then `proof` shows the places of the values instead.
    """

    edition: EditionRow
    number: int
    label: str
    people: int
    numbers: tuple[int, ...]
    delivery_id: str
    proof: Proof
    masked: bool = False


def proof_links(ws: Workspace) -> tuple[str, str]:
    """Return an unsubscribe and a view link for proofs: shaped like real ones, good for nobody."""
    base = ws.settings.public_url
    return f"{base}/unsubscribe/the-readers-own", f"{base}/view/the-readers-own"


def with_images(ws: Workspace, html: str) -> str:
    """Return a message's HTML with our images as they are kept in the ledger."""
    from outreach.rendering.images import inlined

    def find(name: str) -> tuple[str, bytes] | None:
        with reading(ws.engine) as connection:
            return find_asset(connection, name)

    return inlined(html, find)


def variant(ws: Workspace, name: str, number: int, *, masked: bool = False) -> VariantReport:
    """Return one variant of the edition called `name`, from its frozen content. Raises NotFound.

    `masked`: with nobody's values in it.
    """
    with reading(ws.engine) as connection:
        row = views.edition_named(connection, name)
        frozen = views_deliveries.frozen_variant(connection, row.id, number)
        every = views_deliveries.variants(connection, row.id)
    found = next(one for one in every if one.number == number)
    if masked:
        frozen = replace(frozen, contact_id=None, values=())
    outside = ""
    if frozen.contact_id is not None:
        outside = ws.keys.delivery_id(row.id, frozen.contact_id)
    return VariantReport(
        edition=row,
        number=number,
        label=found.label,
        people=found.people,
        numbers=tuple(one.number for one in every),
        delivery_id=outside,
        proof=_proof(ws, row, frozen),
        masked=masked,
    )


def _proof(ws: Workspace, row: EditionRow, found: FrozenVariant) -> Proof:
    from outreach.rendering.compose import message, with_links
    from outreach.rendering.frozen import from_json

    content = from_json(found.content, row.format)
    used = max((*content.subject.slots, *content.text.slots, *content.html.slots, 1)) + 1
    values = found.values or tuple(f"[value {place}]" for place in range(used))
    return Proof.of(message(content, with_links(values, *proof_links(ws))))
