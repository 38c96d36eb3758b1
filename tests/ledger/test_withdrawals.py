"""What an import may and may not undo: withdrawn bases and pledges, and people who left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.domain import BasisKind
from outreach.keys import Keys
from outreach.ledger import bases, leavers, people_merge, pledges
from outreach.ledger.bases import Withdrawal
from outreach.ledger.people import basis, contact, pledge, tracking_choice
from outreach.ledger.people_merge import Merge
from outreach.records import BasisRecord, ContactRecord, PledgeRecord
from tests.flows.importing import rows_of
from tests.ledger.test_contacts import merge, put

__all__ = ["merge"]

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ANN = "ann@example.org"
ASKED = Withdrawal("lee", "asked by phone", NOW)


def days(number: int) -> datetime:
    return NOW + timedelta(days=number)


def consenting(given_at: datetime | None, kind: BasisKind = BasisKind.CONSENT) -> ContactRecord:
    return ContactRecord(2, ANN, basis=BasisRecord(kind, "form", "v2", given_at=given_at))


@pytest.mark.parametrize(
    ("kind", "given_at", "stands"),
    [
        (BasisKind.CONSENT, None, False),
        (BasisKind.CONSENT, days(-1), False),
        (BasisKind.CONSENT, days(0), False),
        (BasisKind.CONSENT, days(1), True),
        (BasisKind.PUBLIC_TASK, days(1), False),
    ],
)
def test_a_withdrawn_basis_stands_again_only_by_a_newer_consent_with_its_date(
    engine: sa.Engine, merge: Merge, kind: BasisKind, given_at: datetime | None, stands: bool
) -> None:
    put(engine, people_merge.merge_contacts, merge, consenting(days(-9), kind))
    number = rows_of(engine, "contact")[0]["id"]
    with engine.begin() as connection:
        bases.withdraw(connection, number, ASKED, kinds=(kind,))
    tally = put(engine, people_merge.merge_contacts, merge, consenting(given_at, kind))
    (row,) = rows_of(engine, "basis")
    assert (row["withdrawn_at"] is None, tally.changed == 1) == (stands, stands)
    assert [entry["action"] for entry in rows_of(engine, "audit")] == (
        ["basis given again"] if stands else []
    )


def test_a_leaver_who_came_back_is_not_marked_again_by_the_old_list(
    engine: sa.Engine, keys: Keys, merge: Merge
) -> None:
    merger, left = people_merge.merge_contacts, ContactRecord(2, ANN, left_at=days(-9))
    put(engine, merger, merge, left)
    put(engine, merger, merge, ContactRecord(2, ANN, job_role="Nurse"))
    address_hash = keys.address_hash(ANN)
    with engine.begin() as connection:
        assert leavers.left_at(connection, address_hash) == days(-9)
        assert leavers.take_back(connection, address_hash, by="lee", reason="back", now=NOW)
        assert not leavers.take_back(connection, address_hash, by="lee", reason="back", now=NOW)
    put(engine, merger, merge, left)
    assert rows_of(engine, "contact")[0]["left_at"] is None
    put(engine, merger, merge, ContactRecord(2, ANN, left_at=days(3)))
    assert rows_of(engine, "contact")[0]["left_at"] == days(3)


def made(on: datetime, withdrawn_at: datetime | None = None) -> PledgeRecord:
    return PledgeRecord(ContactRecord(2, ANN), on, withdrawn_at=withdrawn_at)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_later_pledge_renews_in_whatever_order_they_come_in(
    engine: sa.Engine, merge: Merge, order: tuple[int, ...]
) -> None:
    three = [made(days(-300)), made(days(-100)), made(days(-1))]
    for place in order:
        put(engine, people_merge.merge_pledges, merge, three[place])
    found = sorted((row["pledged_at"], row["renewal"]) for row in rows_of(engine, "pledge"))
    assert [renewal for _, renewal in found] == [False, True, True]


def test_a_pledge_after_one_that_was_withdrawn_is_new_and_renews_nothing(
    engine: sa.Engine, merge: Merge
) -> None:
    merger = people_merge.merge_pledges
    put(engine, merger, merge, made(days(-300), withdrawn_at=days(-200)))
    put(engine, merger, merge, made(days(-1)))
    assert [row["renewal"] for row in rows_of(engine, "pledge")] == [False, False]


def test_a_source_may_withdraw_a_pledge_and_never_bring_one_back(
    engine: sa.Engine, keys: Keys, merge: Merge
) -> None:
    merger = people_merge.merge_pledges
    put(engine, merger, merge, made(days(-30)))
    assert put(engine, merger, merge, made(days(-30), withdrawn_at=days(-2))).changed == 1
    before = rows_of(engine, "pledge")
    assert (before[0]["withdrawn_at"], before[0]["withdrawn_by"]) == (days(-2), merge.source)
    again = put(engine, merger, merge, made(days(-30)), made(days(-30), withdrawn_at=days(-1)))
    assert (again.changed, again.new_pledges) == (0, 0)
    assert rows_of(engine, "pledge") == before
    how = pledges.PledgeWithdrawal("lee", "asked", NOW)
    with engine.begin() as connection:
        assert pledges.withdraw_all(connection, keys.address_hash(ANN), how) == 0


def test_a_choice_about_clicks_that_an_import_brings_is_kept_with_its_evidence(
    engine: sa.Engine, merge: Merge
) -> None:
    given: dict[str, Any] = {"basis": BasisRecord(BasisKind.CONSENT, "form of May")}
    for said in (True, None, False, True):
        record = ContactRecord(2, ANN, tracking_consent=said, **given)
        put(engine, people_merge.merge_contacts, merge, record)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(tracking_choice.c.given, tracking_choice.c.evidence)
        ).all()
        assert connection.execute(sa.select(contact.c.tracking_consent)).scalar() is False
        assert connection.execute(sa.select(sa.func.count(basis.c.id))).scalar() == 1
        assert connection.execute(sa.select(sa.func.count(pledge.c.id))).scalar() == 0
    assert [tuple(row) for row in rows] == [(True, "form of May"), (False, "form of May")]


def test_a_pledge_made_before_a_person_withdrew_theirs_comes_in_withdrawn(
    engine: sa.Engine, keys: Keys, merge: Merge
) -> None:
    put(engine, people_merge.merge_pledges, merge, made(days(-9)))
    with engine.begin() as connection:
        how = pledges.PledgeWithdrawal("lee", "asked by phone", NOW)
        assert pledges.withdraw_all(connection, keys.address_hash(ANN), how) == 1
    put(engine, people_merge.merge_pledges, merge, made(days(-1)), made(days(1)))
    told = [
        (r["pledged_at"], r["withdrawn_at"], r["withdrawn_by"], r["renewal"])
        for r in rows_of(engine, "pledge")
    ]
    assert told == [
        (days(-9), NOW, "lee", False),
        (days(-1), NOW, "lee", True),
        (days(1), None, "", False),
    ]


def test_a_pledge_that_its_own_file_takes_back_is_withdrawn_whichever_row_comes_first(
    engine: sa.Engine, merge: Merge
) -> None:
    merger = people_merge.merge_pledges
    put(engine, merger, merge, made(days(-9)), made(days(-9), withdrawn_at=days(-1)))
    put(engine, merger, merge, made(days(-8), withdrawn_at=days(-2)), made(days(-8)))
    ended = [row["withdrawn_at"] for row in rows_of(engine, "pledge")]
    assert ended == [days(-1), days(-2)]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("kinds", list(permutations(("person", "organisation"))))
def test_a_pledge_for_the_organisation_is_not_lost_behind_one_of_the_same_moment(
    engine: sa.Engine, merge: Merge, kinds: tuple[str, str], together: bool
) -> None:
    merger = people_merge.merge_pledges
    both = [PledgeRecord(ContactRecord(n, ANN), days(-9), kind) for n, kind in enumerate(kinds, 2)]
    for some in [both] if together else [[one] for one in both]:
        put(engine, merger, merge, *some)
    assert [row["kind"] for row in rows_of(engine, "pledge")] == ["organisation"]
