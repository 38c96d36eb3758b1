"""Who of an audience is in which arm of a campaign."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate
from types import MappingProxyType

import sqlalchemy as sa

from outreach.campaigns import Arm, Campaign
from outreach.keys import Keys
from outreach.ledger.audience import Candidate, Rule, select_candidates
from outreach.ledger.follow_ups import arms_in
from outreach.workspace import Workspace

NOBODY: Mapping[bytes, str] = MappingProxyType({})
_WHOLE = 1 << 64


def people_in_arms(
    ws: Workspace,
    connection: sa.Connection,
    campaign: Campaign,
    rule: Rule,
    name: str,
    now: datetime,
) -> Iterable[Candidate]:
    """Return whom `rule` decides on for the edition called `name`, each in an arm.

    In a follow-up whoever was in an arm of the edition it follows is in that one again, where
    the campaign has one so called: a correction must fit what it corrects.
    """
    people = select_candidates(connection, rule, name, now)
    follows = rule.follows if campaign.arms else None
    kept = arms_in(connection, follows.edition) if follows else NOBODY
    return in_arms(ws.keys, campaign.arms, name, people, kept)


def in_arms(
    keys: Keys,
    arms: Sequence[Arm],
    edition: str,
    people: Iterable[Candidate],
    kept: Mapping[bytes, str] = NOBODY,
) -> Iterable[Candidate]:
    """Return `people`, each whom we write to in an arm.

    They are put in the order of a keyed hash of address and edition, and that order is cut by the
    shares: so each arm has its share to the person, and nothing about a person decides. Where
    `kept` knows somebody's arm (address hash -> arm) that stands, if there still is one so called.
    """
    if not arms:
        return people
    everyone = list(people)
    known = {arm.name for arm in arms}
    stays = {p.address_hash: kept[p.address_hash] for p in everyone if _stays(p, kept, known)}
    drawn = {p.address_hash for p in everyone if not p.why_not} - stays.keys()
    arm_of = {**stays, **_cut(arms, edition, _ordered(keys, edition, drawn), keys)}
    return [_placed(one, arm_of.get(one.address_hash, "")) for one in everyone]


def _stays(person: Candidate, kept: Mapping[bytes, str], known: set[str]) -> bool:
    return kept.get(person.address_hash, "") in known


def _placed(person: Candidate, arm: str) -> Candidate:
    return replace(person, reader=replace(person.reader, arm=arm)) if arm else person


def _ordered(keys: Keys, edition: str, drawn: Iterable[bytes]) -> list[bytes]:
    return sorted(drawn, key=lambda one: _hash(keys, edition, one))


def _cut(arms: Sequence[Arm], edition: str, order: list[bytes], keys: Keys) -> dict[bytes, str]:
    """Cut the order by the shares, from a start that the edition decides.

    Without that start the first arm would get everybody of an edition of one.
    """
    start = int.from_bytes(_hash(keys, edition, b"start")[:8]) / _WHOLE
    whole = sum(arm.share for arm in arms)
    ends = [end / whole for end in accumulate(arm.share for arm in arms)]
    found = {}
    for place, one in enumerate(order):
        at = (place + start) / len(order)
        found[one] = next((a.name for a, end in zip(arms, ends, strict=True) if at < end), "")
        found[one] = found[one] or arms[-1].name
    return found


def _hash(keys: Keys, edition: str, what: bytes) -> bytes:
    return hashlib.blake2s(
        what + edition.encode(), key=keys.address, digest_size=16, person=b"arm"
    ).digest()
