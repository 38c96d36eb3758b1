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
