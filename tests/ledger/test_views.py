"""What the staff pages read is what the ledger's rows say, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState as S
from outreach.domain import EditionState
from outreach.errors import NotFound
from outreach.keys import Keys
from outreach.ledger import views, views_deliveries, views_people
from outreach.ledger.editions import delivery
from outreach.ledger.engine import reading
from tests.staff_seed import SENT_AT, WAITING, WRES, seed


@pytest.fixture
def seeded(engine: sa.Engine, keys: Keys) -> sa.Engine:
    seed(engine, keys)
    return engine


def test_a_delivery_stands_as_its_batch_unless_it_says_otherwise(seeded: sa.Engine) -> None:
    with reading(seeded) as c:
        counts = views.state_counts(c, [1, 2])
    assert counts[1] == {
        S.DELIVERED: 2,
        S.BOUNCED: 1,
        S.ACCEPTED: 1,
        S.FAILED: 1,
        S.UNKNOWN: 2,
        S.PLANNED: 2,
        S.SUPPRESSED: 1,
    }
    assert counts[2] == {}


def test_editions_come_newest_first_and_by_campaign(seeded: sa.Engine) -> None:
    with reading(seeded) as c:
        assert [row.name for row in views.editions(c, limit=10)] == [WAITING, WRES]
        assert [row.name for row in views.editions(c, slug="what-is-wres", limit=10)] == [WRES]
        assert views.edition_count(c) == 2
        assert views.edition_count(c, slug="what-is-wres") == 1
        assert views.latest_by_campaign(c)["what-is-wres"].state is EditionState.SENDING
        assert [row.name for row in views.open_editions(c)] == [WAITING, WRES]


def test_an_edition_that_does_not_exist_is_not_found(seeded: sa.Engine) -> None:
    with reading(seeded) as c, pytest.raises(NotFound, match="no edition called 'nothing@x'"):
        views.edition_named(c, "nothing@x")


def test_doubts_are_counted_from_batches_and_from_single_deliveries(seeded: sa.Engine) -> None:
    with seeded.begin() as c:
        c.execute(sa.update(delivery).where(delivery.c.contact_id == 4).values(state="unknown"))
        c.execute(sa.update(delivery).where(delivery.c.contact_id == 6).values(state="delivered"))
    with reading(seeded) as c:
        assert views.doubts(c) == {WRES: 2}


def test_deliveries_are_paged_and_filtered_by_effective_state(seeded: sa.Engine) -> None:
    with reading(seeded) as c:
        every = views_deliveries.deliveries(c, 1, limit=4, offset=8)
        unknown = views_deliveries.deliveries(c, 1, state=S.UNKNOWN, limit=50)
    assert [row.contact_id for row in every] == [9, 10]
    assert [(row.contact_id, row.reason) for row in unknown] == [
        (6, "the reply was lost"),
        (7, "the reply was lost"),
    ]


def test_only_an_accepted_delivery_has_a_message_id_and_a_time(seeded: sa.Engine) -> None:
    with reading(seeded) as c:
        rows = {row.contact_id: row for row in views_deliveries.deliveries(c, 1, limit=50)}
    assert (rows[1].message_id, rows[1].accepted_at) == ("msg-1", SENT_AT)
    assert (rows[5].message_id, rows[5].accepted_at) == ("", None)
    assert (rows[10].variant, rows[10].state) == (0, S.SUPPRESSED)


def test_an_export_reads_every_delivery_once_however_many_reads_it_takes(
    seeded: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views_deliveries, "_CHUNK", 3)
    found = [row.contact_id for row in views_deliveries.all_deliveries(seeded, 1)]
    assert found == list(range(1, 11))
    assert [row.type for row in views_deliveries.all_events(seeded, None)] == [
        "delivered",
        "opened",
    ]


def test_a_variant_comes_with_one_readers_frozen_values(seeded: sa.Engine) -> None:
    with reading(seeded) as c:
        found = views_deliveries.frozen_variant(c, 1, 2)
        assert (found.contact_id, found.values) == (6, ("", "", "Amina"))
        assert [v.people for v in views_deliveries.variants(c, 1)] == [6, 4]
        with pytest.raises(NotFound, match="no variant 9"):
            views_deliveries.frozen_variant(c, 1, 9)


def test_an_erased_reader_is_never_the_example_of_a_variant(seeded: sa.Engine) -> None:
    with seeded.begin() as c:
        c.execute(
            sa.update(delivery)
            .where(delivery.c.contact_id == 6)
            .values(email=None, slot_values=sa.null())
        )
    with reading(seeded) as c:
        assert views_deliveries.frozen_variant(c, 1, 2).contact_id == 7


def test_every_contact_is_counted_once_with_its_reason(seeded: sa.Engine) -> None:
    with reading(seeded) as c:
        groups = views_people.contact_groups(c)
        assert views_people.pledged_contacts(c) == 3
    assert sum(group.people for group in groups) == 12
    reasons = {group.reason for group in groups}
    assert reasons == {"", "no basis", "unsubscribed"}


def test_imports_that_need_mending_can_be_asked_for(seeded: sa.Engine) -> None:
    with reading(seeded) as c:
        assert [row.id for row in views_people.imports(c, limit=9)] == [2, 1]
        assert [row.id for row in views_people.imports(c, limit=9, with_quarantine=True)] == [2]
        assert views_people.quarantine_reasons(c, 2) == (("not an address", 2),)
        assert [row.row_number for row in views_people.quarantined(c, 2, limit=9)] == [3, 5]
        with pytest.raises(NotFound, match="no import 99"):
            views_people.import_numbered(c, 99)


def test_the_history_of_an_edition_names_who_did_what(seeded: sa.Engine) -> None:
    with reading(seeded) as c:
        assert [(row.who, row.action) for row in views.history(c, WRES, limit=5)] == [
            ("lee", "approve")
        ]
