"""How many a rule selects, and why some are not written to, counted as preparing would find it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.keys import Keys
from outreach.ledger.audience import Rule, select_candidates
from outreach.ledger.caps import Cap
from outreach.ledger.people import basis, contact, suppression
from outreach.ledger.segment_counts import sample, tally
from outreach.segments import Segment, parse
from tests.ledger.seeds import make_edition
from tests.segments.world import NOW, people, store

MARKETING = Purpose.DIRECT_MARKETING


@pytest.fixture
def lived(engine: sa.Engine) -> sa.Engine:
    """The world, with grounds to write to most of it."""
    with engine.begin() as connection:
        store(connection, people())
        for number in range(1, 50):
            values = {"contact_id": number, "kind": "public_task", "recorded_at": NOW}
            connection.execute(sa.insert(basis).values(**values))
        key = (3).to_bytes(16, "big")
        connection.execute(
            sa.insert(suppression).values(address_hash=key, reason="objected", created_at=NOW)
        )
        gone = sa.update(contact).where(contact.c.id == 5)
        connection.execute(gone.values(erased_at=NOW, email=None))
        if engine.dialect.name == "postgresql":
            for table in ("campaign", "edition", "variant", "batch"):
                connection.execute(sa.text(f"SELECT setval('{table}_id_seq', 100000)"))
    return engine


def rules() -> list[Rule]:
    usual = Rule("news", Purpose.PUBLIC_TASK, Segment())
    some = Segment(parse('sector in ("Dentistry", "Optometry") or not pledged'))
    return [
        usual,
        replace(usual, segment=some, goal="pledged"),
        replace(usual, purpose=MARKETING, segment=some, capped=True, cap=Cap(2, 30)),
        replace(usual, slug="thanks", segment=Segment(parse("pledged")), per_pledge=True),
    ]


def test_the_tally_is_what_preparing_would_find(lived: sa.Engine, keys: Keys) -> None:
    make_edition(lived, rule=rules()[3])
    with lived.connect() as connection:
        for rule in rules():
            found = tally(connection, rule, rule.purpose, NOW)
            each = Counter(one.why_not for one in select_candidates(connection, rule, "x", NOW))
            assert (found.selected, found.written_to) == (each.total(), each[""])
            assert found.why_not == {why: n for why, n in each.items() if why}


def test_a_sample_is_of_those_selected_and_the_same_each_time(lived: sa.Engine) -> None:
    rule = rules()[1]
    with lived.connect() as connection:
        ids = {one.contact_id: one for one in select_candidates(connection, rule, "x", NOW)}
        some = sample(connection, rule, rule.purpose, NOW, 7)
        assert some == sample(connection, rule, rule.purpose, NOW, 7)
        assert len(some) == 7
        for one in some:
            reader = ids[one.id].reader
            assert (one.sector, one.borough) == (reader.sector, reader.borough)
