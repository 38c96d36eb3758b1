"""Questions to approvers, and audiences that somebody let pass: one of each per edition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from outreach.ledger.approval_tables import audience_pass, question


@dataclass(frozen=True, slots=True)
class Question:
    """When an approver was last asked, until when they may answer, and where."""

    asked_at: datetime
    answer_by: datetime
    link: str


@dataclass(frozen=True, slots=True)
class Pass:
    """Who let an audience pass that had moved far, and why."""

    by: str
    reason: str
    at: datetime


def ask(
    connection: sa.Connection, edition_id: int, now: datetime, answer_by: datetime, link: str
) -> None:
    """Keep that an edition's question was put; asked again, the new one counts."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    values = {"asked_at": now, "answer_by": answer_by, "link": link}
    connection.execute(
        insert(question)
        .values(edition_id=edition_id, **values)
        .on_conflict_do_update(index_elements=[question.c.edition_id], set_=values)
    )


def question_of(connection: sa.Connection, edition_id: int) -> Question | None:
    """Return the question of an edition, if one was put."""
    row = connection.execute(sa.select(question).where(question.c.edition_id == edition_id)).first()
    return Question(row.asked_at, row.answer_by, row.link) if row else None


def let_pass(
    connection: sa.Connection,
    edition_id: int,
    audience_hash: str,
    *,
    by: str,
    via: str,
    reason: str,
    now: datetime,
) -> bool:
    """Keep that somebody let an edition's audience pass; False where somebody had."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    values = {"audience_hash": audience_hash, "by": by, "via": via, "reason": reason, "at": now}
    made = connection.execute(
        insert(audience_pass)
        .values(edition_id=edition_id, **values)
        .on_conflict_do_nothing()
        .returning(audience_pass.c.edition_id)
    )
    return made.scalar() is not None


def passed(connection: sa.Connection, edition_id: int, audience_hash: str) -> Pass | None:
    """Return who let exactly this audience pass, if anybody did."""
    row = connection.execute(
        sa.select(audience_pass).where(
            audience_pass.c.edition_id == edition_id,
            audience_pass.c.audience_hash == audience_hash,
        )
    ).first()
    return Pass(row.by, row.reason, row.at) if row else None
