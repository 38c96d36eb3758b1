"""An edition's certificate with its facts, as it was settled and as it stands; and in files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from outreach.errors import InputError
from outreach.exports import write_csv
from outreach.flows.certificate_page import as_page
from outreach.flows.person_files import write_private
from outreach.ledger import certificate_rows, edition_store
from outreach.ledger.certificate import Certificate, certificate
from outreach.ledger.engine import reading
from outreach.workspace import Workspace

PEOPLE_COLUMNS = (
    "edition_id",
    "delivery_id",
    "counts_as",
    "state",
    "reason",
    "batch",
    "provider_message_id",
    "claimed_at",
    "delivered_at",
    "bounced_at",
    "crossed_at",
)
_FIGURES = (
    "intended",
    "accepted",
    "failed",
    "suppressed",
    "cancelled",
    "unknown",
    "planned",
    "claimed",
    "crossed",
    "excluded",
)


@dataclass(frozen=True, slots=True)
class EditionFacts:
    """What an edition was, who answered for it, and when. Hashes name content and audience.

    `follows` says in words whom of which edition it follows up, '' where it is no follow-up.
    """

    edition: str
    title: str
    purpose: str
    provider: str
    owner: str
    prepared_by: str
    prepared_at: datetime
    approved_by: str
    approved_via: str
    approved_at: datetime | None
    approval_hash: str
    content_hash: str
    audience_hash: str
    began_at: datetime | None
    ended_at: datetime | None
    again_of: str
    resends: tuple[str, ...]
    follows: str
    follow_ups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EditionAccount:
    """An edition's account. `now` is counted afresh; `settled` is as kept at `settled_at`.

    `changes` says in words what differs between the two: events that came later.
    """

    facts: EditionFacts
    now: Certificate
    settled: dict[str, Any] | None
    settled_at: datetime | None
    changes: tuple[str, ...]


def account(ws: Workspace, edition: str) -> EditionAccount:
    """Return an edition's account, as settled and as it stands. Raises NotFound."""
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        kept = certificate_rows.kept(connection, record.id)
        now = certificate(connection, edition)
    facts = EditionFacts(
        edition=record.name,
        title=record.title,
        purpose=record.purpose,
        provider=record.provider,
        owner=record.owner,
        prepared_by=record.created_by,
        prepared_at=record.created_at,
        approved_by=record.approved_by,
        approved_via=record.approved_via,
        approved_at=record.approved_at,
        approval_hash=record.approval_hash,
        content_hash=record.content_hash,
        audience_hash=record.audience_hash,
        began_at=record.started_at,
        ended_at=record.finished_at,
        again_of=kept.again_of,
        resends=kept.resends,
        follows=kept.follows.words if kept.follows else "",
        follow_ups=kept.follow_ups,
    )
    return EditionAccount(
        facts, now, kept.certificate, kept.certified_at, _changes(kept.certificate, now)
    )


def _changes(settled: dict[str, Any] | None, now: Certificate) -> tuple[str, ...]:
    """Compare what both have: a certificate of years ago may have had fewer figures."""
    if settled is None:
        return ()
    then = {name: settled[name] for name in _FIGURES if name in settled}
    then |= {f"now {name}": people for name, people in settled.get("became", {}).items()}
    today = {name: getattr(now, name) for name in _FIGURES}
    today |= {f"now {name}": people for name, people in now.became.items()}
    return tuple(
        f"{name}: {people} when settled, {today[name]} today"
        for name, people in then.items()
        if name in today and today[name] != people
    )


def export_certificate(ws: Workspace, edition: str, file: Path | str) -> int:
    """Write an edition's account to .json, .html (to print and sign) or .csv (everybody, one row).

    Returns how many rows or figures were written. Nobody is named: people stand as opaque
    delivery ids. Raises NotFound; InputError for another extension.
    """
    path = Path(file)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError("name the file .csv (everybody), .html (to print) or .json (a machine)")
    return writer(ws, edition, path)


def _as_csv(ws: Workspace, edition: str, path: Path) -> int:
    return write_csv(path, PEOPLE_COLUMNS, _people(ws, edition))


def _people(ws: Workspace, edition: str) -> Iterator[tuple[object, ...]]:
    with reading(ws.engine) as connection:
        record = edition_store.get(connection, edition)
        for row in certificate_rows.account_rows(connection, record.id):
            yield (
                record.name,
                ws.keys.delivery_id(record.id, row.contact_id),
                row.counts_as,
                row.state,
                row.reason,
                row.batch or "",
                row.message_id,
                *(
                    at.isoformat() if at else ""
                    for at in (row.claimed_at, row.delivered_at, row.bounced_at, row.crossed_at)
                ),
            )


def _as_json(ws: Workspace, edition: str, path: Path) -> int:
    found = account(ws, edition)
    write_private(path, json.dumps(asdict(found), indent=2, ensure_ascii=False, default=_plain))
    return len(_FIGURES)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _as_html(ws: Workspace, edition: str, path: Path) -> int:
    found = account(ws, edition)
    facts = [(name.replace("_", " "), value) for name, value in asdict(found.facts).items()]
    write_private(path, as_page(facts, found.now, found.settled_at, found.changes))
    return len(_FIGURES)


WRITERS: dict[str, Callable[[Workspace, str, Path], int]] = {
    ".csv": _as_csv,
    ".html": _as_html,
    ".json": _as_json,
}
