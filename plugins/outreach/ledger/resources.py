"""Tables about resources: what is known of them, and which variants of a digest carried them."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.ledger.columns import BigId, count, key, metadata, ref, text, when

resource = sa.Table(
    "resource",
    metadata,
    key(),
    sa.Column("resource_key", sa.Text, nullable=False, unique=True),
    text("title"),
    text("url"),
    text("summary"),
    text("kind"),
    # Whom it is for; an empty list is everybody.
    sa.Column("sectors", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("ics_areas", sa.JSON, nullable=False, server_default="[]"),
    text("source"),
    when("published_at"),
    when("recorded_at", nullable=False),
    # Set while it goes in no digest: by a person, or by its source.
    when("withdrawn_at"),
    text("withdrawn_by"),
    text("withdrawn_reason"),
)

resource_name = sa.Table(
    # Every key and every page that a resource was ever known by: what comes in under one of them
    # is that resource.
    "resource_name",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    ref("resource_id", "resource.id", nullable=False),
    sa.Index(None, "resource_id"),
)

variant_resource = sa.Table(
    # What a variant carries, and with it each delivery of it.
    "variant_resource",
    metadata,
    sa.Column("variant_id", BigId, sa.ForeignKey("variant.id"), primary_key=True),
    sa.Column("resource_id", BigId, sa.ForeignKey("resource.id"), primary_key=True),
    count("place"),
    sa.Index(None, "resource_id"),
)
