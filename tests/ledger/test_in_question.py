"""The sieve of claims and receipts drops and lists whom the plain expression does, nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.domain import BasisKind, DeliveryState, Purpose
from outreach.ledger.audience import GOAL_REACHED, PLEDGED, latest_pledge
from outreach.ledger.batch_people import read
from outreach.ledger.crossing import mark_crossed
from outreach.ledger.editions import batch, campaign, campaign_version, delivery, edition, variant
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import basis, contact, organisation, pledge, suppression
from outreach.ledger.rechecks import ADDRESS_CHANGED, recheck
from outreach.limits import NO_LIMITS
from tests.ledger.test_mailable_truth import BASES, EMPLOYERS, NOW, PEOPLE, put

PURPOSES = [one.value for one in Purpose]
DOMAINS = (b"quiet".ljust(16), b"loud".ljust(16))
SOME = [*PEOPLE[::11], *(one for one in PEOPLE if one.gone)]
"""Of every eleven one: no kind of person comes in elevens, so that all kinds are among them."""


@dataclass(frozen=True)
class Known:
    """What a ledger may know of one person. Suppressions: scope, whether it stands, which hash."""

    bases: Mapping[tuple[str, str], bool]
    stopped: Sequence[tuple[str, bool, bool]]
    domain: int
    employer: int
    left: bool
    erased: bool
    moved: bool
    pledged: bool
    state: str | None


def rarely(chosen: bool = True) -> st.SearchStrategy[bool]:
    return st.sampled_from([not chosen] * 7 + [chosen])


KNOWN = st.builds(
    Known,
    bases=st.dictionaries(
        st.tuples(st.sampled_from([k.value for k in BasisKind]), st.sampled_from(["", *PURPOSES])),
        rarely(),
        max_size=4,
    ),
    stopped=st.lists(
        st.tuples(st.sampled_from(["all", *PURPOSES]), st.booleans(), rarely()), max_size=2
    ),
    domain=st.integers(0, 1),
    employer=st.integers(0, 3),
    left=rarely(),
    erased=rarely(),
    moved=rarely(),
    pledged=st.booleans(),
    state=st.sampled_from([None] * 5 + [DeliveryState.SUPPRESSED.value]),
)


def one_batch(connection: sa.Connection, purpose: Purpose, goal: str = "") -> sa.Row[Any]:
    """Return the row of a batch, of an edition for everybody in the ledger."""
    for table, row in (
        (campaign, {"id": 1, "slug": "news"}),
        (campaign_version, {"id": 1, "campaign_id": 1, "content_hash": "", "loaded_at": NOW}),
        (edition, {"id": 1, "campaign_id": 1, "occurrence": "one", "name": "news@one"}
            | {"purpose": purpose.value, "goal": goal, "sender": {}, "created_at": NOW}),
        (variant, {"id": 1, "edition_id": 1, "number": 1, "content": {}}),
        (batch, {"id": 1, "edition_id": 1, "variant_id": 1, "number": 1, "size": 1}),
    ):  # fmt: skip
        connection.execute(sa.insert(table), row)
    return connection.execute(sa.select(batch)).one()


def planned(number: int, address_hash: bytes, state: str | None = None) -> dict[str, Any]:
    frozen = {"email": f"p{number}@example.org", "slot_values": ["", f"né {number}"]}
    told = {"campaign_id": 1, "occasion": "news@one", "batch_id": 1, "state": state}
    key = {"edition_id": 1, "contact_id": number, "address_hash": address_hash}
    return {**key, **told, **frozen}


def tell(connection: sa.Connection, everyone: Sequence[Known]) -> None:
    """Write people into the ledger; a person's number is their place and one."""
    for number in range(1, len(EMPLOYERS)):
        kind = {"subscriber_type": EMPLOYERS[number], "updated_at": NOW}
        connection.execute(
            sa.insert(organisation), {"id": number, "ods_code": f"X{number}", **kind}
        )
    for number, one in enumerate(everyone, 1):
        hashed = bytes([number]) * 16
        row = {"id": number, "email": None if one.erased else f"p{number}@example.org"}
        row |= {"address_hash": hashed, "domain_hash": DOMAINS[one.domain]}
        row |= {"organisation_id": one.employer or None, "left_at": NOW if one.left else None}
        row |= {"erased_at": NOW if one.erased else None, "created_at": NOW, "updated_at": NOW}
        connection.execute(sa.insert(contact), row)
        for (kind, purpose), withdrawn in one.bases.items():
            given_for = {"contact_id": number, "kind": kind, "purpose": purpose}
            given_for |= {"recorded_at": NOW, "withdrawn_at": NOW if withdrawn else None}
            connection.execute(sa.insert(basis), given_for)
        for scope, stands, whole in one.stopped:
            target = {"domain_hash": DOMAINS[one.domain]} if whole else {"address_hash": hashed}
            stop = {"scope": scope, "reason": f"reason {number}", "created_at": NOW}
            stop |= {"lifted_at": None if stands else NOW}
            connection.execute(sa.insert(suppression), {**target, **stop})
        if one.pledged:
            said = {"contact_id": number, "address_hash": hashed, "pledged_at": NOW}
            connection.execute(sa.insert(pledge), {**said, "recorded_at": NOW})
        kept = hashed[:-1] + b"+" if one.moved else hashed
        connection.execute(sa.insert(delivery), planned(number, kept, one.state))


