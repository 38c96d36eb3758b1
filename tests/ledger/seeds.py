"""People and editions for ledger tests, written straight into the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.domain import EditionState, Purpose, Reader
from outreach.keys import Keys
from outreach.ledger import audience, freeze
from outreach.ledger.audience import Candidate, Rule
from outreach.ledger.editions import edition
from outreach.ledger.freeze import NewEdition, NewVariant
from outreach.ledger.freeze_rows import PlannedDelivery
from outreach.ledger.people import basis, contact, pledge, suppression
from outreach.segments import Segment

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EVERYONE = Rule("news", Purpose.PUBLIC_TASK, Segment())


def add_contact(
    connection: sa.Connection,
    keys: Keys,
    address: str,
    *,
    bases: Sequence[str] = ("public_task",),
    **fields: Any,
) -> int:
    contact_id = connection.execute(
        sa.insert(contact)
        .values(
            email=address,
            address_hash=keys.address_hash(address),
            domain_hash=keys.domain_hash(address),
            created_at=NOW,
            updated_at=NOW,
            **{"first_name": address.partition("@")[0], **fields},
        )
        .returning(contact.c.id)
    ).scalar_one()
    for kind in bases:
        connection.execute(
            sa.insert(basis).values(
                contact_id=contact_id, kind=kind, evidence="test", recorded_at=NOW
            )
        )
    return int(contact_id)


def add_people(engine: sa.Engine, keys: Keys, number: int, **fields: Any) -> list[int]:
    with engine.begin() as connection:
        return [
            add_contact(connection, keys, f"person{n}@example.org", **fields) for n in range(number)
        ]


def add_pledge(
    connection: sa.Connection, keys: Keys, contact_id: int, address: str, days_ago: int
) -> None:
    connection.execute(
        sa.insert(pledge).values(
            contact_id=contact_id,
            address_hash=keys.address_hash(address),
            pledged_at=NOW - timedelta(days=days_ago),
            recorded_at=NOW,
        )
    )


def suppress(
    connection: sa.Connection, keys: Keys, address: str, reason: str = "unsubscribed", **more: Any
) -> None:
    connection.execute(
        sa.insert(suppression).values(
            address_hash=keys.address_hash(address), reason=reason, created_at=NOW, **more
        )
    )


def candidates(engine: sa.Engine, rule: Rule = EVERYONE, name: str = "news@one") -> list[Candidate]:
    with engine.connect() as connection:
        return list(audience.select_candidates(connection, rule, name, NOW))


def make_edition(
    engine: sa.Engine,
    *,
    rule: Rule = EVERYONE,
    occurrence: str = "one",
    batch_size: int = 3,
    provider: str = "outbox",
    state: EditionState = EditionState.APPROVED,
    content: Any = None,
    variants: int = 1,
) -> int | None:
    """Freeze an edition for everyone the rule selects; returns its id (None if it existed)."""
    name = f"{rule.slug}@{occurrence}"
    found = candidates(engine, rule, name)
    planned = [
        PlannedDelivery.of(one, place % variants, ("", "", one.reader.first_name))
        for place, one in enumerate(c for c in found if not c.why_not)
    ]
    new = NewEdition(
        rule=rule,
        title="News",
        owner="amy",
        source="source",
        source_hash="hash",
        occurrence=occurrence,
        name=name,
        provider=provider,
        batch_size=batch_size,
        sender={"address": "hub@example.org", "name": "Hub"},
        reply_to=None,
        format=1,
        content_hash="content",
        audience_hash=freeze.audience_hash(planned),
        created_by="amy",
        created_at=NOW,
        send_at=None,
        late_after=None,
        missing={},
    )
    frozen = [NewVariant(f"variant {n}", content or {}) for n in range(variants)]
    with engine.begin() as connection:
        made = freeze.freeze(connection, new, frozen, planned, [c for c in found if c.why_not])
        if made is not None:
            connection.execute(sa.update(edition).where(edition.c.id == made).values(state=state))
    return made


READER = Reader()
