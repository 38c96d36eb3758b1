"""Where a contact counts as working, and how a mailbox that several read is greeted."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.domain import Reader
from outreach.keys import Keys
from outreach.ledger.audience import select_candidates
from outreach.ledger.people import contact, organisation
from outreach.ledger.readers import reader
from outreach.ledger.views_people import contact_groups
from outreach.segments import Segment
from tests.ledger.seeds import EVERYONE, NOW, add_contact


@pytest.fixture
def people(engine: sa.Engine, keys: Keys) -> sa.Engine:
    """Three at one pharmacy in Camden: one says nothing of it, one says otherwise, one is a desk."""
    with engine.begin() as c:
        made = c.execute(
            sa.insert(organisation)
            .values(
                ods_code="FA111",
                name="Maple Pharmacy",
                sector="Community Pharmacy",
                ics_area="North Central London",
                borough="Camden",
                updated_at=NOW,
            )
            .returning(organisation.c.id)
        ).scalar_one()
        add_contact(c, keys, "silent@example.org", organisation_id=made)
        add_contact(c, keys, "says@example.org", organisation_id=made, borough="Enfield")
        add_contact(
            c,
            keys,
            "reception@example.org",
            organisation_id=made,
            first_name="Amara",
            last_name="Okafor",
            shared_mailbox=True,
        )
        add_contact(c, keys, "nowhere@example.org")
    return engine


def selected(engine: sa.Engine, **segment: tuple[str, ...]) -> dict[str, Reader]:
    rule = replace(EVERYONE, segment=Segment.of(**segment))  # type: ignore[arg-type]
    with engine.connect() as c:
        return {one.address: one.reader for one in select_candidates(c, rule, "one", NOW)}


def test_an_organisation_tells_what_its_people_do_not_say(people: sa.Engine) -> None:
    found = selected(people, boroughs=("Camden",), sectors=("Community Pharmacy",))
    assert set(found) == {"silent@example.org", "reception@example.org"}
    assert found["silent@example.org"].ics_area == "North Central London"
    assert set(selected(people, boroughs=("Enfield",))) == {"says@example.org"}


def test_it_is_read_and_never_written_to_the_contact(people: sa.Engine) -> None:
    selected(people)
    with people.connect() as c:
        assert set(c.execute(sa.select(contact.c.sector)).scalars()) == {""}


def test_totals_count_people_where_they_are_read(people: sa.Engine) -> None:
    with people.connect() as c:
        groups = {(g.sector, g.ics_area): g.people for g in contact_groups(c)}
    assert groups == {("Community Pharmacy", "North Central London"): 3, ("", ""): 1}


def test_a_shared_mailbox_is_greeted_by_nobodys_name(people: sa.Engine, keys: Keys) -> None:
    assert selected(people)["reception@example.org"].name == ""
    assert reader(people, keys.address_hash("reception@example.org")).name == ""
    assert reader(people, keys.address_hash("silent@example.org")).name == "silent"
