"""Alembic's entry: migrate over the connection that `ledger.migrate` hands in."""

from alembic import context

from outreach.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=False,
)
context.run_migrations()
