"""Messages shown to a person before or after sending: exactly what a reader gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outreach.errors import Fault, NotFound, TokenError
from outreach.ledger import views, views_deliveries
from outreach.ledger.assets import find_asset
from outreach.ledger.engine import reading
from outreach.ledger.views import EditionRow
from outreach.ledger.views_deliveries import FrozenVariant, VariantRow
from outreach.reports.editions import stored_faults

if TYPE_CHECKING:
    from outreach.rendering.compose import Message
    from outreach.workspace import Workspace

READERS = 50
"""Readers of a variant that its page offers to show it for."""


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
    may be shown (`masked`), and then `proof` shows the places of the values instead. `readers`
    are (person id, address) of the first `READERS` to choose from, `person` the chosen one.
    `faults` are what the checks found in this variant.
    """

    edition: EditionRow
    number: int
    label: str
    people: int
    every: tuple[VariantRow, ...]
    delivery_id: str
    person: str
    readers: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]
    proof: Proof
    masked: bool = False

    @property
    def smallest(self) -> int:
        """The number of the variant with the fewest readers: the one nobody else looks at."""
        return smallest(self.every)


def smallest(variants: Sequence[VariantRow]) -> int:
    """Return the number of the variant with the fewest people; 0 where there is only one."""
    if len(variants) < 2:
        return 0
    return min(variants, key=lambda one: (one.people, one.number)).number


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


def variant(
    ws: Workspace, name: str, number: int, *, masked: bool = False, person: str = ""
) -> VariantReport:
    """Return one variant of the edition called `name`, from its frozen content. Raises NotFound.

    `masked`: with nobody's values in it. `person`: whose values, by person id.
    """
    wanted = _wanted(ws, person) if person and not masked else None
    with reading(ws.engine) as connection:
        row = views.edition_named(connection, name)
        frozen = views_deliveries.frozen_variant(connection, row.id, number, person=wanted)
        every = views_deliveries.variants(connection, row.id)
        readers = views_deliveries.variant_readers(connection, row.id, number, READERS)
    found = next(one for one in every if one.number == number)
    if masked:
        frozen, readers = replace(frozen, contact_id=None, values=()), ()
    shown = frozen.contact_id
    return VariantReport(
        edition=row,
        number=number,
        label=found.label,
        people=found.people,
        every=every,
        delivery_id="" if shown is None else ws.keys.delivery_id(row.id, shown),
        person="" if shown is None else ws.keys.person_id(shown),
        readers=tuple((ws.keys.person_id(contact), email) for contact, email in readers),
        faults=stored_faults(row.faults),
        proof=_proof(ws, row, frozen),
        masked=masked,
    )


def _wanted(ws: Workspace, person: str) -> int:
    try:
        return ws.keys.open_person_id(person)
    except TokenError:
        raise NotFound("There is no such reader of this variant.") from None


def _proof(ws: Workspace, row: EditionRow, found: FrozenVariant) -> Proof:
    from outreach.rendering.compose import message, with_links
    from outreach.rendering.frozen import from_json

    content = from_json(found.content, row.format)
    used = max((*content.subject.slots, *content.text.slots, *content.html.slots, 1)) + 1
    values = found.values or tuple(f"[value {place}]" for place in range(used))
    return Proof.of(message(content, with_links(values, *proof_links(ws))))
