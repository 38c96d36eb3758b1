"""New pledges are announced once, and never lost to an import that died."""

from __future__ import annotations

import sqlalchemy as sa

from outreach.keys import Keys
from outreach.ledger.announcing import announced, unannounced
from tests.ledger.seeds import NOW, add_contact, add_pledge


def test_pledges_stay_unannounced_until_it_is_noted(engine: sa.Engine, keys: Keys) -> None:
    with engine.begin() as c:
        assert unannounced(c).number == 0
        for name in ("amy", "bob"):
            made = add_contact(c, keys, f"{name}@example.org")
            add_pledge(c, keys, made, f"{name}@example.org", 1)
        found = unannounced(c)
        assert found.number == 2
        assert unannounced(c) == found
        announced(c, found.watermark, NOW)
        assert unannounced(c).number == 0
        add_pledge(c, keys, made, "bob@example.org", 0)
        assert unannounced(c).number == 1
        announced(c, 0, NOW)
        assert unannounced(c).number == 1


def test_new_contacts_are_counted_apart_from_new_pledges(engine: sa.Engine, keys: Keys) -> None:
    with engine.begin() as c:
        add_contact(c, keys, "amy@example.org")
        found = unannounced(c, "contacts")
        assert (found.number, unannounced(c, "pledges").number) == (1, 0)
        announced(c, found.watermark, NOW, "contacts")
        assert unannounced(c, "contacts").number == 0
        assert unannounced(c, "resources").number == 0
