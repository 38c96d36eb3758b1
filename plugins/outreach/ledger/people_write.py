"""Write merged people: new ones by the column, changed ones where they changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from outreach.domain import BasisKind
from outreach.ledger import bases, tracking
from outreach.ledger.bulk import (
    insert_columns,
    next_ids,
    stored,
    update_rows,
)
from outreach.ledger.columns import chunks
from outreach.ledger.making import Made
from outreach.ledger.people import basis, contact, organisation, statement
from outreach.ledger.people_draft import Draft
from outreach.ledger.sayings import as_json
from outreach.ledger.workplaces import WORKPLACE
from outreach.records import PERSON_FIELDS, BasisRecord, Facts, PersonRow

if TYPE_CHECKING:
    from outreach.ledger.people_merge import Merge

_MEMO = 20_000
AS_STATED = "as the source states"

T = TypeVar("T")


@dataclass(slots=True)
class Fresh:
    """People met for the first time: rows, what is made of them, and further bases by place."""

    rows: list[PersonRow] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    further: list[tuple[int, Facts]] = field(default_factory=list)

    def add(self, row: PersonRow, made: Made, further: Sequence[Facts] = ()) -> None:
        """Add one person."""
        self.further += [(len(self.rows), one) for one in further]
        self.rows.append(row)
        self.made.append(made)


@dataclass(slots=True)
class Memo:
    """What an import has looked up before: organisations' ids by ODS code."""

    organisations: dict[str, int | None] = field(default_factory=dict)


def write_new(connection: sa.Connection, fresh: Fresh, merge: Merge) -> dict[bytes, int]:
    """Insert people with what is said of them; return their ids by address hash."""
    rows = fresh.rows
    if not rows:
        return {}
    hashes, _, emails, values, facts, _ = zip(*rows, strict=True)
    said, shared, domain_hashes = zip(*fresh.made, strict=True)
    ids = next_ids(connection, contact, len(rows))
    fields = dict(zip(PERSON_FIELDS, zip(*values, strict=True), strict=True))
    tracking_said, lefts, *_ = zip(*facts, strict=True)
    employers = _employers(connection, fields["ods_code"], merge)
    now = stored(connection, merge.now)
    columns = {
        "id": ids,
        "email": emails,
        "address_hash": hashes,
        "domain_hash": domain_hashes,
        **fields,
        "organisation_id": employers,
        "organisation_how": ["code" if number else "" for number in employers],
        "source": repeat(merge.source),
        "tracking_consent": [said == "yes" for said in tracking_said],
        "shared_mailbox": shared,
        "created_at": repeat(now),
        "updated_at": repeat(now),
        "left_at": _times(connection, lefts),
    }
    insert_columns(connection, contact, columns, len(rows))
    _state(connection, ids, said, merge)
    _give(connection, ids, facts, merge)
    further = [ids[place] for place, _ in fresh.further]
    _give(connection, further, [one for _, one in fresh.further], merge)
    if "yes" in tracking_said:
        _note_choices(connection, zip(ids, facts, strict=True), merge)
    return dict(zip(hashes, ids, strict=True))


def write_changed(connection: sa.Connection, drafts: Sequence[Draft], merge: Merge) -> None:
    """Write what the rows of an import changed about people who were known."""
    speaking = [draft for draft in drafts if draft.speaks]
    _state_again(connection, speaking, merge)
    _update(connection, [d for d in drafts if _differs(d)], merge)
    _write_bases(connection, drafts, merge)
    for draft in drafts:
        if draft.email:
            domain = merge.keys.domain_hash(draft.email)
            connection.execute(
                sa.update(contact)
                .where(contact.c.id == draft.held.id)
                .values(
                    email=draft.email,
                    domain_hash=domain,
                    shared_mailbox=merge.shared([draft.email])[0],
                )
            )
    chosen = [d for d in drafts if d.tracking != d.held.tracking]
    tracking.note_choices(
        connection,
        [
            tracking.Choice(
                d.held.id, d.tracking, d.words.get("evidence") or AS_STATED, merge.source, merge.now
            )
            for d in chosen
        ],
    )


def _differs(draft: Draft) -> bool:
    held = draft.held
    before = (held.fields, held.tracking, held.left_at)
    return (draft.fields, draft.tracking, draft.left_at) != before


def _update(connection: sa.Connection, drafts: Sequence[Draft], merge: Merge) -> None:
    codes = [draft.fields["ods_code"] for draft in drafts]
    now = stored(connection, merge.now)
    rows = []
    for draft, employer in zip(drafts, _employers(connection, codes, merge), strict=True):
        held = draft.held
        how = "code" if employer else held.organisation_how
        number = employer or held.organisation_id
        if not employer and any(draft.fields[n] != held.fields[n] for n in WORKPLACE):
            # Which one it is now is for matching to find.
            number, how = None, ""
        left = stored(connection, draft.left_at)
        said = [draft.fields[name] for name in PERSON_FIELDS]
        rows.append((*said, number, how, draft.tracking, left, now, held.id))
    update_rows(connection, contact, _UPDATED, rows)


