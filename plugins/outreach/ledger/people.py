"""Tables about people: organisations, contacts, pledges, bases, suppressions, imports."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.ledger.columns import count, flag, key, metadata, ref, text, when

organisation = sa.Table(
    "organisation",
    metadata,
    key(),
    sa.Column("ods_code", sa.Text, nullable=False, unique=True),
    text("name"),
    text("sector"),
    text("ics_area"),
    text("borough"),
    text("postcode"),
    text("pcn_code"),
    text("pcn_name"),
    text("subscriber_type", server_default="unknown"),
    when("updated_at", nullable=False),
)

contact = sa.Table(
    "contact",
    metadata,
    key(),
    # Null once erased; the hash stays, so that a re-import stays suppressed.
    sa.Column("email", sa.Text),
    sa.Column("address_hash", sa.LargeBinary(16), nullable=False, unique=True),
    sa.Column("domain_hash", sa.LargeBinary(16), nullable=False),
    text("first_name"),
    text("last_name"),
    text("job_role"),
    text("sector"),
    text("ics_area"),
    text("borough"),
    text("organisation_name"),
    text("ods_code"),
    ref("organisation_id", "organisation.id", nullable=True),
    text("source"),
    flag("tracking_consent"),
    when("created_at", nullable=False),
    when("updated_at", nullable=False),
    when("left_at"),
    when("erased_at"),
    sa.Index(None, "organisation_id"),
)

pledge = sa.Table(
    "pledge",
    metadata,
    key(),
    ref("contact_id", "contact.id", nullable=False),
    sa.Column("address_hash", sa.LargeBinary(16), nullable=False),
    when("pledged_at", nullable=False),
    text("kind", server_default="person"),
    text("source"),
    when("recorded_at", nullable=False),
    when("withdrawn_at"),
    sa.UniqueConstraint("address_hash", "pledged_at"),
    sa.Index(None, "contact_id"),
)

basis = sa.Table(
    "basis",
    metadata,
    key(),
    ref("contact_id", "contact.id", nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    text("evidence"),
    text("wording_version"),
    text("source"),
    when("recorded_at", nullable=False),
    when("withdrawn_at"),
    sa.UniqueConstraint("contact_id", "kind"),
)

suppression = sa.Table(
    "suppression",
    metadata,
    key(),
    # One of the two: a person's address, or a whole domain.
    sa.Column("address_hash", sa.LargeBinary(16)),
    sa.Column("domain_hash", sa.LargeBinary(16)),
    # "all", or one purpose.
    text("scope", server_default="all"),
    sa.Column("reason", sa.Text, nullable=False),
    text("detail"),
    text("origin"),
    when("created_at", nullable=False),
    when("lifted_at"),
    text("lifted_by"),
    text("lifted_reason"),
    sa.Index(None, "address_hash"),
    sa.Index(None, "domain_hash"),
)

import_ = sa.Table(
    "import",
    metadata,
    key(),
    text("source"),
    text("kind"),
    text("file_name"),
    text("file_hash"),
    text("state", server_default="running"),
    text("note"),
    when("started_at", nullable=False),
    when("finished_at"),
    count("rows_read"),
    count("accepted"),
    count("created"),
    count("changed"),
    count("unchanged"),
    count("quarantined"),
    sa.Index(None, "file_hash"),
)

quarantined_row = sa.Table(
    "quarantined_row",
    metadata,
    key(),
    ref("import_id", "import.id", nullable=False),
    sa.Column("row_number", sa.Integer, nullable=False),
    text("column_name"),
    text("reason"),
    text("advice"),
    # The whole row as it came, so that it can be corrected and dropped back in.
    sa.Column("row", sa.JSON, nullable=False),
    sa.Index(None, "import_id"),
)

resource = sa.Table(
    "resource",
    metadata,
    key(),
    sa.Column("resource_key", sa.Text, nullable=False, unique=True),
    text("title"),
    text("url"),
    text("summary"),
    text("sector"),
    text("ics_area"),
    when("published_at"),
    when("recorded_at", nullable=False),
)
