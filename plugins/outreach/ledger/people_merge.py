"""Merge contacts and pledges, a thousand rows to a short transaction.

Inside one import the first row that tells something wins and later ones fill gaps; across
imports a newer value that is not empty updates. Suppressions are never touched here, and a
person who was erased is never written again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any

import sqlalchemy as sa

from outreach.domain import SuppressionReason
from outreach.keys import Keys
from outreach.ledger import bases, leavers, pledges, tracking
from outreach.ledger.imports import Seen, Tally
from outreach.ledger.people import basis, contact, organisation, pledge, suppression
from outreach.records import BasisRecord, ContactRecord, PledgeRecord, Quarantined

ERASED = "erased at the person's own request"
ERASED_ADVICE = "take the row out of the file; the person's data may not be held again"

_FIELDS = (
    "first_name",
    "last_name",
    "job_role",
    "sector",
    "ics_area",
    "borough",
    "organisation_name",
    "ods_code",
)
_STATE = (*_FIELDS, "tracking_consent", "left_at", "organisation_id")


@dataclass(frozen=True, slots=True)
class Merge:
    """What every merge of one import shares."""

    keys: Keys
    source: str
    now: datetime
    seen: Seen
    import_id: int | None = None


class Outcome(Enum):
    """What one row did."""

    CREATED = auto()
    CHANGED = auto()
    UNCHANGED = auto()
    REFUSED = auto()


class _Draft:
    """One contact while the rows about it are taken in."""

    __slots__ = (
        "addressless",
        "bases",
        "before",
        "email",
        "evidence",
        "fill_only",
        "given_again",
        "id",
        "new_bases",
        "now",
    )

    def __init__(self, row: sa.Row[Any] | None, email: str, fill_only: bool) -> None:
        self.id: int = row.id if row else 0
        self.email = email
        # Made again from the claim journal, which knows nobody's address.
        self.addressless = row is not None and row.email is None
        blank: dict[str, Any] = {**dict.fromkeys(_FIELDS, ""), "tracking_consent": False}
        blank |= {"left_at": None, "organisation_id": None}
        self.before = {name: row._mapping[name] for name in _STATE} if row else blank
        self.now = dict(self.before)
        self.fill_only = fill_only
        self.evidence = ""
        # (kind, purpose) -> when it was withdrawn, None where it stands.
        self.bases: dict[tuple[str, str], datetime | None] = {}
        self.new_bases: dict[tuple[str, str], BasisRecord] = {}
        self.given_again: dict[tuple[str, str], BasisRecord] = {}

    def take(self, record: ContactRecord) -> bool:
        """Take in one row; return whether it told anything new."""
        first = not self.id and not self.fill_only
        changed = False
        for name in _FIELDS:
            value = getattr(record, name)
            old = self.now[name]
            if value and value != old and not (old and self.fill_only):
                self.now[name] = value
                changed = True
        changed |= self._take_facts(record, first)
        self.fill_only = True
        if self.addressless and not self.email:
            self.email = record.email
            changed = True
        return changed

    def _take_facts(self, record: ContactRecord, first: bool) -> bool:
        changed = False
        # An import may withdraw consent to tracking; only the person may give it again.
        consent = record.tracking_consent
        if consent not in (None, self.now["tracking_consent"]) and (first or not consent):
            self.evidence = record.basis.evidence if record.basis else "as the source states"
            self.now["tracking_consent"] = consent
            changed = True
        if record.left_at and not self.now["left_at"]:
            self.now["left_at"] = record.left_at
            changed = True
        return self._take_basis(record.basis) or changed

    def _take_basis(self, given: BasisRecord | None) -> bool:
        if given is None:
            return False
        name = given.kind.value, given.purpose
        if name not in self.bases:
            self.new_bases[name] = given
        elif (at := self.bases[name]) and bases.given_again(at, given.kind, given.given_at):
            self.given_again[name] = given
        else:
            return False
        self.bases[name] = None
        return True


def merge_contacts(
    connection: sa.Connection, records: Sequence[ContactRecord], merge: Merge
) -> Tally:
    """Write contacts and their bases. The caller's transaction holds `lock_people`."""
    outcomes, refused, _ = _merge(connection, records, merge)
    return _tally(outcomes, refused)


