"""What the public app may do in a PostgreSQL ledger, as a role of its own: these columns only.

The app faces the internet. As this role it can neither read addresses and names of contacts,
nor lift a suppression, nor learn what a campaign is about to do.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from outreach.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege on columns of a table. INSERT also lends the table's own numbering."""

    privilege: str
    table: str
    columns: str


PUBLIC: tuple[Grant, ...] = (
    # Opening the ledger.
    Grant("SELECT", "alembic_version", "version_num"),
    Grant("SELECT", "fact", "name value"),
    # The event webhook.
    Grant("SELECT", "raw_event", "id"),
    Grant("INSERT", "raw_event", "provider received_at body"),
    # Unsubscribing, and who is in flight meanwhile.
    Grant("SELECT", "contact", "id address_hash domain_hash erased_at tracking_consent"),
    Grant("SELECT", "suppression", "id address_hash domain_hash reason scope lifted_at"),
    Grant("INSERT", "suppression", "address_hash scope reason detail origin created_at"),
    Grant("UPDATE", "delivery", "crossed_at unsubscribed_at"),
    # Choices of one reader.
    Grant("UPDATE", "contact", "tracking_consent updated_at"),
    Grant("SELECT", "tracking_choice", "id"),
    Grant("INSERT", "tracking_choice", "contact_id given evidence wording_version source at"),
    Grant("SELECT", "basis", "id contact_id kind purpose withdrawn_at"),
    Grant("UPDATE", "basis", "withdrawn_at withdrawn_by withdrawn_reason"),
    Grant("INSERT", "basis", "contact_id kind purpose evidence wording_version source given_at"
          " recorded_at withdrawn_at withdrawn_by withdrawn_reason"),
    # Viewing one message in the browser.
    Grant("SELECT", "delivery", "edition_id contact_id address_hash batch_id state reason email"
          " slot_values crossed_at unsubscribed_at recovered_at"),
    Grant("SELECT", "batch", "id edition_id variant_id number state reason token_kid link_base"
          " claimed_at message_id"),
    Grant("SELECT", "edition", "id name format"),
    Grant("SELECT", "variant", "id content"),
    # The images of editions.
    Grant("SELECT", "asset", "name kind bytes"),
    # Waiting for a claim in progress takes the right to write something there.
    Grant("UPDATE", "batch", "people"),
)  # fmt: skip


def grant_public(connection: sa.Connection, role: str) -> None:
    """Give a role what the public app needs, and take everything else from it.

    Raises ConfigError on SQLite, for a role that is not there, and for the ledger's own.
    """
    if connection.dialect.name != "postgresql":
        raise ConfigError("only PostgreSQL has roles; on SQLite the public app opens the same file")
    known = connection.execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": role})
    if known.first() is None:
        raise ConfigError(
            f"there is no database role {role}; make it first: "
            f"CREATE ROLE {role} LOGIN PASSWORD '…'"
        )
    owner = connection.execute(sa.text("SELECT current_user")).scalar()
    if owner == role:
        raise ConfigError(f"{role} owns the ledger and may do everything; name another role")
    quoted = connection.dialect.identifier_preparer.quote(role)
    for kind in ("TABLES", "SEQUENCES"):
        _run(connection, f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM {quoted}")
    _run(connection, f"GRANT USAGE ON SCHEMA public TO {quoted}")
    for one in PUBLIC:
        for statement in statements(connection, one, quoted):
            _run(connection, statement)


def statements(connection: sa.Connection, one: Grant, role: str) -> list[str]:
    """Return the SQL that gives one privilege to a role, its name quoted as it has to be."""
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column) for column in one.columns.split())
    table = quote(one.table)
    found = [f"GRANT {one.privilege} ({columns}) ON {table} TO {role}"]
    if one.privilege == "INSERT":
        asked = sa.select(sa.func.pg_get_serial_sequence(one.table, "id"))
        sequence = connection.execute(asked).scalar()
        found.append(f"GRANT USAGE ON SEQUENCE {sequence} TO {role}")
    return found


def _run(connection: sa.Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
