"""Samples age: dates of their pledges, or of their resources, are moved so that the newest was
yesterday, once for good."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.ledger import imports as ledger
from outreach.ledger.engine import reading
from outreach.records import PledgeRecord, Quarantined, Record, ResourceRecord
from outreach.sources.fields import Context
from outreach.sources.reading import SourceFile


def settled_shift(
    engine: sa.Engine, source: str, file_name: str, file: SourceFile, context: Context
) -> timedelta:
    """Return by how much this sample's dates move: settled when it was first taken.

    It is kept by source and file name, so that an edited sample adds no second pledge.
    """
    with reading(engine) as connection:
        days = ledger.shift_of(connection, source, file_name)
    if days is None:
        days = _days_to_yesterday(file, context)
        with engine.begin() as connection:
            ledger.keep_shift(connection, source, file_name, days, context.now)
    return timedelta(days=days)


def _days_to_yesterday(file: SourceFile, context: Context) -> int:
    last = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
    any_time = replace(context, now=last, left_empty=Counter())
    dates = [day for record in file.records(any_time) if (day := _day_of(record))]
    if not dates:
        return 0
    yesterday = context.now.astimezone(LONDON).date() - timedelta(days=1)
    return (yesterday - max(dates).astimezone(LONDON).date()).days


def _day_of(record: Record | Quarantined) -> datetime | None:
    if isinstance(record, PledgeRecord):
        return record.pledged_at
    return record.published_at if isinstance(record, ResourceRecord) else None
