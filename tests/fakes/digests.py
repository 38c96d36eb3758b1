"""A deployment with a digest of its own, and small ways to fill it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from tests.flows.importing import WHO, table
from tests.ledger.seeds import add_contact

from outreach.domain import DeliveryState
from outreach.flows import editions
from outreach.flows.imports import import_file
from outreach.ledger import rechecks
from outreach.ledger.claimed import ClaimedPerson
from outreach.ledger.editions import batch, delivery, edition
from outreach.ledger.people import basis, contact, suppression
from outreach.ledger.resources import resource, variant_resource
from outreach.limits import NO_LIMITS
from outreach.records import ImportResult
from outreach.workspace import Workspace

SLUG = "news"
HEAD = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: What is new
preview: What is new.
trigger: new_resources
digest: {max: 3, min: 1, since_days: 90}
owner: amy
---
"""
LOOP = "{% for resource in resources %}\n## [{{ resource.title }}]({{ resource.url }})\n\n"
LOOP += "{% if resource.summary %}\n{{ resource.summary }}\n{% endif %}\n\n{% endfor %}\n"
BODY = f"Dear {{{{ contact.name or 'colleague' }}}},\n\n# News\n\n{LOOP}"
HEADINGS = ("Title", "Link", "Sector", "Area", "Published")
NCL, NEL = "North Central London", "North East London"


def with_digest(ws: Workspace, folder: Path, text: str = HEAD + BODY) -> Workspace:
    """Return the deployment with one campaign, a digest."""
    campaigns = folder / "campaigns"
    campaigns.mkdir(exist_ok=True)
    (campaigns / f"{SLUG}.md").write_text(text)
    return replace(ws, settings=replace(ws.settings, campaigns=(campaigns,)))


def days_ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


def new(name: str, sector: str = "", area: str = "", days: int = 1) -> tuple[str, ...]:
    """Return one row of a list of resources, called as its page is."""
    return (name, f"https://www.example.org/{name}", sector, area, days_ago(days))


def come_in(
    ws: Workspace, *rows: Sequence[str], headings: Sequence[str] = HEADINGS
) -> ImportResult:
    """Take rows in as a list of resources."""
    number = len(list(ws.settings.home.glob("list-*.csv")))
    file = table(ws.settings.home / f"list-{number}.csv", tuple(headings), *map(tuple, rows))
    return import_file(ws, file, "resources", source="news list", **WHO)


def add_reader(ws: Workspace, name: str, sector: str = "", area: str = "") -> None:
    with ws.engine.begin() as connection:
        add_contact(
            connection,
            ws.keys,
            f"{name}@example.org",
            first_name=name,
            sector=sector,
            ics_area=area,
        )


def prepare(ws: Workspace, occurrence: str) -> editions.Prepared:
    return editions.prepare(ws, SLUG, occurrence, by="amy", via="test")


def approved(ws: Workspace, occurrence: str) -> editions.Prepared:
    done = prepare(ws, occurrence)
    editions.approve(ws, done.edition, by="lee", via="airflow")
    return done


def sent(ws: Workspace, occurrence: str) -> dict[str, list[str]]:
    """Prepare, approve and send; return what each was brought."""
    done = approved(ws, occurrence)
    editions.send(ws, done.edition)
    assert editions.settle(ws, done.edition).balanced
    return brought(ws, done.edition)


def brought(ws: Workspace, name: str, state: str = "") -> dict[str, list[str]]:
    """Return reader -> titles in their order, as the ledger has it, of deliveries in a state."""
    found: dict[str, list[str]] = defaultdict(list)
    query = (
        sa.select(delivery.c.email, resource.c.title)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .join(variant_resource, variant_resource.c.variant_id == batch.c.variant_id)
        .join(resource, resource.c.id == variant_resource.c.resource_id)
        .where(edition.c.name == name, delivery.c.state.is_(None))
        .order_by(delivery.c.contact_id, variant_resource.c.place)
    )
    if state:
        query = query.where(batch.c.state == state)
    with ws.engine.connect() as connection:
        for email, title in connection.execute(query):
            found[email.partition("@")[0]].append(title)
    return dict(found)


def put(ws: Workspace, name: str, state: DeliveryState) -> None:
    """Have every batch of an edition be in a state, as if a sender had left it so."""
    chosen = sa.select(edition.c.id).where(edition.c.name == name).scalar_subquery()
    with ws.engine.begin() as connection:
        connection.execute(
            sa.update(batch).where(batch.c.edition_id == chosen).values(state=state.value)
        )


def deliveries(ws: Workspace, name: str) -> list[tuple[int, int]]:
    """Return (edition id, contact id) of an edition's deliveries."""
    query = sa.select(delivery.c.edition_id, delivery.c.contact_id)
    query = query.join(edition, edition.c.id == delivery.c.edition_id)
    with ws.engine.connect() as connection:
        return [(r[0], r[1]) for r in connection.execute(query.where(edition.c.name == name))]


def numbers(ws: Workspace) -> dict[str, int]:
    """Return title -> number of every resource."""
    with ws.engine.connect() as connection:
        rows = connection.execute(sa.select(resource.c.title, resource.c.id))
        return {row.title: row.id for row in rows}


def come_back(ws: Workspace, address: str) -> None:
    """Have an erased person be written to again, as if they had asked for it themselves."""
    hashed = ws.keys.address_hash(address)
    with ws.engine.begin() as connection:
        connection.execute(
            sa.update(contact)
            .where(contact.c.address_hash == hashed)
            .values(email=address, erased_at=None, sector="Dentistry")
        )
        connection.execute(
            sa.update(basis).values(withdrawn_at=None).where(basis.c.withdrawn_at.is_not(None))
        )
        connection.execute(sa.delete(suppression).where(suppression.c.address_hash == hashed))


@contextmanager
def half_claimed(ws: Workspace, name: str) -> Iterator[Sequence[ClaimedPerson]]:
    """Claim an edition's first batch, and commit at the end of the `with`."""
    now = datetime.now(UTC)
    chosen = sa.select(edition.c.id).where(edition.c.name == name).scalar_subquery()
    with ws.engine.begin() as connection:
        row = connection.execute(sa.select(batch).where(batch.c.edition_id == chosen)).first()
        assert row is not None
        people = rechecks.recheck(connection, row, lambda _: True, NO_LIMITS, now)
        claimed = {"state": DeliveryState.CLAIMED.value, "epoch": 1, "claimed_at": now}
        connection.execute(sa.update(batch).where(batch.c.id == row.id).values(**claimed))
        yield people


def forget_what_was_in(ws: Workspace, name: str) -> None:
    """Leave an edition as `recover` makes it again of the claim journal alone."""
    chosen = sa.select(edition.c.id).where(edition.c.name == name).scalar_subquery()
    lost = {
        "batch_id": None,
        "state": DeliveryState.UNKNOWN.value,
        "recovered_at": datetime.now(UTC),
    }
    with ws.engine.begin() as connection:
        connection.execute(sa.delete(variant_resource))
        connection.execute(
            sa.update(delivery).where(delivery.c.edition_id == chosen).values(**lost)
        )
