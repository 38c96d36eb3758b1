"""What merging does to rows that are there already, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.domain import SubscriberType, SuppressionReason
from outreach.keys import Keys
from outreach.ledger import organisation_merge, people_merge, reference_merge, suppressing
from outreach.ledger.imports import Tally
from outreach.ledger.people import contact, organisation, suppression
from outreach.ledger.people_merge import Merge
from outreach.ledger.resources import resource
from outreach.records import (
    ContactRecord,
    OrganisationRecord,
    Record,
    ResourceRecord,
    SuppressionRecord,
)

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ANN = "ann@example.org"


@pytest.fixture
def merge(keys: Keys) -> Merge:
    return Merge(keys, "test", NOW)


def put(engine: sa.Engine, merger: Any, merge: Merge, *records: Record) -> Tally:
    """Merge records as an import of their own would."""
    own = Merge(merge.keys, merge.source, merge.now)
    with engine.begin() as connection:
        tally = merger(connection, records, own)
    assert isinstance(tally, Tally)
    return tally


def the(engine: sa.Engine, chosen: sa.Table) -> dict[str, Any]:
    with engine.connect() as connection:
        return dict(connection.execute(sa.select(chosen)).mappings().one())


def test_consent_to_tracking_can_be_withdrawn_by_an_import_but_not_given_again(
    engine: sa.Engine, merge: Merge
) -> None:
    for said, stands in ((True, True), (None, True), (False, False), (True, False)):
        record = ContactRecord(2, ANN, tracking_consent=said)
        put(engine, people_merge.merge_contacts, merge, record)
        assert the(engine, contact)["tracking_consent"] is stands


def test_a_leaver_stays_a_leaver(engine: sa.Engine, merge: Merge) -> None:
    left = NOW - timedelta(days=3)
    put(engine, people_merge.merge_contacts, merge, ContactRecord(2, ANN, left_at=left))
    put(engine, people_merge.merge_contacts, merge, ContactRecord(2, ANN, first_name="Ann"))
    assert the(engine, contact)["left_at"] == left


def test_an_unchanged_row_is_not_written_at_all(engine: sa.Engine, merge: Merge) -> None:
    put(engine, people_merge.merge_contacts, merge, ContactRecord(2, ANN, first_name="Ann"))
    later = Merge(merge.keys, "other", NOW + timedelta(days=1))
    tally = put(engine, people_merge.merge_contacts, later, ContactRecord(9, ANN, first_name="Ann"))
    assert tally.unchanged == 1
    assert the(engine, contact)["updated_at"] == NOW


def suppressed(since: datetime | None = None) -> SuppressionRecord:
    return SuppressionRecord(2, ANN, False, SuppressionReason.UNSUBSCRIBED, since=since)


def test_a_suppression_that_a_person_lifted_comes_back_only_with_a_later_date(
    engine: sa.Engine, merge: Merge
) -> None:
    merger = reference_merge.merge_suppressions
    early, lifted, late = (NOW - timedelta(days=d) for d in (30, 20, 10))
    assert put(engine, merger, merge, suppressed(early)).created == 1
    assert put(engine, merger, merge, suppressed(early), suppressed()).created == 0
    target = suppressing.Target(merge.keys.address_hash(ANN))
    with engine.begin() as connection:
        (one,) = suppressing.standing(connection, target)
        suppressing.lift(connection, target, one, by="lee", reason="asked", now=lifted)
    assert put(engine, merger, merge, suppressed(early)).created == 0
    assert put(engine, merger, merge, suppressed(late)).created == 1


def test_a_suppressed_domain_is_kept_apart_from_addresses(engine: sa.Engine, merge: Merge) -> None:
    record = SuppressionRecord(2, "example.org", True, SuppressionReason.MANUAL)
    put(engine, reference_merge.merge_suppressions, merge, record)
    row = the(engine, suppression)
    assert (row["address_hash"], row["domain_hash"]) == (None, merge.keys.domain_hash(ANN))


def test_organisations_are_updated_by_what_is_said(engine: sa.Engine, merge: Merge) -> None:
    merger = organisation_merge.merge_organisations
    kind = SubscriberType.CORPORATE
    put(engine, merger, merge, OrganisationRecord(2, "F83004", "Alder", postcode="N1 1AA"))
    tally = put(
        engine,
        merger,
        merge,
        OrganisationRecord(2, "F83004", "Alder House", subscriber_type=kind),
        OrganisationRecord(3, "F83004", "Third", borough="Camden"),
    )
    row = the(engine, organisation)
    assert (row["name"], row["postcode"], row["borough"]) == ("Alder House", "N1 1AA", "Camden")
    assert row["subscriber_type"] == "corporate"
    assert tally.changed == 2
    assert put(engine, merger, merge, OrganisationRecord(2, "F83004", "Alder House")).unchanged == 1


def test_an_organisation_of_unknown_type_says_so(engine: sa.Engine, merge: Merge) -> None:
    put(engine, organisation_merge.merge_organisations, merge, OrganisationRecord(2, "F83004", "A"))
    assert the(engine, organisation)["subscriber_type"] == "unknown"


def test_resources_are_kept_by_their_key(engine: sa.Engine, merge: Merge) -> None:
    merger = reference_merge.merge_resources
    url = "https://example.org/guide"
    put(engine, merger, merge, ResourceRecord(2, url, "Guide", url, published_at=NOW))
    put(engine, merger, merge, ResourceRecord(2, url, "The guide", url))
    row = the(engine, resource)
    assert (row["title"], row["published_at"]) == ("The guide", NOW)