def plainly(connection: sa.Connection, purpose: Purpose, goal: str = "") -> dict[int, str]:
    """The claim's question as one expression, for everyone who has no state of their own."""
    mailable = not_mailable(purpose)
    whens = [(contact.c.address_hash != delivery.c.address_hash, sa.literal(ADDRESS_CHANGED))]
    if goal == PLEDGED:
        reached = sa.and_(mailable == "", latest_pledge().is_not(None))
        whens.append((reached, sa.literal(GOAL_REACHED)))
    query = (
        sa.select(contact.c.id, sa.case(*whens, else_=mailable))
        .select_from(delivery.join(contact, contact.c.id == delivery.c.contact_id))
        .where(delivery.c.state.is_(None))
    )
    return dict(connection.execute(query).all())  # type: ignore[arg-type]


def crossed(connection: sa.Connection) -> set[int]:
    query = sa.select(delivery.c.contact_id).where(delivery.c.crossed_at.is_not(None))
    return set(connection.execute(query).scalars())


def claimed(connection: sa.Connection, row: sa.Row[Any]) -> tuple[list[int], dict[int, str]]:
    """Return who is claimed, and who is dropped by it with the reason."""
    before = sa.select(delivery.c.contact_id).where(delivery.c.state.is_not(None))
    had = set(connection.execute(before).scalars())
    people = recheck(connection, row, lambda _: True, NO_LIMITS, NOW)
    for one in people:
        assert one.values == ("", f"né {one.contact_id}")
        assert one.address == f"p{one.contact_id}@example.org"
    query = sa.select(delivery.c.contact_id, delivery.c.reason).where(delivery.c.state.is_not(None))
    dropped = {number: why for number, why in connection.execute(query) if number not in had}
    return [one.contact_id for one in people], dropped


@pytest.mark.parametrize("purpose", Purpose)
def test_every_kind_of_person_is_claimed_and_crossed_as_the_plain_expression_says(
    engine: sa.Engine, purpose: Purpose
) -> None:
    with engine.connect() as connection:
        put(connection, SOME)
        row = one_batch(connection, purpose)
        rows = [planned(n, n.to_bytes(16, "big")) for n in range(1, len(SOME) + 1)]
        connection.execute(sa.insert(delivery), rows)
        asked = read(connection, row.id, purpose, "").doubtful
        said = plainly(connection, purpose)
        mark_crossed(connection, row.edition_id, [row.id], NOW)
        assert crossed(connection) == {number for number, why in said.items() if why}
        judge(connection, row, said)
        simple = {"none", "all", purpose.value}
        plain = [n for n in asked if {SOME[n - 1].consent, SOME[n - 1].task} <= simple]
    assert simple < set(BASES)
    assert not [SOME[n - 1] for n in plain if said.get(n) == ""], "they are mailable at a look"


def judge(connection: sa.Connection, row: sa.Row[Any], said: Mapping[int, str]) -> None:
    """Claim a batch: who goes, who is dropped and why must be as it is said."""
    going, dropped = claimed(connection, row)
    assert going == sorted(number for number, why in said.items() if not why)
    assert dropped == {number: why for number, why in said.items() if why}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(KNOWN, min_size=1, max_size=12), st.sampled_from(Purpose))
@pytest.mark.parametrize("goal", ["", PLEDGED])
def test_whatever_the_ledger_knows_of_people_both_ways_agree(
    engine: sa.Engine, goal: str, everyone: list[Known], purpose: Purpose
) -> None:
    with engine.connect() as connection:
        row = one_batch(connection, purpose, goal)
        tell(connection, everyone)
        said, there = plainly(connection, purpose, goal), not_mailable(purpose)
        query = sa.select(delivery.c.contact_id).join(contact)
        query = query.where(delivery.c.state.is_(None), there != "")
        may_not = set(connection.execute(query).scalars())
        mark_crossed(connection, row.edition_id, [row.id], NOW)
        assert crossed(connection) == may_not
        judge(connection, row, said)
        connection.rollback()
