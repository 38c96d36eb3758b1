"""Judge a prepared edition before a person is asked about it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from outreach.errors import Fault, Refused
from outreach.flows.audience_limit import limit_fault
from outreach.flows.preparing import find_campaign
from outreach.ledger import edition_store, frozen_values
from outreach.ledger.engine import reading
from outreach.rendering import frozen
from outreach.rendering.checks import MAX_SLOT_BYTES, slot_bytes
from outreach.rendering.checks import check as check_contents
from outreach.wording import shown_path
from outreach.workspace import Workspace


def check(ws: Workspace, edition: str) -> tuple[Fault, ...]:
    """Judge every variant of an edition, keep what was found, and return it.

    Blocking faults stop the edition. Raises NotFound, and InputError where the campaign's file
    has been broken since.
    """
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        variants = edition_store.variants(connection, record.id)
        samples = [frozen_values.sample_values(connection, record.id, v.id) for v in variants]
        widest = frozen_values.widest_values(connection, record.id)
    contents = [
        (one.label, frozen.from_json(one.content, one.format), sample)
        for one, sample in zip(variants, samples, strict=True)
        if sample is not None
    ]
    campaign = find_campaign(ws, record.campaign)
    faults = check_contents(campaign, ws.hub, contents, record.missing)
    if any(slot_bytes(values) > MAX_SLOT_BYTES for values in widest):
        said = f"what it prints about one person is over {MAX_SLOT_BYTES} bytes; print less"
        faults = (*faults, Fault(said, file=shown_path(campaign.file)))
    moved = limit_fault(ws, record, campaign)
    if moved:
        faults = (*faults, moved)
    with ws.engine.begin() as connection:
        found = [asdict(fault) for fault in faults]
        edition_store.set_checked(connection, record.id, found, datetime.now(UTC))
    return tuple(faults)


def blocking(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return the faults that no one may override."""
    return tuple(fault for fault in faults if fault.blocking)


def must_be_sound(ws: Workspace, edition: str) -> None:
    """Check an edition and raise Refused with its blocking faults, if there are any."""
    found = blocking(check(ws, edition))
    if found:
        listed = "\n".join(f"- {fault}" for fault in found)
        raise Refused(f"{edition} cannot be approved until this is mended:\n{listed}")
