"""Select an audience, and freeze an edition in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.campaigns import Campaign, Segment
from outreach.domain import DeliveryState, Organisation, Purpose, Reader
from outreach.ledger.editions import (
    batch,
    campaign,
    campaign_version,
    delivery,
    edition,
    exclusion,
    variant,
)
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import contact, organisation, pledge

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person whom the segment selects; `why_not` says why they are not written to."""

    contact_id: int
    address: str
    address_hash: bytes
    occasion: str
    reader: Reader
    why_not: str


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One person to write to: which variant (its place in the list), and their slot values."""

    candidate: Candidate
    variant: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewVariant:
    """A rendered variant to freeze: `content` is JSON."""

    label: str
    content: Any


@dataclass(frozen=True, slots=True)
class NewEdition:
    """Everything about an edition that is frozen besides its people."""

    campaign: Campaign
    occurrence: str
    name: str
    provider: str
    batch_size: int
    sender: dict[str, str]
    reply_to: dict[str, str] | None
    format: int
    content_hash: str
    audience_hash: str
    segment: Segment
    created_by: str
    created_at: datetime
    send_at: datetime | None
    late_after: datetime | None


def select_candidates(
    connection: sa.Connection, campaign_: Campaign, segment: Segment, name: str, now: datetime
) -> Iterator[Candidate]:
    """Yield everyone whom the segment selects for the edition called `name`, by contact id.

    For a campaign of occasion "pledge" those who had it for their latest pledge are left out.
    """
    latest = _latest_pledge()
    query = (
        sa.select(
            contact,
            organisation.c.name.label("known_organisation"),
            latest.label("pledged_at"),
            not_mailable(Purpose(campaign_.purpose)).label("why_not"),
        )
        .select_from(contact.outerjoin(organisation))
        .where(_selected(campaign_, segment, now), contact.c.erased_at.is_(None))
        .order_by(contact.c.id)
    )
    had = _had_pledge_occasions(connection, campaign_) if _per_pledge(campaign_) else frozenset()
    for row in connection.execution_options(yield_per=2000).execute(query):
        occasion = pledge_occasion(row.pledged_at) if _per_pledge(campaign_) else name
        if (row.address_hash, occasion) in had:
            continue
        yield Candidate(
            contact_id=row.id,
            address=row.email or "",
            address_hash=row.address_hash,
            occasion=occasion,
            reader=_reader(row),
            why_not=row.why_not,
        )


def pledge_occasion(pledged_at: datetime) -> str:
    """Return the occasion of a pledge: its instant, so that it outlives erasure and re-import."""
    return f"pledge:{pledged_at:%Y-%m-%dT%H:%M:%SZ}"


def audience_hash(planned: Sequence[PlannedDelivery]) -> str:
    """Return a hash of who gets what: people, occasions, variants and values."""
    digest = hashlib.blake2s()
    for one in planned:
        digest.update(one.candidate.address_hash)
        digest.update(f"{one.candidate.occasion}\0{one.variant}\0".encode())
        digest.update("\0".join(one.values).encode())
    return digest.hexdigest()


def exists(connection: sa.Connection, name: str) -> bool:
    """Whether the edition called `name` has been prepared."""
    return bool(connection.execute(sa.select(edition.c.id).where(edition.c.name == name)).scalar())


def freeze(
    connection: sa.Connection,
    new: NewEdition,
    variants: Sequence[NewVariant],
    planned: Sequence[PlannedDelivery],
    not_planned: Sequence[Candidate],
) -> int | None:
    """Write the edition and all its rows; returns its id, or None where it existed already."""
    campaign_id = _campaign_id(connection, new.campaign.slug)
    if exists(connection, new.name):
        return None
    if _per_pledge(new.campaign):
        planned, not_planned = _without_had(connection, new, planned, not_planned)
    edition_id = _insert_edition(connection, new, campaign_id, len(planned) + len(not_planned))
    batch_ids = _insert_variants(connection, edition_id, variants, planned, new.batch_size)
    _insert_planned(connection, edition_id, campaign_id, planned, batch_ids, new.batch_size)
    _insert_suppressed(connection, edition_id, campaign_id, not_planned)
    _insert_exclusions(connection, edition_id, new)
    return edition_id


def _per_pledge(campaign_: Campaign) -> bool:
    return campaign_.occasion == "pledge"


def _latest_pledge() -> sa.ScalarSelect[datetime]:
    return (
        sa.select(sa.func.max(pledge.c.pledged_at, type_=pledge.c.pledged_at.type))
        .where(pledge.c.contact_id == contact.c.id, pledge.c.withdrawn_at.is_(None))
        .correlate(contact)
        .scalar_subquery()
    )


def _clauses(
    campaign_: Campaign, segment: Segment, now: datetime
) -> list[tuple[str, sa.ColumnElement[bool]]]:
    """Each rule of the segment, with the reason given to whoever it leaves out."""
    rules: list[tuple[str, sa.ColumnElement[bool]]] = []
    for word, column, wanted in (
        ("sector", contact.c.sector, segment.sectors),
        ("area", contact.c.ics_area, segment.ics_areas),
        ("borough", contact.c.borough, segment.boroughs),
        ("role", sa.func.lower(contact.c.job_role), [r.lower() for r in segment.job_roles]),
    ):
        if wanted:
            rules.append((f"outside the audience: {word}", column.in_(wanted)))
    latest = _latest_pledge()
    if segment.pledged is True or _per_pledge(campaign_):
        rules.append(("outside the audience: has not pledged", latest.is_not(None)))
    if segment.pledged is False:
        rules.append(("outside the audience: has pledged", latest.is_(None)))
    if segment.pledged_within_days is not None:
        since = now - timedelta(days=segment.pledged_within_days)
        reason = f"outside the audience: no pledge in the last {segment.pledged_within_days} days"
        rules.append((reason, sa.and_(latest.is_not(None), latest >= since)))
    return rules


def _selected(campaign_: Campaign, segment: Segment, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(sa.true(), *(rule for _, rule in _clauses(campaign_, segment, now)))


def _reader(row: Any) -> Reader:
    pledged_on: date | None = None
    if row.pledged_at is not None:
        pledged_on = row.pledged_at.astimezone(LONDON).date()
    return Reader(
        first_name=row.first_name,
        last_name=row.last_name,
        job_role=row.job_role,
        sector=row.sector,
        ics_area=row.ics_area,
        borough=row.borough,
        organisation=Organisation(
            ods_code=row.ods_code, name=row.known_organisation or row.organisation_name
        ),
        pledged_on=pledged_on,
    )


def _had_pledge_occasions(
    connection: sa.Connection, campaign_: Campaign
) -> frozenset[tuple[bytes, str]]:
    rows = connection.execute(
        sa.select(delivery.c.address_hash, delivery.c.occasion)
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .where(campaign.c.slug == campaign_.slug)
    )
    return frozenset((bytes(row.address_hash), row.occasion) for row in rows)


def _without_had(
    connection: sa.Connection,
    new: NewEdition,
    planned: Sequence[PlannedDelivery],
    not_planned: Sequence[Candidate],
) -> tuple[list[PlannedDelivery], list[Candidate]]:
    """Leave out whoever another edition took since the audience was read."""
    had = _had_pledge_occasions(connection, new.campaign)
    return (
        [p for p in planned if (p.candidate.address_hash, p.candidate.occasion) not in had],
        [c for c in not_planned if (c.address_hash, c.occasion) not in had],
    )


def _campaign_id(connection: sa.Connection, slug: str) -> int:
    """Return the campaign's id; on PostgreSQL its row stays locked, so that one prepares."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    connection.execute(insert(campaign).values(slug=slug).on_conflict_do_nothing())
    return int(
        connection.execute(
            sa.select(campaign.c.id).where(campaign.c.slug == slug).with_for_update()
        ).scalar_one()
    )


