"""One person: what is known, an export for them, suppressing, lifting, erasing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.domain import SuppressionReason
from outreach.errors import InputError
from outreach.flows import person_files
from outreach.flows.answers import EditionLine, edition_lines
from outreach.flows.suppressing import standing, suppress, unsuppress
from outreach.flows.who import address_of, audit
from outreach.ledger import contacts as ledger
from outreach.ledger import erasing, suppressing
from outreach.ledger.contacts import Facts
from outreach.ledger.engine import reading
from outreach.ledger.imports import lock_people
from outreach.ledger.person_editions import all_editions
from outreach.ledger.suppressing import Target
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


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, as counts by place; a place with nothing in it is 0."""

    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Rows and files in all."""
        return sum(self.counts.values())


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
        return "not a contact; see suppressions and quarantined rows"
    reason = facts.contact["not_mailable_reason"]
    return f"a contact, not written to: {reason}" if reason else "a contact, may be written to"


def export_person(ws: Workspace, address: str, file: Path | str) -> Path:
    """Write everything known about an address, as .json, or as .html to read. Returns the path.

    Raises InputError for another extension.
    """
    path = Path(file)
    writer = person_files.WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError("name the file .json (for a machine) or .html (to read)")
    found = person(ws, address)
    person_files.write_private(path, writer(found.address, found.summary, found.facts))
    return path


def erase_person(ws: Workspace, address: str, *, by: str, via: str) -> Erasure:
    """Erase a person everywhere, keeping a keyed hash so that no import brings them back.

    Works for an address that is not a contact. May be run again: it then finds nothing more.
    """
    plain = address_of(address)
    address_hash = ws.keys.address_hash(plain)
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        lock_people(connection)
        suppressing.suppress(
            connection,
            Target(address_hash),
            SuppressionReason.ERASED,
            detail="",
            origin=via,
            now=now,
        )
        counts = erasing.erase_contact(connection, address_hash, now)
    with ws.engine.begin() as connection:
        counts["quarantined rows"] = erasing.erase_quarantined(connection, plain)
    counts["raw events"] = _redact_raw_events(ws, plain)
    counts |= person_files.erase_files(ws.settings.root / "contacts", ws.settings.home, plain)
    audit(ws, plain, "erase", by, via, ", ".join(f"{k}: {v}" for k, v in counts.items()))
    return Erasure(counts)


def _redact_raw_events(ws: Workspace, address: str) -> int:
    needle = _in_json(address)
    with reading(ws.engine) as connection:
        ids = list(erasing.raw_events_with(connection, needle))
    for raw_id in ids:
        with ws.engine.begin() as connection:
            erasing.redact_raw_event(connection, raw_id, needle, b"erased@erased.invalid")
    return len(ids)


def _in_json(address: str) -> re.Pattern[bytes]:
    """Return a pattern for the address in JSON: any case, each sign plain or as an escape."""
    signs = (
        re.escape(c) if c.isalnum() else rf"(?:{re.escape(c)}|\\u{ord(c):04x})" for c in address
    )
    before = r"(?<![\w.!#$%&'*+/=?^`{|}~-])"
    return re.compile(f"{before}{''.join(signs)}(?![\\w-]|\\.\\w)".encode(), re.IGNORECASE)
