"""Who may be written to, in every combination, against the same rules said in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

import sqlalchemy as sa

from outreach.domain import Purpose, SuppressionReason
from outreach.ledger.mailable import not_mailable
from outreach.ledger.people import basis, contact, organisation, pledge, suppression

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TASK, MARKETING = "public_task", "direct_marketing"
BASES = ("none", "all", TASK, MARKETING, "withdrawn", f"all but {TASK}", f"all but {MARKETING}")
SCOPES = ("none", "all", TASK, MARKETING, "lifted")
EMPLOYERS = ("", "corporate", "individual", "unknown")


@dataclass(frozen=True)
class Person:
    consent: str
    task: str
    employer: str
    suppressed: str
    domain: str
    left: bool
    pledged: bool
    reason: str
    gone: str = ""


PEOPLE = [
    Person(*one, pledged=number % 2 == 0, reason=[*SuppressionReason][number % 8].value)
    for number, one in enumerate(
        product(
            BASES, BASES, EMPLOYERS, SCOPES, ("none", "all", MARKETING, "lifted"), (False, True)
        )
    )
] + [
    Person("all", "all", "corporate", scope, "all", True, True, "objected", gone)
    for scope in ("none", "all")
    for gone in ("erased", "no address")
]


def truth(one: Person, purpose: str) -> str:
    """The rules as privacy.md says them; purpose "" asks for any at all."""
    if one.gone:
        return one.gone
    if one.suppressed == "all" or (purpose and one.suppressed == purpose):
        return one.reason
    if one.domain == "all" or (purpose and one.domain == purpose):
        return "domain suppressed"
    if one.left:
        return "left"
    if not stands(one.consent) and not stands(one.task):
        return "no basis"
    by_consent = stands(one.consent, purpose)
    by_task = stands(one.task, purpose)
    if purpose == MARKETING:
        by_task = by_task and one.employer == "corporate"
    return "" if by_consent or by_task else "no basis for this purpose"


def stands(given: str, purpose: str = "") -> bool:
    if given in ("none", "withdrawn"):
        return False
    if not purpose or given == "all":
        return True
    return given == purpose or (given.startswith("all but") and not given.endswith(purpose))


def bases_of(number: int, kind: str, given: str) -> list[dict[str, Any]]:
    row = {"contact_id": number, "kind": kind, "purpose": "", "recorded_at": NOW}
    row |= {"evidence": "form", "withdrawn_at": None}
    if given == "none":
        return []
    if given in (TASK, MARKETING):
        return [{**row, "purpose": given}]
    if given == "withdrawn":
        return [{**row, "withdrawn_at": NOW}]
    if given.startswith("all but"):
        return [row, {**row, "purpose": given.split()[-1], "withdrawn_at": NOW}]
    return [row]


def put(connection: sa.Connection, everyone: Sequence[Person] = PEOPLE) -> None:
    """Write people into the ledger; a person's number is their place and one."""
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        one: [] for one in (organisation, contact, basis, suppression, pledge)
    }
    for number, kind in enumerate(EMPLOYERS[1:], 1):
        rows[organisation].append(
            {"id": number, "ods_code": f"X{number}", "subscriber_type": kind, "updated_at": NOW}
        )
    for number, one in enumerate(everyone, 1):
        hashed = number.to_bytes(16, "big")
        rows[contact].append({
            "id": number, "email": None if one.gone else f"p{number}@example.org",
            "address_hash": hashed, "domain_hash": one.domain.encode().ljust(16),
            "organisation_id": EMPLOYERS.index(one.employer) or None,
            "left_at": NOW if one.left else None,
            "erased_at": NOW if one.gone == "erased" else None,
            "created_at": NOW, "updated_at": NOW,
        })  # fmt: skip
        for kind, given in (("consent", one.consent), (TASK, one.task)):
            rows[basis] += bases_of(number, kind, given)
        if one.suppressed != "none":
            rows[suppression].append(stopped(one.suppressed, one.reason, address_hash=hashed))
        if one.pledged:
            rows[pledge].append({
                "contact_id": number, "address_hash": hashed, "pledged_at": NOW,
                "recorded_at": NOW,
            })  # fmt: skip
    for scope in ("all", MARKETING, "lifted"):
        rows[suppression].append(stopped(scope, "manual", domain_hash=scope.encode().ljust(16)))
    for where, some in rows.items():
        connection.execute(sa.insert(where), some)


def stopped(scope: str, reason: str, **target: bytes) -> dict[str, Any]:
    lifted = NOW if scope == "lifted" else None
    row = {"address_hash": None, "domain_hash": None, "reason": reason, "created_at": NOW}
    return {**row, **target, "scope": "all" if lifted else scope, "lifted_at": lifted}


def test_every_combination_is_judged_as_the_rules_say(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        put(connection)
        judge_everybody(connection)


def judge_everybody(connection: sa.Connection) -> None:
    for purpose in (Purpose.PUBLIC_TASK, Purpose.DIRECT_MARKETING, None):
        query = sa.select(contact.c.id, not_mailable(purpose)).select_from(contact)
        found: dict[int, str] = dict(connection.execute(query).all())  # type: ignore[arg-type]
        said = purpose.value if purpose else ""
        wrong = [
            (one, truth(one, said), found[number])
            for number, one in enumerate(PEOPLE, 1)
            if found[number] != truth(one, said)
        ]
        assert not wrong, f"{len(wrong)} of {len(PEOPLE)} for {said or 'any purpose'}: {wrong[:3]}"
