"""The floor under any hand-over: the same requests, made beforehand, and two writes for each.

It starts from a copy of the same ledger, taken while everything of the edition was planned. It
posts ready bytes over one connection, and for each batch commits that it was claimed and that it
was accepted. It checks nobody, keeps no journal, and makes nothing.
"""

from __future__ import annotations

import http.client
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import sqlalchemy as sa

from bench.handover_peers import Outgoing, batches_of
from outreach.ledger import edition_store
from outreach.ledger.editions import batch
from outreach.ledger.engine import open_engine
from outreach.providers.base import Handover
from outreach.providers.sendgrid_payload import payload
from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Ready:
    """One request: the batch that it is for, and its body."""

    batch_id: int
    body: bytes


@contextmanager
def copied(ws: Workspace, name: str) -> Iterator[sa.Engine]:
    """Lend a copy of the ledger as it stands, called `name`."""
    url = ws.engine.url
    if url.get_backend_name() == "sqlite":
        file = f"{url.database}.{name}"
        with sqlite3.connect(str(url.database)) as here, sqlite3.connect(file) as there:
            here.backup(there)
        copy = open_engine(f"sqlite:///{file}")
    else:
        # The server copies no database to which somebody is connected.
        ws.engine.dispose()
        made = f"{url.database}_{name}".replace("-", "_")
        admin = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {made} TEMPLATE {url.database}"))
        admin.dispose()
        copy = open_engine(url.set(database=made).render_as_string(hide_password=False))
    try:
        yield copy
    finally:
        copy.dispose()


def baked(ws: Workspace, edition: str, people: list[Outgoing]) -> list[Ready]:
    """Return the requests of a prepared edition, in the order of its batches."""
    with ws.engine.connect() as connection:
        record = edition_store.get(connection, edition)
        numbers = connection.execute(
            sa.select(batch.c.id).where(batch.c.edition_id == record.id).order_by(batch.c.number)
        ).scalars()
        return [
            Ready(batch_id, payload(_handover(record, some)))
            for batch_id, some in zip(numbers, batches_of(people), strict=True)
        ]


def _handover(record: edition_store.EditionRecord, some: list[Outgoing]) -> Handover:
    return Handover(
        reference="prebaked",
        campaign=record.campaign,
        occurrence=record.occurrence,
        sender=record.sender,
        reply_to=record.reply_to,
        content=some[0].content,
        recipients=tuple(one.recipient for one in some),
        at=datetime.now(UTC),
    )


def post(address: str, ledger: sa.Engine, requests: list[Ready]) -> None:
    """Post every request, each noted in the ledger before and after."""
    there = urlsplit(address)
    connection = http.client.HTTPConnection(str(there.hostname), there.port)
    headers = {"Authorization": "Bearer SG.benchmark", "Content-Type": "application/json"}
    for one in requests:
        _note(ledger, one.batch_id, state="claimed")
        connection.request("POST", "/v3/mail/send", one.body, headers)
        reply = connection.getresponse()
        reply.read()
        _note(ledger, one.batch_id, state="accepted", message_id=reply.headers["X-Message-Id"])
    connection.close()


def _note(ledger: sa.Engine, batch_id: int, **values: str) -> None:
    with ledger.begin() as connection:
        connection.execute(sa.update(batch).where(batch.c.id == batch_id).values(**values))
