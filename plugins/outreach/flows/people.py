"""One person: what is known, an export for them, suppressing, lifting, erasing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.domain import Purpose
from outreach.errors import InputError, OutreachError
from outreach.flows import accounts, person_files
from outreach.flows.answers import EditionLine, edition_lines
from outreach.flows.erasing import Erasure, erase_person
from outreach.flows.suppressing import standing, suppress, unsuppress
from outreach.ledger import contacts as ledger
from outreach.ledger.contacts import Facts
from outreach.ledger.engine import reading
from outreach.ledger.person_editions import all_editions
from outreach.sources.addresses import tidy

if TYPE_CHECKING:
    from outreach.workspace import Workspace

__all__ = [
    "Erasure",
    "PersonFile",
    "erase_person",
    "export_person",
    "person",
    "standing",
    "suppress",
    "unsuppress",
]

NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class PersonFile:
    """Everything known about one address. `summary` is one sentence for a comms officer."""

    address: str = field(repr=False)
    known: bool
    summary: str
    facts: Facts = field(repr=False)
    editions: tuple[EditionLine, ...] = ()


def person(ws: Workspace, address: str) -> PersonFile:
    """Return what is known about an address; one that is not known says so."""
    plain = tidy(address)
    hashes = ws.keys.address_hash(plain), ws.keys.domain_hash(plain)
    with reading(ws.engine) as connection:
        facts = ledger.facts_about(connection, plain, *hashes)
        editions = all_editions(connection)
    lines = edition_lines(ws.keys, facts, editions)
    known = any((facts.contact, facts.suppressions, facts.deliveries, facts.quarantined))
    return PersonFile(plain, known, _summary(facts, known), facts, tuple(lines))


def _summary(facts: Facts, known: bool) -> str:
    if not known:
        return NOT_KNOWN
    if facts.contact is None:
        return f"not a contact; {'; '.join(_elsewhere(facts)) or 'known from the past only'}"
    reason = facts.contact["not_mailable_reason"]
    if reason:
        return f"a contact, not written to: {reason}"
    stops = [
        f"not for {one.value.replace('_', ' ')}: {why}"
        for one in Purpose
        if (why := facts.contact[f"not_mailable_for_{one.value}"])
    ]
    if len(stops) == len(Purpose):
        return f"a contact, not written to; {'; '.join(stops)}"
    return "; ".join(["a contact, may be written to", *stops])


def _elsewhere(facts: Facts) -> Iterator[str]:
    """Yield where an address that is no contact's stands all the same."""
    standing = [row for row in facts.suppressions if row["lifted_at"] is None]
    if standing:
        yield "never to be written to: " + ", ".join(_suppressed(row) for row in standing)
    if facts.quarantined:
        yield f"rows set aside that name it: {len(facts.quarantined)}"


def _suppressed(row: Mapping[str, object]) -> str:
    scope = "" if row["scope"] == "all" else f" (for {str(row['scope']).replace('_', ' ')} alone)"
    return f"{row['reason']}{scope}"


def export_person(ws: Workspace, address: str, file: Path | str) -> Path:
    """Write everything known about an address, as .json, or as .html to read. Returns the path.

    Raises InputError for another extension.
    """
    path = Path(file)
    writer = person_files.WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError("name the file .json (for a machine) or .html (to read)")
    found = person(ws, address)
    sent = tuple(_messages(ws, found.facts))
    person_files.write_private(path, writer(found.address, found.summary, found.facts, sent))
    return path


def _messages(ws: Workspace, facts: Facts) -> Iterator[Mapping[str, str]]:
    """Yield each message that may have left, as it was sent where it can be put together."""
    for row in facts.deliveries:
        number = ws.keys.delivery_id(row["edition_id"], row["contact_id"])
        about = {"edition": str(row["name"])}
        try:
            one = accounts.sent_message(ws, about["edition"], number)
        except OutreachError as why:
            yield {**about, "not_shown": str(why)}
        else:
            yield {**about, "subject": one.subject, "text": one.text, "not_exact": one.why_not}