def merge_pledges(
    connection: sa.Connection, records: Sequence[PledgeRecord], merge: Merge
) -> Tally:
    """Write pledges and the contacts who made them; one pledge per address and time."""
    outcomes, refused, drafts = _merge(connection, [r.contact for r in records], merge)
    hashes = [merge.keys.address_hash(r.contact.email) for r in records]
    known = _known_pledges(connection, hashes)
    rows = []
    for index, (record, address_hash) in enumerate(zip(records, hashes, strict=True)):
        if outcomes[index] is Outcome.REFUSED or (address_hash, record.pledged_at) in known:
            continue
        known.add((address_hash, record.pledged_at))
        at = record.withdrawn_at
        rows.append(
            {
                "withdrawn_at": at,
                "withdrawn_by": merge.source if at else "",
                "withdrawn_reason": "import" if at else "",
                "contact_id": drafts[address_hash].id,
                "address_hash": address_hash,
                "pledged_at": record.pledged_at,
                "kind": record.kind,
                "source": merge.source,
                "recorded_at": merge.now,
            }
        )
        if outcomes[index] is Outcome.UNCHANGED:
            outcomes[index] = Outcome.CHANGED
    ended = pledges.withdraw_rows(connection, _taken_back(records, hashes), merge.source)
    if rows:
        connection.execute(sa.insert(pledge), rows)
    for index, (record, address_hash) in enumerate(zip(records, hashes, strict=True)):
        if (address_hash, record.pledged_at) in ended and outcomes[index] is Outcome.UNCHANGED:
            outcomes[index] = Outcome.CHANGED
    touched = {address_hash for address_hash, _ in ended}
    touched |= {
        h for h, o in zip(hashes, outcomes, strict=True) if rows and o is not Outcome.REFUSED
    }
    pledges.mark_renewals(connection, touched)
    return _tally(outcomes, refused, len(rows))


def _taken_back(
    records: Sequence[PledgeRecord], hashes: Sequence[bytes]
) -> dict[tuple[bytes, datetime], datetime]:
    return {
        (address_hash, record.pledged_at): record.withdrawn_at
        for record, address_hash in zip(records, hashes, strict=True)
        if record.withdrawn_at
    }


def _tally(outcomes: list[Outcome], refused: list[Quarantined], pledges: int = 0) -> Tally:
    return Tally(
        outcomes.count(Outcome.CREATED),
        outcomes.count(Outcome.CHANGED),
        outcomes.count(Outcome.UNCHANGED),
        pledges,
        tuple(refused),
    )


def _merge(
    connection: sa.Connection, records: Sequence[ContactRecord], merge: Merge
) -> tuple[list[Outcome], list[Quarantined], dict[bytes, _Draft]]:
    hashes = [merge.keys.address_hash(record.email) for record in records]
    records = _still_left(connection, records, hashes)
    drafts = _known(connection, set(hashes), merge)
    erased = erased_among(connection, set(hashes))
    outcomes: list[Outcome] = []
    refused = []
    for record, address_hash in zip(records, hashes, strict=True):
        if address_hash in erased:
            # Nothing of the row is kept: that is what erasure means.
            refused.append(Quarantined(record.row_number, "", ERASED, ERASED_ADVICE, {}))
            outcomes.append(Outcome.REFUSED)
        elif address_hash in drafts:
            changed = drafts[address_hash].take(record)
            outcomes.append(Outcome.CHANGED if changed else Outcome.UNCHANGED)
        else:
            drafts[address_hash] = _Draft(None, record.email, fill_only=False)
            drafts[address_hash].take(record)
            outcomes.append(Outcome.CREATED)
    _write(connection, drafts, merge)
    for address_hash in drafts:
        if address_hash not in merge.seen:
            merge.seen.add(address_hash)
    return outcomes, refused, drafts


def _still_left(
    connection: sa.Connection, records: Sequence[ContactRecord], hashes: Sequence[bytes]
) -> Sequence[ContactRecord]:
    """Return the records without a leaving date from before a person said they came back."""
    leaving = {h for record, h in zip(records, hashes, strict=True) if record.left_at}
    back = leavers.came_back(connection, leaving) if leaving else {}
    return [
        replace(record, left_at=None)
        if record.left_at and h in back and record.left_at <= back[h]
        else record
        for record, h in zip(records, hashes, strict=True)
    ]


def _known(connection: sa.Connection, hashes: set[bytes], merge: Merge) -> dict[bytes, _Draft]:
    columns = [contact.c[name] for name in _STATE]
    rows = connection.execute(
        sa.select(contact.c.id, contact.c.address_hash, contact.c.email, *columns).where(
            contact.c.address_hash.in_(hashes)
        )
    ).all()
    drafts = {
        row.address_hash: _Draft(row, "", fill_only=row.address_hash in merge.seen) for row in rows
    }
    by_id = {draft.id: draft for draft in drafts.values()}
    known = sa.select(
        basis.c.contact_id, basis.c.kind, basis.c.purpose, basis.c.withdrawn_at
    ).where(basis.c.contact_id.in_(by_id))
    for contact_id, kind, purpose, withdrawn_at in connection.execute(known):
        by_id[contact_id].bases[kind, purpose] = withdrawn_at
    return drafts


