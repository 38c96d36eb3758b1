"""Tables about people: organisations, contacts, pledges, bases, suppressions, imports."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.ledger.columns import BigId, count, flag, key, metadata, ref, text, when

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
    # Who set the type by hand, and why: an import does not undo it.
    text("type_set_by"),
    text("type_reason"),
    when("type_set_at"),
    # Since when it has been in its Primary Care Network.
    when("pcn_since"),
    # The name as matching compares it.
    text("name_key"),
    when("opened_at"),
    when("closed_at"),
    when("updated_at", nullable=False),
    sa.Index(None, "name_key"),
    sa.Index(None, "postcode"),
    sa.Index(None, "pcn_code"),
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
    text("organisation_postcode"),
    ref("organisation_id", "organisation.id", nullable=True),
    # How the organisation is known: "code", "name", "settled" (by a person), "" where it is not.
    text("organisation_how"),
    text("source"),
    flag("tracking_consent"),
    # info@, reception@: read by several people.
    flag("shared_mailbox"),
    when("created_at", nullable=False),
    when("updated_at", nullable=False),
    when("left_at"),
    when("erased_at"),
    # Those of one organisation, 4,096 people after the other: see `working_at`.
    sa.Index(
        "ix_contact_organisation",
        sa.text("(id >> 12)"),
        "organisation_id",
        sqlite_where=sa.text("organisation_id IS NOT NULL"),
        postgresql_where=sa.text("organisation_id IS NOT NULL"),
    ),
)

pledge = sa.Table(
    "pledge",
    metadata,
    key(),
    ref("contact_id", "contact.id", nullable=False),
    sa.Column("address_hash", sa.LargeBinary(16), nullable=False),
    when("pledged_at", nullable=False),
    text("kind", server_default="person"),
    # A later pledge of someone whose earlier one stands.
    flag("renewal"),
    text("source"),
    sa.Column("import_id", BigId),
    when("recorded_at", nullable=False),
    when("withdrawn_at"),
    text("withdrawn_by"),
    text("withdrawn_reason"),
    sa.UniqueConstraint("address_hash", "pledged_at"),
    sa.Index(None, "contact_id"),
)

basis = sa.Table(
    "basis",
    metadata,
    key(),
    ref("contact_id", "contact.id", nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    # The one purpose it is for; empty: every purpose that its kind allows.
    text("purpose"),
    text("evidence"),
    text("wording_version"),
    text("source"),
    # When the person gave it, where the source says so.
    when("given_at"),
    when("recorded_at", nullable=False),
    when("withdrawn_at"),
    text("withdrawn_by"),
    text("withdrawn_reason"),
    sa.UniqueConstraint("contact_id", "kind", "purpose"),
)

statement = sa.Table(
    # What one source said of one contact, and when: the history that merging works from.
    "statement",
    metadata,
    key(),
    ref("contact_id", "contact.id", nullable=False),
    text("source"),
    sa.Column("import_id", BigId),
    when("stated_at", nullable=False),
    # Field -> text, as JSON.
    text("said"),
    # Set once the same source says something else.
    when("replaced_at"),
    sa.Index(None, "contact_id"),
)

tracking_choice = sa.Table(
    # Consent to count a person's own clicks, apart from consent to mail: each choice made.
    "tracking_choice",
    metadata,
    key(),
    ref("contact_id", "contact.id", nullable=False),
    flag("given"),
    text("evidence"),
    text("wording_version"),
    text("source"),
    when("at", nullable=False),
    sa.Index(None, "contact_id"),
)

organisation_match = sa.Table(
    # What people call an organisation, and which one is meant.
    "organisation_match",
    metadata,
    key(),
    text("name"),
    text("name_key"),
    text("postcode"),
    # matched | doubtful | unknown | settled | none (a person says it is none of them)
    text("state"),
    ref("organisation_id", "organisation.id", nullable=True),
    # [[organisation id, likeness from 0 to 100], ...], the likeliest first.
    sa.Column("candidates", sa.JSON, nullable=False, server_default="[]"),
    # How many contacts say it.
    count("people"),
    when("judged_at", nullable=False),
    when("settled_at"),
    text("settled_by"),
    text("settled_reason"),
    sa.UniqueConstraint("name_key", "postcode"),
    sa.Index(None, "state"),
)

erasure = sa.Table(
    # Proof of an erasure: when, by whom, how many rows and files of each place; no address.
    "erasure",
    metadata,
    key(),
    sa.Column("address_hash", sa.LargeBinary(16), nullable=False),
    when("at", nullable=False),
    text("by"),
    text("via"),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Index(None, "address_hash"),
)

retention_run = sa.Table(
    # What a retention rule found, and removed unless it only looked.
    "retention_run",
    metadata,
    key(),
    when("at", nullable=False),
    text("by"),
    text("via"),
    flag("dry_run"),
    sa.Column("counts", sa.JSON, nullable=False),
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
    # Who suppressed by hand, and which import brought it.
    text("by"),
    sa.Column("import_id", BigId),
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
    when("file_modified_at"),
    text("by"),
    text("via"),
    # The import whose quarantined rows this file mends.
    sa.Column("corrects_id", BigId),
    text("state", server_default="running"),
    text("note"),
    when("started_at", nullable=False),
    # When its last rows went in: one that is running and has been silent for long is dead.
    when("progress_at"),
    when("finished_at"),
    count("rows_read"),
    count("accepted"),
    count("created"),
    count("changed"),
    count("unchanged"),
    count("quarantined"),
    count("new_pledges"),
    # How many rows the file has: known before the first is taken.
    count("rows_total"),
    # How the columns were read, for a sheet of its rows that was mended.
    sa.Column("how", sa.JSON, nullable=False, server_default="{}"),
    # Reason -> quarantined rows; stays when the rows themselves are forgotten.
    sa.Column("reasons", sa.JSON, nullable=False, server_default="{}"),
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
    # The import that took the row once it was mended.
    sa.Column("mended_by", BigId),
    sa.Index(None, "import_id"),
)