_UPDATED = (
    *PERSON_FIELDS,
    *("organisation_id", "organisation_how", "tracking_consent", "left_at", "updated_at"),
)


def _state(
    connection: sa.Connection, ids: Sequence[int], said: Sequence[str], merge: Merge
) -> None:
    """Keep what this import's source says of contacts, as JSON."""
    columns: dict[str, Iterable[Any]] = {
        "contact_id": ids,
        "source": repeat(merge.source),
        "import_id": repeat(merge.import_id),
        "stated_at": repeat(stored(connection, merge.now)),
        "said": said,
    }
    insert_columns(connection, statement, columns, len(ids))


def _state_again(connection: sa.Connection, drafts: Sequence[Draft], merge: Merge) -> None:
    now = stored(connection, merge.now)
    ended = [(now, d.mine.id) for d in drafts if d.mine and d.mine.id]
    update_rows(connection, statement, ("replaced_at",), ended)
    before = [(d, one) for d in drafts for one in d.legacy if one.words]
    columns: dict[str, Iterable[Any]] = {
        "contact_id": [draft.held.id for draft, _ in before],
        "source": [one.source for _, one in before],
        "stated_at": [stored(connection, one.stated_at) for _, one in before],
        "said": [as_json(one.words) for _, one in before],
        "replaced_at": [now if one is draft.mine else None for draft, one in before],
    }
    insert_columns(connection, statement, columns, len(before))
    _state(connection, [d.held.id for d in drafts], [d.statement() for d in drafts], merge)


def _write_bases(connection: sa.Connection, drafts: Sequence[Draft], merge: Merge) -> None:
    given: list[tuple[int, Facts]] = []
    replaced: list[tuple[int, Facts]] = []
    for draft in drafts:
        for named, facts in draft.new_bases.items():
            known = draft.held.bases.get(named)
            if known is None:
                given.append((draft.held.id, facts))
            else:
                replaced.append((known.id, facts))
        for facts in draft.given_again.values():
            bases.give_again(connection, draft.held.id, _record(facts), merge.source, merge.now)
    _give(connection, [number for number, _ in given], [facts for _, facts in given], merge)
    now = stored(connection, merge.now)
    times = _times(connection, [facts[6] for _, facts in replaced])
    update_rows(
        connection,
        basis,
        ("evidence", "wording_version", "source", "given_at", "recorded_at"),
        [
            (facts[4], facts[5], merge.source, at, now, number)
            for (number, facts), at in zip(replaced, times, strict=True)
        ],
    )


def _give(
    connection: sa.Connection, ids: Sequence[int], facts: Sequence[Facts], merge: Merge
) -> None:
    """Record the basis of each contact whose facts name one."""
    if any(not one[2] for one in facts):
        with_basis = [(n, one) for n, one in zip(ids, facts, strict=True) if one[2]]
        ids, facts = [n for n, _ in with_basis], [one for _, one in with_basis]
    if not facts:
        return
    _, _, kinds, purposes, evidence, wordings, given = zip(*facts, strict=True)
    columns: dict[str, Iterable[Any]] = {
        "contact_id": ids,
        "kind": kinds,
        "purpose": purposes,
        "evidence": evidence,
        "wording_version": wordings,
        "source": repeat(merge.source),
        "given_at": _times(connection, given),
        "recorded_at": repeat(stored(connection, merge.now)),
    }
    insert_columns(connection, basis, columns, len(ids))


def _record(facts: Facts) -> BasisRecord:
    given = datetime.fromisoformat(facts[6]) if facts[6] else None
    return BasisRecord(BasisKind(facts[2]), facts[4], facts[5], facts[3], given)


def _note_choices(
    connection: sa.Connection, facts: Iterable[tuple[int, Facts]], merge: Merge
) -> None:
    tracking.note_choices(
        connection,
        [
            tracking.Choice(number, True, one[4] or AS_STATED, merge.source, merge.now)
            for number, one in facts
            if one[0] == "yes"
        ],
    )


def _times(connection: sa.Connection, texts: Sequence[str]) -> list[str | None]:
    """Return ISO 8601 texts as the database holds instants; '' is none."""
    if not any(texts):
        return [None] * len(texts)
    return [stored(connection, datetime.fromisoformat(text)) if text else None for text in texts]


def _employers(connection: sa.Connection, codes: Sequence[str], merge: Merge) -> list[int | None]:
    """Return the organisation of each ODS code, None where it is not known."""
    if not any(codes):
        return [None] * len(codes)
    memo = merge.memo.organisations
    unknown = {code for code in codes if code and code not in memo}
    if unknown:
        memo |= dict.fromkeys(unknown)
        for some in chunks(sorted(unknown)):
            query = sa.select(organisation.c.ods_code, organisation.c.id)
            found = connection.execute(query.where(organisation.c.ods_code.in_(some)))
            memo |= {row.ods_code: row.id for row in found}
    return [memo[code] if code else None for code in codes]
