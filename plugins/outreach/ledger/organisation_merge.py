"""Merge organisations from an import: by ODS code, closing and reopening, network by network.

The first row about one in a file wins and later ones fill gaps; from file to file a value that is
not empty updates. What a person set by hand stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from outreach.ledger.imports import Tally
from outreach.ledger.organisation_names import name_key
from outreach.ledger.people import organisation
from outreach.ledger.people_merge import Merge
from outreach.records import OrganisationRecord

_FIELDS = ("name", "sector", "ics_area", "borough", "postcode", "opened_at")
_STATE = (
    *_FIELDS,
    *("name_key", "subscriber_type", "closed_at", "pcn_code", "pcn_name", "pcn_since"),
)
_BLANK: dict[str, Any] = {
    **dict.fromkeys(_STATE, ""),
    **dict.fromkeys(("opened_at", "closed_at", "pcn_since")),
    "subscriber_type": "unknown",
    "type_set_by": "",
}


class _Draft:
    """One organisation while the rows about it are taken in."""

    def __init__(self, before: dict[str, Any] | None, *, fill_only: bool) -> None:
        self.id: int = before["id"] if before else 0
        self.before = before or _BLANK
        self.now = dict(self.before)
        self.fill_only = fill_only

    def take(self, record: OrganisationRecord, merge: Merge) -> bool:
        """Take in one row; return whether it told anything new."""
        said = dict(self.now)
        for name in _FIELDS:
            self._say(name, getattr(record, name))
        self.now["name_key"] = name_key(self.now["name"])
        kind = record.subscriber_type
        if kind and not self.now["type_set_by"]:
            unknown = self.now["subscriber_type"] == "unknown"
            self.now["subscriber_type"] = (
                kind.value if unknown or not self.fill_only else self.now["subscriber_type"]
            )
        if not self.fill_only:
            self._close(record, merge)
        self._join(record, merge)
        self.fill_only = True
        return said != self.now

    def _say(self, name: str, value: Any) -> None:
        if value and not (self.fill_only and self.now[name]):
            self.now[name] = value

    def _close(self, record: OrganisationRecord, merge: Merge) -> None:
        if record.closed_at:
            self.now["closed_at"] = record.closed_at
        elif record.is_open:
            self.now["closed_at"] = None
        elif record.is_open is False and not self.now["closed_at"]:
            self.now["closed_at"] = merge.now

    def _join(self, record: OrganisationRecord, merge: Merge) -> None:
        """Join or leave a network. Rows of one history may come in any order, and again."""
        mine, since, joined = self.now["pcn_code"], self.now["pcn_since"], record.pcn_from
        if not record.pcn_code:
            if not mine:
                self._say("pcn_name", record.pcn_name)
            return
        if joined and joined > merge.now:
            return
        if record.pcn_until and record.pcn_until <= merge.now:
            if mine == record.pcn_code and not (since and since >= record.pcn_until):
                self.now |= {"pcn_code": "", "pcn_name": "", "pcn_since": None}
            return
        if mine == record.pcn_code:
            self._say("pcn_name", record.pcn_name)
            self.now["pcn_since"] = max((d for d in (since, joined) if d), default=None)
            return
        later = joined is not None and (since is None or joined > since)
        earlier = joined is not None and since is not None and joined < since
        if not mine or later or not (earlier or self.fill_only):
            self.now |= {"pcn_code": record.pcn_code, "pcn_name": record.pcn_name}
            self.now["pcn_since"] = joined


def merge_organisations(
    connection: sa.Connection, records: Sequence[OrganisationRecord], merge: Merge
) -> Tally:
    """Write organisations by ODS code; one that has closed stays, with the day it closed."""
    drafts = _known({record.ods_code for record in records}, connection, merge)
    created = changed = 0
    for record in records:
        draft = drafts.get(record.ods_code)
        if draft is None:
            drafts[record.ods_code] = draft = _Draft(None, fill_only=False)
            draft.take(record, merge)
            created += 1
        else:
            changed += draft.take(record, merge)
    _write(connection, drafts, merge)
    merge.told.update(drafts)
    return Tally(created, changed, len(records) - created - changed)


def _known(codes: set[str], connection: sa.Connection, merge: Merge) -> dict[str, _Draft]:
    columns = (organisation.c[name] for name in ("id", "ods_code", "type_set_by", *_STATE))
    rows = connection.execute(sa.select(*columns).where(organisation.c.ods_code.in_(codes)))
    return {
        row["ods_code"]: _Draft(dict(row), fill_only=row["ods_code"] in merge.told)
        for row in rows.mappings()
    }


def _write(connection: sa.Connection, drafts: dict[str, _Draft], merge: Merge) -> None:
    stamp = {"updated_at": merge.now}
    new = [
        {"ods_code": code, **{name: draft.now[name] for name in _STATE}, **stamp}
        for code, draft in drafts.items()
        if not draft.id
    ]
    if new:
        connection.execute(sa.insert(organisation), new)
    changed = [
        {**{name: draft.now[name] for name in _STATE}, **stamp, "number": draft.id}
        for draft in drafts.values()
        if draft.id and draft.now != draft.before
    ]
    if changed:
        connection.execute(_UPDATE, changed)


_UPDATE = (
    sa.update(organisation)
    .where(organisation.c.id == sa.bindparam("number"))
    .values({name: sa.bindparam(name) for name in (*_STATE, "updated_at")})
)
