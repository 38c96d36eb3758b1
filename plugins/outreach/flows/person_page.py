"""One contact's page: everything known, why they may be written to or not, and erasing."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.errors import NotFound, TokenError
from outreach.flows import accounts, people
from outreach.flows.answers import EditionLine, edition_lines
from outreach.ledger import person_page as ledger
from outreach.ledger import suppression_list, views
from outreach.ledger.contacts import Facts, facts_about
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.person_editions import all_editions
from outreach.ledger.resource_views import Told, told_of
from outreach.ledger.suppression_list import SuppressionRow
from outreach.ledger.views import AuditRow
from outreach.records import PERSON_FIELDS

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_NOBODY = "erased@erased.invalid"
HISTORY = 50
STOPS = 100


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of a contact: what it is now, and what each source said of it, the latest first."""

    name: str
    now: str = field(repr=False)
    said: tuple[tuple[ledger.Said, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything one contact's page shows. `reasons`: why they may not be written to for each
    purpose, '' where they may. `stops`: what stands or stood against their address or domain.
    `told`: the resources that digests brought them."""

    id: str
    who: ledger.Contact
    facts: Facts = field(repr=False)
    fields: tuple[FieldLine, ...] = field(repr=False)
    reasons: dict[Purpose, str]
    editions: tuple[EditionLine, ...]
    employer: ledger.Employer | None
    stops: tuple[SuppressionRow, ...]
    choices: tuple[ledger.Choice, ...]
    erasures: tuple[ledger.Proof, ...]
    history: tuple[AuditRow, ...]
    told: tuple[Told, ...] = ()


def number_of(ws: Workspace, person: str) -> int:
    """Return the contact's number behind a page's id. Raises NotFound for one not given out."""
    try:
        return ws.keys.open_person_id(person)
    except TokenError:
        raise NotFound("There is no such contact.") from None


def person_page(ws: Workspace, number: int) -> PersonPage:
    """Return all that the page of one contact shows. Raises NotFound."""
    with reading(ws.engine) as connection:
        who = ledger.contact_numbered(connection, number)
        facts = facts_about(connection, who.email or _NOBODY, who.address_hash, who.domain_hash)
        said = ledger.statements(connection, number)
        return PersonPage(
            id=ws.keys.person_id(number),
            who=who,
            facts=facts,
            fields=_fields(facts, said),
            reasons=ledger.reasons_by_purpose(connection, number),
            editions=tuple(edition_lines(ws.keys, facts, all_editions(connection))),
            employer=ledger.employer(connection, number),
            stops=_stops(connection, who),
            choices=ledger.choices(connection, number),
            erasures=ledger.erasures(connection, who.address_hash),
            history=views.history(connection, f"contact {number}", limit=HISTORY),
            told=told_of(connection, number),
        )


def _stops(connection: sa.Connection, who: ledger.Contact) -> tuple[SuppressionRow, ...]:
    asked = suppression_list.Asked(address_hash=who.address_hash, domain_hash=who.domain_hash)
    return suppression_list.suppression_page(connection, asked, limit=STOPS)


def _fields(facts: Facts, said: tuple[ledger.Said, ...]) -> tuple[FieldLine, ...]:
    contact = facts.contact or {}
    return tuple(
        FieldLine(
            name,
            str(contact.get(name) or ""),
            tuple((one, one.fields[name]) for one in said if name in one.fields),
        )
        for name in PERSON_FIELDS
    )


def address_of(ws: Workspace, number: int) -> str:
    """Return a contact's address, which orders about them go by. Raises NotFound once erased."""
    with reading(ws.engine) as connection:
        who = ledger.contact_numbered(connection, number)
    if not who.email:
        raise NotFound("This person was erased: their address is not known any more.")
    return who.email


def message_of(ws: Workspace, number: int, edition: str) -> accounts.SentMessage:
    """Return the message that a contact was sent in an edition, their own links made inert.

    Raises NotFound where there is none or it is no longer kept; Refused if nothing was sent.
    """
    with reading(ws.engine) as connection:
        row = views.edition_named(connection, edition)
    return accounts.inert(accounts.sent_message(ws, edition, ws.keys.delivery_id(row.id, number)))


def export_contact(ws: Workspace, number: int, kind: str, *, by: str, via: str) -> bytes:
    """Return everything known about a contact as "json" or "html"; the audit log notes who asked.

    Raises NotFound where there is nobody any more, and for another kind.
    """
    if kind not in ("json", "html"):
        raise NotFound("A person's data comes as JSON or as HTML.")
    address = address_of(ws, number)
    with tempfile.TemporaryDirectory(prefix="outreach-person-") as folder:
        path = people.export_person(ws, address, Path(folder) / f"person.{kind}")
        data = path.read_bytes()
    with ws.engine.begin() as connection:
        _note(connection, number, "export person", by, via, kind)
    return data


def erase(ws: Workspace, number: int, *, by: str, via: str) -> people.Erasure:
    """Erase a contact everywhere. Raises NotFound where they were erased before."""
    return people.erase_person(ws, address_of(ws, number), by=by, via=via)


def _note(
    connection: sa.Connection, number: int, action: str, by: str, via: str, detail: str
) -> None:
    note(
        connection,
        at=datetime.now(UTC),
        who=by,
        via=via,
        action=action,
        subject=f"contact {number}",
        detail=detail,
    )
