"""Tables about agreeing an edition: who was told and asked, deputies, passes, uncounted mail."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.ledger.columns import BigId, count, key, metadata, ref, text, when

side_message = sa.Table(
    "side_message",
    metadata,
    # Mail to a colleague about an edition: a test, a copy, a question. Never a delivery.
    key(),
    text("kind"),
    # The same message is handed over once: kind, what it is about, and to whom.
    sa.Column("once", sa.Text, nullable=False, unique=True),
    text("campaign"),
    ref("edition_id", "edition.id", nullable=True),
    count("variant"),
    # The colleague's id in hub.yaml; an address never stands here.
    text("colleague"),
    text("by"),
    text("via"),
    text("state", server_default="claimed"),
    text("reason"),
    text("message_id"),
    when("claimed_at", nullable=False),
    when("recorded_at"),
    # What an event said became of it.
    text("became"),
    sa.Index(None, "edition_id"),
    sa.Index(None, "kind", "claimed_at"),
)

question = sa.Table(
    "question",
    metadata,
    # The question of one edition as it stands under Required Actions.
    sa.Column("edition_id", BigId, sa.ForeignKey("edition.id"), primary_key=True),
    when("asked_at", nullable=False),
    when("answer_by", nullable=False),
    text("link"),
)

audience_pass = sa.Table(
    "audience_pass",
    metadata,
    # Who let an audience pass that had moved further than the campaign's limit.
    sa.Column("edition_id", BigId, sa.ForeignKey("edition.id"), primary_key=True),
    text("audience_hash"),
    text("by"),
    text("via"),
    text("reason"),
    when("at", nullable=False),
)

deputy = sa.Table(
    "deputy",
    metadata,
    key(),
    text("approver"),
    text("deputy"),
    when("since", nullable=False),
    when("until", nullable=False),
    text("by"),
    text("via"),
    when("at", nullable=False),
    when("ended_at"),
    text("ended_by"),
    sa.Index(None, "until"),
)
