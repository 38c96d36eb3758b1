"""A small world of generated people, in the ledger and in plain Python; and rules said plainly."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.domain import DeliveryState
from outreach.ledger import editions as t
from outreach.ledger import people as p
from outreach.segments.tree import And, Contains, Expression, Happened, Is, Known, Not, Or
from outreach.segments.vocabulary import FACTS, fold

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EDITIONS = {"news@one": 1, "news@one+again1": 2, "news@two": 3, "other@one": 4}
CAMPAIGNS = {"news": 1, "other": 2}
OF_CAMPAIGN = {"news@one": 1, "news@one+again1": 1, "news@two": 1, "other@one": 2}


@dataclass(frozen=True)
class Employer:
    id: int
    name: str
    sector: str
    borough: str
    pcn: str
    kind: str


@dataclass(frozen=True)
class Delivered:
    edition: str
    state: str
    own: bool
    claimed: int | None
    recovered: int | None


@dataclass
class Person:
    """One contact; days are counted back from NOW."""

    id: int
    fields: dict[str, str]
    shared: bool
    employer: Employer | None
    pledges: list[tuple[int, bool, bool]] = field(default_factory=list)
    deliveries: list[Delivered] = field(default_factory=list)


def employers() -> list[Employer]:
    return [
        Employer(1, "École Surgery", "Dentistry", "Camden", "Ünder", "corporate"),
        Employer(2, "Maple 100% Pharmacy", "", "", "", "individual"),
        Employer(3, 'The "A" Practice', "Optometry", "Barnet", "U1", "unknown"),
        Employer(4, "", "Dentistry", "", "", "unknown"),
    ]


def people(number: int = 60) -> list[Person]:
    dice, places = random.Random(7), employers()
    return [_person(one, dice, places) for one in range(1, number + 1)]


def _person(number: int, dice: random.Random, places: list[Employer]) -> Person:
    words = {
        "sector": ("", "Dentistry", "OPTOMETRY", "General Practice"),
        "ics_area": ("", "North Central London"),
        "borough": ("", "Camden", "barnet"),
        "job_role": ("", "GP", "Dental Nurse", "It's a_b", "STRAßE 100%"),
        "organisation_name": ("", "école surgery", 'a "b" c'),
        "ods_code": ("", "F83001"),
        "source": ("", "Ünder", "unknown"),
    }
    one = Person(
        number,
        {name: dice.choice(values) for name, values in words.items()},
        dice.random() < 0.2,
        dice.choice([None, *places]),
    )
    nobody_pledges = one.employer is not None and one.employer.id == 4
    for _ in range(0 if nobody_pledges else dice.choice((0, 0, 1, 2))):
        one.pledges.append((dice.randint(0, 45), dice.random() < 0.3, dice.random() < 0.3))
    for name in EDITIONS:
        if dice.random() < 0.6:
            one.deliveries.append(_delivered(name, dice))
    return one


def _delivered(name: str, dice: random.Random) -> Delivered:
    state = dice.choice(list(DeliveryState)).value
    recovered = dice.randint(0, 45) if state == "unknown" and dice.random() < 0.5 else None
    claimed = None if state == "planned" or recovered is not None else dice.randint(0, 45)
    return Delivered(name, state, dice.random() < 0.5, claimed, recovered)


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def store(connection: sa.Connection, everybody: list[Person]) -> None:
    """Write the world into an empty ledger."""

    def add(table: sa.Table, **values: Any) -> None:
        connection.execute(sa.insert(table).values(**values))

    for one in employers():
        add(
            p.organisation,
            id=one.id,
            ods_code=f"X{one.id}",
            name=one.name,
            sector=one.sector,
            borough=one.borough,
            pcn_name=one.pcn,
            subscriber_type=one.kind,
            updated_at=NOW,
        )
    for slug, number in CAMPAIGNS.items():
        add(t.campaign, id=number, slug=slug)
    for name, number in EDITIONS.items():
        campaign_id, occurrence = OF_CAMPAIGN[name], name.partition("@")[2]
        same = {"sender": {}, "created_at": NOW}
        add(t.edition, id=number, campaign_id=campaign_id, occurrence=occurrence, name=name, **same)
        add(t.variant, id=number, edition_id=number, number=1, content={})
    for person in everybody:
        _store(add, person)


def _store(add: Any, person: Person) -> None:
    key = person.id.to_bytes(16, "big")
    add(
        p.contact,
        id=person.id,
        email=f"p{person.id}@example.org",
        address_hash=key,
        domain_hash=b"d" * 16,
        organisation_id=person.employer.id if person.employer else None,
        shared_mailbox=person.shared,
        created_at=NOW,
        updated_at=NOW,
        **person.fields,
    )
    for place, (days, withdrawn, renewal) in enumerate(person.pledges):
        add(
            p.pledge,
            contact_id=person.id,
            address_hash=key,
            pledged_at=ago(days) - timedelta(seconds=place),
            recorded_at=NOW,
            renewal=renewal,
            withdrawn_at=NOW if withdrawn else None,
        )
    for one in person.deliveries:
        number = EDITIONS[one.edition]
        batch_id = number * 1000 + person.id
        recovered = one.recovered is not None
        if not recovered:
            add(
                t.batch,
                id=batch_id,
                edition_id=number,
                variant_id=number,
                number=person.id,
                state="accepted" if one.own else one.state,
                claimed_at=None if one.claimed is None else ago(one.claimed),
            )
        add(
            t.delivery,
            edition_id=number,
            contact_id=person.id,
            campaign_id=OF_CAMPAIGN[one.edition],
            address_hash=key,
            occasion=one.edition,
            batch_id=None if recovered else batch_id,
            state=one.state if one.own or recovered else None,
            recovered_at=ago(one.recovered) if one.recovered is not None else None,
        )


def holds(rule: Expression, one: Person, everybody: list[Person]) -> bool:
    """Whether a rule selects somebody, said without any SQL."""
    if isinstance(rule, And):
        return all(holds(part, one, everybody) for part in rule.parts)
    if isinstance(rule, Or):
        return any(holds(part, one, everybody) for part in rule.parts)
    if isinstance(rule, Not):
        return not holds(rule.inner, one, everybody)
    if isinstance(rule, Is):
        wanted = {fold(value) for value in rule.values}
        return any(fold(value) in wanted for value in values_of(rule.name, one))
    if isinstance(rule, Contains):
        return any(fold(rule.part) in fold(value) for value in values_of(rule.name, one))
    if isinstance(rule, Known):
        return any(values_of(rule.name, one))
    return not isinstance(rule, Happened) or happened(rule, one, everybody)


def values_of(name: str, one: Person) -> list[str]:
    there = one.employer or Employer(0, "", "", "", "", "unknown")
    return {
        "sector": [one.fields["sector"] or there.sector],
        "area": [one.fields["ics_area"]],
        "borough": [one.fields["borough"] or there.borough],
        "role": [one.fields["job_role"]],
        "organisation": [there.name, one.fields["organisation_name"]],
        "ods code": [f"X{there.id}" if there.id else "", one.fields["ods_code"]],
        "pcn": [there.pcn],
        "subscriber type": [there.kind],
        "source": [one.fields["source"]],
    }[name]


def happened(rule: Happened, one: Person, everybody: list[Person]) -> bool:
    since = datetime.min.replace(tzinfo=UTC)
    if rule.days:
        since = NOW - timedelta(days=rule.days)
    if rule.since:
        since = datetime.combine(rule.since, time(), LONDON)
    if rule.name == "shared":
        return one.shared
    if rule.name == "pledged":
        return pledged(one, since)
    if rule.name.startswith("organisation"):
        colleagues = [
            other for other in everybody if one.employer and other.employer == one.employer
        ]
        any_of_them = any(pledged(other, since) for other in colleagues)
        return bool(colleagues) and any_of_them == (rule.name == "organisation pledged")
    return any(counts(rule, delivered, since) for delivered in one.deliveries)


def pledged(one: Person, since: datetime) -> bool:
    return any(
        ago(days) - timedelta(seconds=place) >= since
        for place, (days, withdrawn, _) in enumerate(one.pledges)
        if not withdrawn
    )


def counts(rule: Happened, one: Delivered, since: datetime) -> bool:
    fact = FACTS[rule.name]
    if one.state not in fact.states:
        return False
    if fact.of == "edition" and one.edition != rule.of:
        return rule.name == "got" and one.edition.startswith(f"{rule.of}+again")
    if fact.of == "campaign" and OF_CAMPAIGN[one.edition] != CAMPAIGNS.get(rule.of):
        return False
    if not (rule.days or rule.since):
        return True
    days = one.recovered if one.recovered is not None else one.claimed
    return days is not None and ago(days) >= since
