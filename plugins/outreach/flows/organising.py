"""Tie contacts to their organisations: by ODS code, by name and postcode, or as a person settled.

One decision for each name at a postcode holds for everyone who says it. It writes only what
changes, so a run that finds nothing new changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from outreach.errors import NotFound, Refused
from outreach.flows.likeness import MATCHED, Judgement, Listed, Register
from outreach.flows.pace import by_pace
from outreach.ledger import organisation_doubts, organisation_ties
from outreach.ledger import organisation_matches as ledger
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.imports import running_since
from outreach.ledger.organisation_matches import DECIDED, SETTLED, Decision, Key, Said, Verdict
from outreach.ledger.organisation_names import name_key, postcode_key
from outreach.ledger.organisation_views import OrganisationRow, organisation_numbered

if TYPE_CHECKING:
    from outreach.workspace import Workspace

CODE, NAME = "code", "name"
"""How a contact's organisation is known, beside "settled" (by a person)."""

_MARGIN = timedelta(seconds=10)
"""For how long a change may wait to be committed under the time at which it was made."""


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What matching did: `names` by state, contacts newly `tied` to an organisation, `untied`."""

    names: Mapping[str, int]
    tied: int = 0
    untied: int = 0


def match_organisations(ws: Workspace, *, after_import: int = 0) -> MatchReport:
    """Tie every contact to the organisation they say, as far as that is certain.

    `after_import`, the number of an import whose rows are all in, spares looking at contacts
    that have not changed since they were last looked at; where the register of organisations
    changed, all are looked at nevertheless.
    """
    now = datetime.now(UTC)
    with reading(ws.engine) as connection:
        if ledger.register_is_empty(connection):
            # The first organisation changes the register, and so has everyone looked at.
            return MatchReport({})
        wanting = ledger.without_name_key(connection)
    by_pace(ws.engine, wanting, ledger.keep_name_keys)
    with reading(ws.engine) as connection:
        running = running_since(connection, besides=after_import)
        since = ledger.looked_until(connection) if after_import else None
        known = ledger.decisions(connection)
        listed = ledger.open_organisations(connection, now)
        said = ledger.names_said(connection)
        before = ledger.register_known(connection)
    fingerprint = _fingerprint(listed)
    again = fingerprint != before
    _keep(ws, _judged(said, known, listed, again=again), known, said, now)
    with reading(ws.engine) as connection:
        decided = ledger.decisions(connection)
    tied, untied = _tie(
        ws, decided, organisation_ties.ties(ws.engine, since=None if again else since)
    )
    if again or after_import:
        # A running import's rows come in later, and one that was killed left some unlooked at.
        until = min(now - _MARGIN, running or now) if after_import else None
        ledger.keep_look(ws.engine, fingerprint if again else "", until, now)
    states = Counter(one.state for one in decided.values())
    return MatchReport(dict(sorted(states.items())), tied, untied)


def _keep(
    ws: Workspace,
    verdicts: list[Verdict],
    known: Mapping[Key, Decision],
    said: Mapping[Key, Said],
    now: datetime,
) -> None:
    by_pace(ws.engine, verdicts, lambda there, some: ledger.keep_verdicts(there, some, now))
    unsaid = sorted(one.id for key, one in known.items() if key not in said)
    by_pace(ws.engine, unsaid, ledger.forget_unsaid)


def _fingerprint(listed: Iterable[tuple[int, str, str]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for row in listed:
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _judged(
    said: Mapping[Key, Said],
    known: Mapping[Key, Decision],
    listed: list[tuple[int, str, str]],
    *,
    again: bool,
) -> list[Verdict]:
    """Return what is to be written: names not met before, and what came out otherwise."""
    wanted = [key for key in said if again or key not in known]
    register = Register(Listed(*row) for row in listed) if wanted else Register(())
    fresh = {key: register.judge(*key) for key in wanted}
    verdicts = []
    for key, words in said.items():
        old = known.get(key)
        new = fresh.get(key) or (_standing(old) if old else Judgement("unknown"))
        if old is None or _differs(old, new, words):
            verdict = Verdict(key, words, new.state, new.organisation_id, new.candidates)
            verdicts.append(verdict)
    return verdicts


def _standing(old: Decision) -> Judgement:
    return Judgement(old.state, old.organisation_id, old.candidates)


def _differs(old: Decision, new: Judgement, words: Said) -> bool:
    if old.people != words.people or old.candidates != new.candidates:
        return True
    same = (old.state, old.organisation_id) == (new.state, new.organisation_id)
    return old.state not in DECIDED and not same


def _tie(ws: Workspace, decided: Mapping[Key, Decision], pages: Iterable[Any]) -> tuple[int, int]:
    tied = untied = 0
    for page in pages:
        rows: list[organisation_ties.Tie] = []
        for row in page:
            to, how = _target(row, decided)
            if (to, how) != (row.organisation_id, row.organisation_how):
                rows.append((row.id, row.organisation_name, to, how))
                if to != row.organisation_id:
                    tied, untied = tied + (to is not None), untied + (to is None)
        by_pace(ws.engine, rows, organisation_ties.tie)
    return tied, untied


def _target(row: Any, decided: Mapping[Key, Decision]) -> tuple[int | None, str]:
    """Return which organisation a contact belongs to, and how that is known."""
    if row.code_id is not None:
        return row.code_id, CODE
    found = decided.get((name_key(row.organisation_name), postcode_key(row.organisation_postcode)))
    if found is None or found.state not in (MATCHED, SETTLED):
        return None, ""
    return found.organisation_id, NAME if found.state == MATCHED else SETTLED


def doubtful(
    ws: Workspace, *, after: int = 0, limit: int = 50, settled: bool = False
) -> tuple[organisation_doubts.Doubtful, ...]:
    """Return names whose organisation is in doubt with their candidates, by number from `after` on.

    With `settled`, those that a person settled, so that they can be looked at and changed.
    """
    states = DECIDED if settled else ("doubtful",)
    with reading(ws.engine) as connection:
        return organisation_doubts.matches(connection, states, after=after, limit=limit)


def settle_match(
    ws: Workspace, match_id: int, organisation_id: int | None, *, by: str, via: str, reason: str
) -> int:
    """Settle which organisation a name means (None: none of them), for all who say it and will.

    It may be settled again otherwise. Returns how many contacts were tied or untied.
    Raises NotFound for a match or organisation that is not there, and Refused without a name and
    a reason, or for an organisation that has closed.
    """
    why = reason.strip()[:300]
    if not by.strip() or not why:
        raise Refused("a match is settled by a named person with a reason")
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        found = ledger.match_numbered(connection, match_id)
        chosen = _open_one(connection, organisation_id, now) if organisation_id else None
        ledger.settle(connection, match_id, organisation_id, by=by, reason=why, now=now)
        note(
            connection,
            at=now,
            who=by,
            via=via,
            action="settle organisation match",
            subject=f"match {match_id}",
            detail=f"{chosen.ods_code if chosen else 'none of them'}: {why}",
        )
    with reading(ws.engine) as connection:
        decided = ledger.decisions(connection)
        names = organisation_ties.spellings(connection, found["name_key"])
    return sum(_tie(ws, decided, organisation_ties.ties(ws.engine, names=names)))


def _open_one(connection: Any, organisation_id: int, now: datetime) -> OrganisationRow:
    found = organisation_numbered(connection, organisation_id)
    if found is None:
        raise NotFound("there is no such organisation; outreach organisations list shows them")
    if found.closed_at and found.closed_at <= now:
        raise Refused(f"{found.ods_code} has closed; choose one that is open, or none of them")
    return found
