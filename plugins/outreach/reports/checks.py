"""What the checks found, as people read it: by subject, by variant, and who lacks a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from outreach.checks import BY_NAME, CHECKS
from outreach.clock import LONDON
from outreach.errors import Fault, InputError
from outreach.ledger import edition_store, frozen_values, views
from outreach.ledger.engine import reading
from outreach.ledger.frozen_values import Lacking
from outreach.ledger.views import EditionRow

if TYPE_CHECKING:
    from outreach.campaigns import Campaign
    from outreach.workspace import Workspace

SHOWN = 200
"""People listed for each value that they lack."""

_KEPT: dict[tuple[str, str], tuple[Fault, ...]] = {}
_MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault with the title of its check and why that matters; both '' for a broken file."""

    fault: Fault
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """What the checks of one subject found."""

    title: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class LackingValue:
    """One printed expression, for how many people it is empty, and the first of them."""

    expression: str
    people: int
    rows: tuple[tuple[str, Lacking], ...]


@dataclass(frozen=True, slots=True)
class MissingReport:
    """Who lacks what in an edition. `readable` is False where its copy cannot be read any more."""

    edition: EditionRow
    values: tuple[LackingValue, ...]
    readable: bool


def grouped(faults: Sequence[Fault], *, variant: int = 0) -> tuple[Group, ...]:
    """Return faults by subject, the blocking first in each; only those of `variant` if given."""
    mine = [fault for fault in faults if not variant or variant in fault.variants]
    mine.sort(key=lambda fault: not fault.blocking)
    groups: dict[str, list[Finding]] = {"The campaign’s file": []}
    groups |= {check.group: [] for check in CHECKS}
    for fault in mine:
        check = BY_NAME.get(fault.check)
        group = check.group if check else "The campaign’s file"
        found = Finding(fault, check.title if check else "", check.why if check else "")
        groups[group].append(found)
    return tuple(Group(title, tuple(found)) for title, found in groups.items() if found)


def campaign_findings(ws: Workspace, campaign: Campaign) -> tuple[Fault, ...]:
    """Return what the checks find in a campaign as it is now, for made-up readers.

    Kept until the file, its layout or the hub changes, or the day ends.
    """
    from outreach.flows.authoring import judged
    from outreach.flows.layouts import layouts

    key = (campaign.content_hash(ws.hub, layouts(ws)), str(datetime.now(LONDON).date()))
    if key not in _KEPT:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = judged(ws, campaign)
    return _KEPT[key]


def missing(ws: Workspace, name: str) -> MissingReport:
    """Return who lacks what in the edition called `name`. Raises NotFound."""
    with reading(ws.engine) as connection:
        row = views.edition_named(connection, name)
        record = edition_store.get(connection, name)
        source = edition_store.source_of(connection, row.id)
        variants = edition_store.variants(connection, row.id)
    slots = _slots(ws, record.campaign, source)
    values = []
    for expression, people in record.missing.items():
        slot = slots.get(expression, -1)
        uses = [one.id for one in variants if slot in _used(one.content)]
        with reading(ws.engine) as connection:
            found = frozen_values.lacking(connection, row.id, slot, uses, SHOWN) if uses else ()
        ids = ws.keys.person_ids(one.contact_id for one in found)
        values.append(LackingValue(expression, people, tuple(zip(ids, found, strict=True))))
    return MissingReport(row, tuple(values), bool(slots))


def _slots(ws: Workspace, slug: str, source: str) -> dict[str, int]:
    """Return the slot of each printed expression, from the text an edition was made from."""
    from outreach.campaigns import campaign_of
    from outreach.flows.layouts import layouts
    from outreach.rendering import compile_campaign

    try:
        campaign = campaign_of(ws.settings.campaigns[0] / f"{slug}.md", source, ws.hub)
        compiled = compile_campaign(campaign, ws.hub, layouts(ws))
    except InputError:
        return {}
    return {slot.expression: number for number, slot in enumerate(compiled.slots)}


def _used(content: dict[str, dict[str, list[int]]]) -> set[int]:
    return {slot for part in content.values() for slot in part["slots"]}
