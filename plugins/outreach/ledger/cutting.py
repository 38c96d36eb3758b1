"""Cut people off a batch, into a planned batch of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger.columns import chunks
from outreach.ledger.editions import batch, delivery

PLANNED: Mapping[str, object] = {"state": DeliveryState.PLANNED}


def cut_off(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    contact_ids: Sequence[int],
    values: Mapping[str, object] = PLANNED,
) -> None:
    """Move people of the batch `row` to a new batch of the same variant, in state `values`.

    The caller holds the edition's row, so that no other batch is cut meanwhile.
    """
    number = connection.execute(
        sa.select(sa.func.max(batch.c.number)).where(batch.c.edition_id == row.edition_id)
    ).scalar_one()
    made = connection.execute(
        sa.insert(batch)
        .values(
            edition_id=row.edition_id,
            variant_id=row.variant_id,
            number=number + 1,
            size=len(contact_ids),
            gateway=row.gateway,
            attempts=row.attempts,
            **values,
        )
        .returning(batch.c.id)
    ).scalar_one()
    for some in chunks(contact_ids):
        connection.execute(
            sa.update(delivery)
            .where(delivery.c.edition_id == row.edition_id, delivery.c.contact_id.in_(some))
            .values(batch_id=made)
        )
    connection.execute(
        sa.update(batch).where(batch.c.id == row.id).values(size=batch.c.size - len(contact_ids))
    )


def cut_into(
    connection: sa.Connection,
    row: sa.Row,  # type: ignore[type-arg]
    parts: Sequence[tuple[str, Sequence[int]]],
) -> None:
    """Make a planned batch of each of `parts`, (gateway, people); the batch `row` keeps the first.

    Each delivery moves once, however many parts there are. The caller holds the edition's row.
    """
    (gateway, _), *others = parts
    moved = sum(len(ids) for _, ids in others)
    connection.execute(
        sa.update(batch)
        .where(batch.c.id == row.id)
        .values(gateway=gateway, size=batch.c.size - moved)
    )
    if not others:
        return
    number = connection.execute(
        sa.select(sa.func.max(batch.c.number)).where(batch.c.edition_id == row.edition_id)
    ).scalar_one()
    same = {
        "edition_id": row.edition_id,
        "variant_id": row.variant_id,
        "attempts": row.attempts,
        **PLANNED,
    }
    made = connection.execute(
        sa.insert(batch).returning(batch.c.id, sort_by_parameter_order=True),
        [
            {**same, "number": number + place, "size": len(ids), "gateway": gateway}
            for place, (gateway, ids) in enumerate(others, start=1)
        ],
    ).scalars()
    connection.execute(
        sa.update(delivery)
        .where(
            delivery.c.edition_id == row.edition_id, delivery.c.contact_id == sa.bindparam("who")
        )
        .values(batch_id=sa.bindparam("made")),
        [
            {"who": one, "made": batch_id}
            for batch_id, (_, ids) in zip(made, others, strict=True)
            for one in ids
        ],
    )
