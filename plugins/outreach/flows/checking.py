"""Judge a prepared edition before a person is asked about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from outreach.campaigns import Campaign
from outreach.checks import Sample
from outreach.checks import check as check_contents
from outreach.checks.inbox import measured_slots
from outreach.checks.sizes import MAX_SLOT_BYTES, slot_bytes
from outreach.errors import Fault, Refused
from outreach.flows.audience_limit import limit_fault
from outreach.flows.pacing import said_of_pace
from outreach.flows.preparing import find_campaign
from outreach.flows.reaching import REACH, unreached
from outreach.ledger import edition_store, frozen_values
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.providers.base import Content
from outreach.rendering import frozen
from outreach.wording import shown_path
from outreach.workspace import Workspace


def check(ws: Workspace, edition: str, *, reach: bool = False) -> tuple[Fault, ...]:
    """Judge every variant of an edition, keep what was found, and return it.

    Blocking faults stop the edition. `reach` asks every link's website too; without it, what
    an earlier look at them found stays. Raises NotFound, and InputError where the campaign's
    file has been broken since.
    """
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        samples = tuple(_samples(connection, record.id))
        widest = frozen_values.widest_values(connection, record.id)
    campaign = find_campaign(ws, record.campaign)
    moved = limit_fault(ws, record, campaign)
    faults = (
        *check_contents(campaign, ws.hub, samples, record.missing),
        *_too_wide(campaign, widest),
        *((moved,) if moved else ()),
        *_slow(ws, record),
        *(unreached(campaign, ws.hub, samples) if reach else _kept(record.faults)),
    )
    faults = tuple(sorted(faults, key=lambda fault: not fault.blocking))
    with ws.engine.begin() as connection:
        found = [asdict(fault) for fault in faults]
        edition_store.set_checked(connection, record.id, found, datetime.now(UTC))
    return faults


def _samples(connection: Connection, edition_id: int) -> Iterator[Sample]:
    """Yield every variant with the frozen values of one reader and of those with the longest.

    A variant whose readers have all been erased is judged with nothing in its slots.
    """
    for one in edition_store.variants(connection, edition_id):
        content = frozen.from_json(one.content, one.format)
        values = frozen_values.sample_values(connection, edition_id, one.id)
        longest = (
            frozen_values.longest_values(connection, edition_id, one.id, slots)
            for slots in measured_slots(content)
        )
        yield Sample(
            number=one.number,
            label=one.label,
            people=one.size,
            content=content,
            values=_nobodys(content) if values is None else values,
            widest=tuple(found for found in longest if found is not None),
        )


def _nobodys(content: Content) -> tuple[str, ...]:
    slots = (*content.subject.slots, *content.text.slots, *content.html.slots)
    return ("Sample",) * (max(slots, default=1) + 1)


def _too_wide(campaign: Campaign, widest: Sequence[tuple[str, ...]]) -> Iterator[Fault]:
    if any(slot_bytes(values) > MAX_SLOT_BYTES for values in widest):
        said = f"what it prints about one person is over {MAX_SLOT_BYTES} bytes; print less"
        yield Fault(said, file=shown_path(campaign.file), check="slot-bytes")


def _slow(ws: Workspace, record: EditionRecord) -> Iterator[Fault]:
    said = said_of_pace(ws, record, datetime.now(UTC))
    if said:
        yield Fault(said, blocking=False)


def _kept(stored: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    for one in stored:
        if one.get("check") == REACH:
            yield Fault(**{**one, "variants": tuple(one["variants"])})


def blocking(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return the faults that no one may override."""
    return tuple(fault for fault in faults if fault.blocking)


def must_be_sound(ws: Workspace, edition: str) -> None:
    """Check an edition and raise Refused with its blocking faults, if there are any."""
    found = blocking(check(ws, edition))
    if found:
        listed = "\n".join(f"- {fault}" for fault in found)
        raise Refused(f"{edition} cannot be approved until this is mended:\n{listed}")
