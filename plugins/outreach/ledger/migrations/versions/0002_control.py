"""Holds, notices, what the daily ceiling counts, and what a message was made with."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from outreach.ledger.columns import BigId, UTCDateTime, count, flag, text, when

revision = "0002"
down_revision = "0001"


def _added() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "campaign": (
            when("paused_at"),
            text("paused_by"),
            text("paused_reason"),
            when("judged_from"),
        ),
        "edition": (
            count("late_after_hours"),
            when("seen_at"),
            text("goal"),
            flag("capped"),
            sa.Column("again_of", BigId),
            sa.Column("provider_counts", sa.JSON()),
            when("provider_counts_at"),
            when("certified_at"),
        ),
        "batch": (text("link_base"), count("people")),
        "delivery": (when("recovered_at"),),
    }


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_batch_claimed_at", "batch", ["claimed_at"])
    for fact in ("complained_at", "bounced_at"):
        known = sa.text(f"{fact} IS NOT NULL")
        op.create_index(
            f"ix_delivery_campaign_id_{fact}",
            "delivery",
            ["campaign_id", fact],
            sqlite_where=known,
            postgresql_where=known,
        )
    _create_notice()


def _create_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("campaign_id", BigId, nullable=True),
        sa.Column("edition_id", BigId, nullable=True),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.Column("told", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=True),
        sa.Column("seen_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_notice_campaign_id")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_notice_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("once", name=op.f("uq_notice_once")),
    )