def _insert_edition(
    connection: sa.Connection, new: NewEdition, campaign_id: int, intended: int
) -> int:
    return int(
        connection.execute(
            sa.insert(edition)
            .values(
                campaign_id=campaign_id,
                occurrence=new.occurrence,
                name=new.name,
                version_id=_version_id(connection, new, campaign_id),
                title=new.campaign.title,
                purpose=new.campaign.purpose,
                provider=new.provider,
                batch_size=new.batch_size,
                sender=new.sender,
                reply_to=new.reply_to,
                owner=new.campaign.owner,
                format=new.format,
                content_hash=new.content_hash,
                audience_hash=new.audience_hash,
                segment=_described(new.segment),
                intended=intended,
                created_by=new.created_by,
                created_at=new.created_at,
                send_at=new.send_at,
                late_after=new.late_after,
            )
            .returning(edition.c.id)
        ).scalar_one()
    )


def _described(segment: Segment) -> str:
    set_rules = {k: v for k, v in asdict(segment).items() if v not in ((), None)}
    return "; ".join(f"{key}: {value}" for key, value in set_rules.items())


def _version_id(connection: sa.Connection, new: NewEdition, campaign_id: int) -> int:
    found = connection.execute(
        sa.select(campaign_version.c.id).where(
            campaign_version.c.campaign_id == campaign_id,
            campaign_version.c.content_hash == new.campaign.content_hash,
        )
    ).scalar()
    if found is not None:
        return int(found)
    return int(
        connection.execute(
            sa.insert(campaign_version)
            .values(
                campaign_id=campaign_id,
                content_hash=new.campaign.content_hash,
                source=new.campaign.source,
                loaded_at=new.created_at,
            )
            .returning(campaign_version.c.id)
        ).scalar_one()
    )


