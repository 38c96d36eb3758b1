"""Write an edition's deliveries, planned and suppressed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.ledger.audience import Candidate
from outreach.ledger.columns import chunks
from outreach.ledger.editions import delivery


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One person to write to: which variant (its place in the list), and their slot values."""

    candidate: Candidate
    variant: int
    values: tuple[str, ...]
    values_json: str

    @classmethod
    def of(cls, candidate: Candidate, variant: int, values: tuple[str, ...]) -> PlannedDelivery:
        """Return a planned delivery ready to be written."""
        return cls(candidate, variant, values, json.dumps(values))


def insert_planned(
    connection: sa.Connection,
    edition_id: int,
    campaign_id: int,
    planned: Sequence[PlannedDelivery],
    batch_ids: dict[tuple[int, int], int],
    batch_size: int,
) -> None:
    """Insert a delivery for each planned person, as the driver takes rows.

    Everyone else waits for the writer meanwhile: what can be worked out before was.
    """
    seen = [0] * (max((key[0] for key in batch_ids), default=-1) + 1)
    rows: list[tuple[Any, ...]] = []
    for one in planned:
        run = seen[one.variant] // batch_size
        seen[one.variant] += 1
        person = one.candidate
        rows.append(
            (
                edition_id,
                person.contact_id,
                campaign_id,
                person.address_hash,
                person.occasion,
                person.address,
                one.values_json,
                batch_ids[one.variant, run],
            )
        )
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    statement = _INSERT_PLANNED.format(", ".join([mark] * len(_PLANNED_COLUMNS)))
    for some in chunks(rows, 10_000):
        connection.exec_driver_sql(statement, list(some))


_PLANNED_COLUMNS = (
    "edition_id",
    "contact_id",
    "campaign_id",
    "address_hash",
    "occasion",
    "email",
    "slot_values",
    "batch_id",
)
_INSERT_PLANNED = f"INSERT INTO delivery ({', '.join(_PLANNED_COLUMNS)}) VALUES ({{}})"  # noqa: S608


def insert_suppressed(
    connection: sa.Connection, edition_id: int, campaign_id: int, people: Sequence[Candidate]
) -> None:
    """Insert a delivery for each person who is not to be written to, with the reason."""
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