def erased_among(connection: sa.Connection, hashes: set[bytes]) -> set[bytes]:
    """Return those of these address hashes whose person was erased."""
    suppressed = sa.select(suppression.c.address_hash).where(
        suppression.c.address_hash.in_(hashes),
        suppression.c.reason == SuppressionReason.ERASED.value,
        suppression.c.lifted_at.is_(None),
    )
    gone = sa.select(contact.c.address_hash).where(
        contact.c.address_hash.in_(hashes), contact.c.erased_at.is_not(None)
    )
    return set(connection.execute(suppressed.union(gone)).scalars())


def _known_pledges(
    connection: sa.Connection, hashes: Sequence[bytes]
) -> set[tuple[bytes, datetime]]:
    rows = connection.execute(
        sa.select(pledge.c.address_hash, pledge.c.pledged_at).where(
            pledge.c.address_hash.in_(set(hashes))
        )
    )
    return {(row.address_hash, row.pledged_at) for row in rows}


def _write(connection: sa.Connection, drafts: dict[bytes, _Draft], merge: Merge) -> None:
    _link(connection, drafts.values())
    new = {address_hash: draft for address_hash, draft in drafts.items() if not draft.id}
    if new:
        connection.execute(sa.insert(contact), [_row(h, d, merge) for h, d in new.items()])
        ids = sa.select(contact.c.address_hash, contact.c.id).where(contact.c.address_hash.in_(new))
        for address_hash, contact_id in connection.execute(ids):
            new[address_hash].id = contact_id
    changed = [d for h, d in drafts.items() if h not in new and d.now != d.before]
    if changed:
        connection.execute(
            _UPDATE, [{**d.now, "updated_at": merge.now, "contact_id": d.id} for d in changed]
        )
    found = [d for d in drafts.values() if d.addressless and d.email]
    if found:
        connection.execute(_ADDRESS, [_address_of(draft, merge) for draft in found])
    given = [_basis_row(d, b, merge) for d in drafts.values() for b in d.new_bases.values()]
    if given:
        connection.execute(sa.insert(basis), given)
    _write_what_changed(connection, drafts, merge)


def _write_what_changed(
    connection: sa.Connection, drafts: dict[bytes, _Draft], merge: Merge
) -> None:
    for draft in drafts.values():
        for again in draft.given_again.values():
            bases.give_again(connection, draft.id, again, merge.source, merge.now)
    tracking.note_choices(
        connection,
        [
            tracking.Choice(d.id, d.now["tracking_consent"], d.evidence, merge.source, merge.now)
            for d in drafts.values()
            if d.now["tracking_consent"] != d.before["tracking_consent"]
        ],
    )


_UPDATE = (
    sa.update(contact)
    .where(contact.c.id == sa.bindparam("contact_id"))
    .values({name: sa.bindparam(name) for name in (*_STATE, "updated_at")})
)
_ADDRESS = (
    sa.update(contact)
    .where(contact.c.id == sa.bindparam("contact_id"))
    .values(email=sa.bindparam("address"), domain_hash=sa.bindparam("domain"))
)


def _address_of(draft: _Draft, merge: Merge) -> dict[str, Any]:
    domain = merge.keys.domain_hash(draft.email)
    return {"contact_id": draft.id, "address": draft.email, "domain": domain}


def _link(connection: sa.Connection, drafts: Collection[_Draft]) -> None:
    codes = {d.now["ods_code"] for d in drafts if d.now["ods_code"]}
    if not codes:
        return
    known = connection.execute(
        sa.select(organisation.c.ods_code, organisation.c.id).where(
            organisation.c.ods_code.in_(codes)
        )
    )
    ids = {row.ods_code: row.id for row in known}
    for draft in drafts:
        draft.now["organisation_id"] = ids.get(draft.now["ods_code"])


def _row(address_hash: bytes, draft: _Draft, merge: Merge) -> dict[str, Any]:
    return {
        **draft.now,
        "email": draft.email,
        "address_hash": address_hash,
        "domain_hash": merge.keys.domain_hash(draft.email),
        "source": merge.source,
        "created_at": merge.now,
        "updated_at": merge.now,
    }


def _basis_row(draft: _Draft, record: BasisRecord, merge: Merge) -> dict[str, Any]:
    return {
        "contact_id": draft.id,
        "kind": record.kind.value,
        "purpose": record.purpose,
        "given_at": record.given_at,
        "evidence": record.evidence,
        "wording_version": record.wording_version,
        "source": merge.source,
        "recorded_at": merge.now,
    }
