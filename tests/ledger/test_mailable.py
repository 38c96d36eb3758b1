"""Who may be written to for which purpose: bases, withdrawals, suppressions and leavers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.domain import BasisKind, Purpose
from outreach.keys import Keys
from outreach.ledger import bases
from outreach.ledger.bases import Withdrawal
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import basis, contact, organisation
from tests.ledger import seeds

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ANN = "ann@example.org"
TASK, MARKETING = Purpose.PUBLIC_TASK, Purpose.DIRECT_MARKETING
NOT_FOR_IT, NONE = "no basis for this purpose", "no basis"


def why(engine: sa.Engine, purpose: Purpose | None) -> str:
    with engine.connect() as connection:
        return str(
            connection.execute(sa.select(not_mailable(purpose)).select_from(contact)).scalar()
        )


def give(engine: sa.Engine, kind: str, purpose: str = "") -> None:
    with engine.begin() as connection:
        number = connection.execute(sa.select(contact.c.id)).scalar_one()
        connection.execute(
            sa.insert(basis).values(
                contact_id=number, kind=kind, purpose=purpose, evidence="form", recorded_at=NOW
            )
        )


def ann(engine: sa.Engine, keys: Keys, employer: str = "") -> int:
    with engine.begin() as connection:
        number = None
        if employer:
            number = connection.execute(
                sa.insert(organisation)
                .values(ods_code="F83004", subscriber_type=employer, updated_at=NOW)
                .returning(organisation.c.id)
            ).scalar_one()
        return seeds.add_contact(connection, keys, ANN, bases=(), organisation_id=number)


@pytest.mark.parametrize(
    ("kind", "purpose", "employer", "task", "marketing"),
    [
        ("consent", "", "", "", ""),
        ("consent", "direct_marketing", "", NOT_FOR_IT, ""),
        ("consent", "public_task", "corporate", "", NOT_FOR_IT),
        ("public_task", "", "", "", NOT_FOR_IT),
        ("public_task", "", "unknown", "", NOT_FOR_IT),
        ("public_task", "", "individual", "", NOT_FOR_IT),
        ("public_task", "", "corporate", "", ""),
        ("public_task", "public_task", "corporate", "", NOT_FOR_IT),
    ],
)
def test_a_basis_allows_its_purpose_and_no_other(
    engine: sa.Engine,
    keys: Keys,
    kind: str,
    purpose: str,
    employer: str,
    task: str,
    marketing: str,
) -> None:
    ann(engine, keys, employer)
    assert why(engine, TASK) == why(engine, MARKETING) == NONE
    give(engine, kind, purpose)
    assert (why(engine, TASK), why(engine, MARKETING), why(engine, None)) == (task, marketing, "")


def withdraw(engine: sa.Engine, number: int, purpose: str = "", days: int = 0) -> int:
    how = Withdrawal("lee", "asked by phone", NOW + timedelta(days=days))
    with engine.begin() as connection:
        return bases.withdraw(connection, number, how, kinds=tuple(BasisKind), purpose=purpose)


def test_a_consent_withdrawn_for_one_purpose_stands_for_the_other(
    engine: sa.Engine, keys: Keys
) -> None:
    number = ann(engine, keys)
    give(engine, "consent")
    assert withdraw(engine, number, "direct_marketing") == 1
    assert withdraw(engine, number, "direct_marketing") == 0
    assert (why(engine, TASK), why(engine, MARKETING)) == ("", NOT_FOR_IT)
    assert withdraw(engine, number) == 1
    assert why(engine, None) == NONE


def test_a_basis_for_one_purpose_that_was_withdrawn_leaves_nothing(
    engine: sa.Engine, keys: Keys
) -> None:
    number = ann(engine, keys)
    give(engine, "consent", "direct_marketing")
    assert withdraw(engine, number, "public_task") == 0
    assert withdraw(engine, number, "direct_marketing") == 1
    with engine.connect() as connection:
        row = connection.execute(sa.select(basis)).one()
    assert (row.withdrawn_by, row.withdrawn_reason) == ("lee", "asked by phone")
    assert why(engine, MARKETING) == NONE


@pytest.mark.parametrize("scope", ["all", "direct_marketing"])
def test_a_suppression_for_one_purpose_stops_only_that_one(
    engine: sa.Engine, keys: Keys, scope: str
) -> None:
    ann(engine, keys)
    give(engine, "consent")
    with engine.begin() as connection:
        seeds.suppress(connection, keys, ANN, "objected", scope=scope)
    assert why(engine, MARKETING) == "objected"
    assert why(engine, TASK) == ("objected" if scope == "all" else "")
