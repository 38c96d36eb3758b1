"""Whom the campaigns that ship select: nobody too often, and each step at its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.clock import LONDON
from outreach.flows import editions
from outreach.flows.preparing import find_campaign
from outreach.flows.selecting import rule_of
from outreach.ledger.audience import select_candidates
from outreach.ledger.editions import delivery
from outreach.ledger.engine import reading
from outreach.ledger.people import pledge
from outreach.settings import ROOT
from outreach.workspace import Workspace
from tests.ledger.seeds import add_contact

ADA = "ada@example.org"


@pytest.fixture
def shipped(ws: Workspace) -> Workspace:
    folder = ROOT / "templates" / "campaigns"
    return replace(ws, settings=replace(ws.settings, campaigns=(folder,)))


def reached(ws: Workspace, slug: str, now: datetime) -> int:
    """How many people an edition that is prepared at `now` would be written to."""
    rule = rule_of(ws, find_campaign(ws, slug), None, day=now.astimezone(LONDON).date())
    with reading(ws.engine) as connection:
        found = select_candidates(connection, rule, f"{slug}@another", now)
        return sum(not person.why_not for person in found)


@pytest.mark.parametrize(("slug", "until"), [("pledge-invitation", 60), ("what-is-wres", None)])
def test_nobody_is_sent_the_same_text_too_soon_not_even_in_doubt(
    shipped: Workspace, slug: str, until: int | None
) -> None:
    with shipped.engine.begin() as connection:
        add_contact(connection, shipped.keys, ADA)
    now = datetime.now(UTC)
    assert reached(shipped, slug, now) == 1
    name = editions.prepare(shipped, slug, "first", by="amy", via="test").edition
    editions.check(shipped, name)
    editions.approve(shipped, name, by="lee", via="test")
    editions.send(shipped, name)
    for state in ("accepted", "unknown"):
        with shipped.engine.begin() as connection:
            connection.execute(sa.update(delivery).values(state=state))
        for days in (1, 59, 61, 400):
            again = int(until is not None and days > until)
            assert reached(shipped, slug, now + timedelta(days=days)) == again


@pytest.mark.parametrize("days", [7, 30, 180])
def test_each_step_of_the_journey_reaches_whoever_pledged_so_long_ago(
    shipped: Workspace, days: int
) -> None:
    due = datetime(2026, 11, 24, 14, tzinfo=LONDON).astimezone(UTC)
    with shipped.engine.begin() as connection:
        contact = add_contact(connection, shipped.keys, ADA)
        signed = due - timedelta(days=days)
        connection.execute(
            sa.insert(pledge).values(
                contact_id=contact,
                address_hash=shipped.keys.address_hash(ADA),
                pledged_at=signed,
                recorded_at=signed,
            )
        )
    for step in (7, 30, 180):
        assert reached(shipped, f"after-pledge-day-{step}", due) == int(step == days)
