"""Side messages, questions, deputies, audiences let pass, standing approvals withdrawn."""

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import BigId, count, key, ref, text, when

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for column in (when("withdrawn_at"), text("withdrawn_by"), text("withdrawn_reason")):
        op.add_column("standing_approval", column)
    _side_message()
    op.create_table(
        "question",
        sa.Column("edition_id", BigId, sa.ForeignKey("edition.id"), primary_key=True),
        when("asked_at", nullable=False),
        when("answer_by", nullable=False),
        text("link"),
    )
    op.create_table(
        "audience_pass",
        sa.Column("edition_id", BigId, sa.ForeignKey("edition.id"), primary_key=True),
        *(text(name) for name in ("audience_hash", "by", "via", "reason")),
        when("at", nullable=False),
    )
    op.create_table(
        "deputy",
        key(),
        *(text(name) for name in ("approver", "deputy")),
        when("since", nullable=False),
        when("until", nullable=False),
        *(text(name) for name in ("by", "via")),
        when("at", nullable=False),
        when("ended_at"),
        text("ended_by"),
    )
    op.create_index(op.f("ix_deputy_until"), "deputy", ["until"])


def _side_message() -> None:
    op.create_table(
        "side_message",
        key(),
        text("kind"),
        sa.Column("once", sa.Text, nullable=False),
        text("campaign"),
        ref("edition_id", "edition.id", nullable=True),
        count("variant"),
        *(text(name) for name in ("colleague", "by", "via")),
        text("state", server_default="claimed"),
        *(text(name) for name in ("reason", "message_id")),
        when("claimed_at", nullable=False),
        when("recorded_at"),
        text("became"),
        sa.UniqueConstraint("once", name="uq_side_message_once"),
    )
    op.create_index(op.f("ix_side_message_edition_id"), "side_message", ["edition_id"])
    op.create_index(op.f("ix_side_message_kind_claimed_at"), "side_message", ["kind", "claimed_at"])