def _insert_variants(
    connection: sa.Connection,
    edition_id: int,
    variants: Sequence[NewVariant],
    planned: Sequence[PlannedDelivery],
    batch_size: int,
) -> dict[tuple[int, int], int]:
    """Insert variants and their batches; returns (variant place, batch in it) -> batch id."""
    sizes = [0] * len(variants)
    for one in planned:
        sizes[one.variant] += 1
    made: dict[tuple[int, int], int] = {}
    number = 0
    for place, (new, size) in enumerate(zip(variants, sizes, strict=True)):
        variant_id = connection.execute(
            sa.insert(variant)
            .values(
                edition_id=edition_id,
                number=place + 1,
                label=new.label,
                content=new.content,
                size=size,
            )
            .returning(variant.c.id)
        ).scalar_one()
        for run, start in enumerate(range(0, size, batch_size)):
            number += 1
            made[place, run] = connection.execute(
                sa.insert(batch)
                .values(
                    edition_id=edition_id,
                    variant_id=variant_id,
                    number=number,
                    size=min(batch_size, size - start),
                )
                .returning(batch.c.id)
            ).scalar_one()
    return made


def _insert_planned(
    connection: sa.Connection,
    edition_id: int,
    campaign_id: int,
    planned: Sequence[PlannedDelivery],
    batch_ids: dict[tuple[int, int], int],
    batch_size: int,
) -> None:
    seen = [0] * (max((key[0] for key in batch_ids), default=-1) + 1)
    rows: list[dict[str, Any]] = []
    for one in planned:
        run = seen[one.variant] // batch_size
        seen[one.variant] += 1
        rows.append(
            {
                "edition_id": edition_id,
                "contact_id": one.candidate.contact_id,
                "campaign_id": campaign_id,
                "address_hash": one.candidate.address_hash,
                "occasion": one.candidate.occasion,
                "email": one.candidate.address,
                "slot_values": list(one.values),
                "batch_id": batch_ids[one.variant, run],
            }
        )
    _insert_rows(connection, rows)


def _insert_suppressed(
    connection: sa.Connection, edition_id: int, campaign_id: int, people: Sequence[Candidate]
) -> None:
    _insert_rows(
        connection,
        [
            {
                "edition_id": edition_id,
                "contact_id": one.contact_id,
                "campaign_id": campaign_id,
                "address_hash": one.address_hash,
                "occasion": one.occasion,
                "state": DeliveryState.SUPPRESSED.value,
                "reason": one.why_not,
            }
            for one in people
        ],
    )


def _insert_rows(connection: sa.Connection, rows: list[dict[str, Any]], run: int = 5000) -> None:
    for start in range(0, len(rows), run):
        connection.execute(sa.insert(delivery), rows[start : start + run])


def _insert_exclusions(connection: sa.Connection, edition_id: int, new: NewEdition) -> None:
    """Store a reason for everyone who was considered and is not in the audience.

    A campaign sent on pledges considers those who pledged; any other considers every contact.
    """
    rules = _clauses(new.campaign, new.segment, new.created_at)
    had = "had this already for the same pledge"
    late = had if _per_pledge(new.campaign) else "added after the audience was read"
    whens = [(~rule, reason) for reason, rule in rules]
    reason = sa.case(*whens, else_=late) if whens else sa.literal(late)
    considered = sa.true()
    if _per_pledge(new.campaign):
        considered = _latest_pledge().is_not(None)
    in_audience = (
        sa.exists()
        .where(delivery.c.edition_id == edition_id, delivery.c.contact_id == contact.c.id)
        .correlate(contact)
    )
    done = connection.execute(
        sa.insert(exclusion).from_select(
            ["edition_id", "contact_id", "reason"],
            sa.select(sa.literal(edition_id), contact.c.id, reason).where(
                contact.c.erased_at.is_(None), considered, ~in_audience
            ),
        )
    )
    connection.execute(
        sa.update(edition).where(edition.c.id == edition_id).values(excluded=done.rowcount)
    )
