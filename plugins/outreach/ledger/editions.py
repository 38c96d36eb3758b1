"""Tables about editions: campaign versions, variants, batches, deliveries, events, audit."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.ledger.columns import BigId, count, flag, key, metadata, ref, text, when

campaign = sa.Table(
    "campaign",
    metadata,
    key(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    # Set while none of its editions may be claimed: by a person, or by too many complaints.
    when("paused_at"),
    text("paused_by"),
    text("paused_reason"),
    # Complaints and bounces before this have been judged by a person who let it go on.
    when("judged_from"),
)

campaign_version = sa.Table(
    "campaign_version",
    metadata,
    key(),
    ref("campaign_id", "campaign.id", nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    text("source"),
    when("loaded_at", nullable=False),
    sa.UniqueConstraint("campaign_id", "content_hash"),
)

standing_approval = sa.Table(
    "standing_approval",
    metadata,
    key(),
    ref("campaign_id", "campaign.id", nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    text("approved_by"),
    when("approved_at", nullable=False),
    when("withdrawn_at"),
    text("withdrawn_by"),
    text("withdrawn_reason"),
    sa.UniqueConstraint("campaign_id", "content_hash"),
)

edition = sa.Table(
    "edition",
    metadata,
    key(),
    ref("campaign_id", "campaign.id", nullable=False),
    sa.Column("occurrence", sa.Text, nullable=False),
    # The name people and scripts use: "<slug>@<occurrence>".
    sa.Column("name", sa.Text, nullable=False, unique=True),
    ref("version_id", "campaign_version.id", nullable=True),
    text("title"),
    text("purpose"),
    text("provider"),
    sa.Column("batch_size", sa.Integer, nullable=False, server_default="1"),
    sa.Column("sender", sa.JSON, nullable=False),
    sa.Column("reply_to", sa.JSON),
    text("owner"),
    sa.Column("format", sa.Integer, nullable=False, server_default="1"),
    text("state", server_default="prepared"),
    text("control", server_default="run"),
    text("control_reason"),
    text("content_hash"),
    text("audience_hash"),
    text("approval_hash"),
    text("segment"),
    # Frozen at prepare: the certificate must add up to `intended`.
    count("intended"),
    count("excluded"),
    # Printed expression -> how many people it is empty for.
    sa.Column("missing", sa.JSON),
    sa.Column("faults", sa.JSON),
    text("created_by"),
    when("created_at", nullable=False),
    when("checked_at"),
    text("approved_by"),
    text("approved_via"),
    when("approved_at"),
    when("send_at"),
    when("late_after"),
    # Hours an edition may be late, or stand still, before it waits for a person; 0: no limit.
    count("late_after_hours"),
    when("started_at"),
    # When a sender last looked at it: one that nobody looked at for hours does not just go on.
    when("seen_at"),
    when("finished_at"),
    # What ends the need for it: "pledged", or '' for nothing.
    text("goal"),
    # Whether the hub's limit of emails per person applies.
    flag("capped"),
    # What its segment asks about earlier sends, in the segment language; '' for nothing.
    text("asks"),
    # Whether its variants carry resources, which nobody is told of twice.
    flag("digest"),
    # The edition whose settled deliveries a person ordered to be sent again.
    sa.Column("again_of", BigId),
    # The edition that it follows up, and whom of it: "accepted" or "failed".
    sa.Column("follows", BigId),
    text("follows_to"),
    # What the provider itself counts for this edition, as last asked.
    sa.Column("provider_counts", sa.JSON),
    when("provider_counts_at"),
    sa.Column("certificate", sa.JSON),
    when("certified_at"),
    sa.UniqueConstraint("campaign_id", "occurrence"),
)

variant = sa.Table(
    "variant",
    metadata,
    key(),
    ref("edition_id", "edition.id", nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    text("label"),
    # Which arm of its campaign it is, where that has arms.
    text("arm"),
    sa.Column("content", sa.JSON, nullable=False),
    count("size"),
    sa.UniqueConstraint("edition_id", "number"),
)

batch = sa.Table(
    "batch",
    metadata,
    key(),
    ref("edition_id", "edition.id", nullable=False),
    ref("variant_id", "variant.id", nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    count("size"),
    # The domain with a rate of its own that all its people are at; '' where it was sorted by none.
    text("gateway"),
    text("state", server_default="planned"),
    text("reason"),
    text("message_id"),
    # Fencing: each claim raises it, and only its holder may record an outcome.
    count("epoch"),
    count("attempts"),
    text("sender"),
    # What the links of its messages were made with, so that they can be made again.
    text("token_kid"),
    text("link_base"),
    # How many people the last claim took.
    count("people"),
    when("claimed_at"),
    when("lease_until"),
    when("recorded_at"),
    when("not_before"),
    sa.UniqueConstraint("edition_id", "number"),
    sa.Index(None, "edition_id", "state"),
    sa.Index(None, "claimed_at"),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("edition_id", BigId, sa.ForeignKey("edition.id"), primary_key=True),
    sa.Column("contact_id", BigId, sa.ForeignKey("contact.id"), primary_key=True),
    sa.Column("campaign_id", BigId, nullable=False),
    sa.Column("address_hash", sa.LargeBinary(16), nullable=False),
    sa.Column("occasion", sa.Text, nullable=False),
    # Frozen address and slot values; null once erased.
    sa.Column("email", sa.Text),
    sa.Column("slot_values", sa.JSON),
    ref("batch_id", "batch.id", nullable=True),
    # Null: as its batch. Set only where it differs (see `state_of` in queries).
    sa.Column("state", sa.Text),
    text("reason"),
    when("delivered_at"),
    when("bounced_at"),
    when("opened_at"),
    when("machine_opened_at"),
    when("clicked_at"),
    when("machine_clicked_at"),
    when("complained_at"),
    when("unsubscribed_at"),
    when("crossed_at"),
    # Set where only the claim journal knew that it had been claimed, and not with what.
    when("recovered_at"),
    sa.UniqueConstraint("campaign_id", "address_hash", "occasion"),
    sa.Index(None, "batch_id"),
    sa.Index(None, "contact_id"),
)

for _fact in (delivery.c.complained_at, delivery.c.bounced_at):
    # Few rows have one: whoever watches a campaign reads only those.
    sa.Index(
        None,
        delivery.c.campaign_id,
        _fact,
        sqlite_where=_fact.is_not(None),
        postgresql_where=_fact.is_not(None),
    )

sa.Index(
    None,
    delivery.c.recovered_at,
    sqlite_where=delivery.c.recovered_at.is_not(None),
    postgresql_where=delivery.c.recovered_at.is_not(None),
)

exclusion = sa.Table(
    "exclusion",
    metadata,
    # Contacts outside the audience, each with its reason: who did not get it, and why.
    sa.Column("edition_id", BigId, sa.ForeignKey("edition.id"), primary_key=True),
    sa.Column("contact_id", BigId, sa.ForeignKey("contact.id"), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
)

raw_event = sa.Table(
    "raw_event",
    metadata,
    key(),
    text("provider"),
    when("received_at", nullable=False),
    sa.Column("body", sa.LargeBinary),
    when("drained_at"),
    count("events"),
    count("added"),
    sa.Column("faults", sa.JSON),
    sa.Index(None, "drained_at"),
)

event = sa.Table(
    "event",
    metadata,
    key(),
    # Null while the delivery is not known to this ledger.
    sa.Column("edition_id", BigId),
    sa.Column("contact_id", BigId),
    sa.Column("type", sa.Text, nullable=False),
    when("occurred_at", nullable=False),
    text("link"),
    # Hash of (delivery, type, time, link): the same fact under a new provider id is one event.
    sa.Column("fact_key", sa.LargeBinary(16), nullable=False, unique=True),
    text("fingerprint"),
    text("provider_word"),
    text("reason"),
    flag("machine"),
    flag("simulated"),
    when("recorded_at", nullable=False),
    ref("raw_event_id", "raw_event.id", nullable=True),
    sa.Index(None, "edition_id", "contact_id"),
    sa.Index(None, "fingerprint"),
)

notice = sa.Table(
    "notice",
    metadata,
    key(),
    when("at", nullable=False),
    text("kind"),
    ref("campaign_id", "campaign.id", nullable=True),
    ref("edition_id", "edition.id", nullable=True),
    text("text"),
    text("owner"),
    # The same notice is given once: kind, what it is about, and the day or the order.
    sa.Column("once", sa.Text, nullable=False, unique=True),
    when("told_at"),
    text("told"),
    when("seen_at"),
    text("seen_by"),
)

audit = sa.Table(
    "audit",
    metadata,
    key(),
    when("at", nullable=False),
    text("who"),
    text("via"),
    text("action"),
    text("subject"),
    text("detail"),
)

fact = sa.Table(
    "fact",
    metadata,
    # Ledger-wide settings that must live with the data: ledger id, global stop, address key check.
    sa.Column("name", sa.Text, primary_key=True),
    text("value"),
    when("at", nullable=False),
)
