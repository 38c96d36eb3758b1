"""Whom a campaign would write to just now, by variant: for looking at it while it is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from outreach.campaigns import Campaign
from outreach.domain import Reader
from outreach.errors import NotFound, TokenError
from outreach.flows.arms import in_arms
from outreach.flows.preparing import rule_of
from outreach.ledger import readers
from outreach.ledger.audience import select_candidates
from outreach.ledger.engine import reading
from outreach.rendering import Compiled, VariantKey
from outreach.rendering.arms import each_arm
from outreach.workspace import Workspace

MOST = 20_000
"""People of an audience who are looked at."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One variant, how many of the audience get it (0: made-up readers only), and a reader."""

    key: VariantKey
    label: str
    people: int
    reader: Reader


def audience(ws: Workspace, campaign: Campaign) -> tuple[Reader, ...]:
    """Return the readers whom the campaign would write to now, the first `MOST` of them."""
    rule, name = rule_of(ws, campaign, None), f"{campaign.slug}@preview"
    with reading(ws.engine) as connection:
        found = select_candidates(connection, rule, name, datetime.now(UTC))
        some = list(islice((one for one in found if not one.why_not), MOST))
    return tuple(one.reader for one in in_arms(ws.keys, campaign.arms, name, some))


def choices(
    compiled: Compiled, people: Iterable[Reader], samples: Iterable[Reader]
) -> tuple[Choice, ...]:
    """Return every variant of the audience, the largest first; of the samples without one."""
    counts: dict[VariantKey, int] = {}
    first: dict[VariantKey, Reader] = {}
    for reader in people:
        key = compiled.key(reader)
        counts[key] = counts.get(key, 0) + 1
        first.setdefault(key, reader)
    if not first:
        for reader in each_arm(samples, compiled.campaign):
            first.setdefault(compiled.key(reader), reader)
    order = sorted(first, key=lambda key: -counts.get(key, 0))
    return tuple(Choice(key, compiled.label(key), counts.get(key, 0), first[key]) for key in order)


def person(ws: Workspace, who: str) -> Reader:
    """Return the contact with this address or outside id. Raises NotFound."""
    if "@" in who:
        return readers.reader(ws.engine, ws.keys.address_hash(who))
    try:
        return readers.reader_numbered(ws.engine, ws.keys.open_person_id(who))
    except TokenError:
        said = "--as takes a contact's address or id, or sample or unknown for a made-up reader"
        raise NotFound(said) from None
