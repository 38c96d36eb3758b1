"""The project's own database, and the only place with SQL."""
