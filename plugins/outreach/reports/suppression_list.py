"""Suppressions as people read them: a page of them, and every one as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from outreach.ledger import suppression_list as ledger
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.suppression_list import Asked, SuppressionRow

if TYPE_CHECKING:
    from outreach.workspace import Workspace

SIZE = 50
STATES = ("standing", "lifted")

COLUMNS = (
    "suppression_id",
    "email",
    "what",
    "reason",
    "scope",
    "detail",
    "origin",
    "by",
    "since",
    "lifted_at",
    "lifted_by",
    "lifted_reason",
)


@dataclass(frozen=True, slots=True)
class SuppressionLine:
    """One suppression; `person` is the opaque id of its contact's page, '' where there is none."""

    person: str
    row: SuppressionRow


@dataclass(frozen=True, slots=True)
class SuppressionList:
    """One page of suppressions. `newer` and `older` are the numbers that the pages beside this
    one begin at, 0 where there is none. `standing` counts those that stand, by reason."""

    lines: tuple[SuppressionLine, ...]
    newer: int
    older: int
    standing: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SuppressionExport:
    """One line of a suppressions file; `email` is known only where a contact has the address."""

    suppression_id: str
    email: str = field(repr=False)
    what: str
    reason: str
    scope: str
    detail: str
    origin: str
    by: str
    since: str
    lifted_at: str
    lifted_by: str
    lifted_reason: str


def asked_for(reason: str = "", state: str = "") -> Asked:
    """Return what asks for suppressions of one reason, "standing" or "lifted"; '' for any."""
    return Asked(reason=reason, state=state if state in STATES else "")


def asked_about(ws: Workspace, text: str) -> Asked:
    """Return what asks for everything that stands, or stood, against an address or a domain."""
    plain = "".join(c for c in text if c.isprintable()).strip().lower().removeprefix("@")
    if "@" not in plain:
        return Asked(domain_hash=ws.keys.domain_hash(plain))
    return Asked(address_hash=ws.keys.address_hash(plain), domain_hash=ws.keys.domain_hash(plain))


def suppression_list(
    ws: Workspace, asked: Asked, *, older: int = 0, newer: int = 0
) -> SuppressionList:
    """Return the page of suppressions older than one number, or newer than another."""
    with reading(ws.engine) as connection:
        rows = ledger.suppression_page(connection, asked, older=older, newer=newer, limit=SIZE + 1)
        standing = ledger.standing_counts(connection)
    more = len(rows) > SIZE
    if more:
        rows = rows[1:] if newer else rows[:SIZE]
    lines = tuple(_line(ws, row) for row in rows)
    first_page = not older and not (newer and more)
    last_page = not newer and not more
    return SuppressionList(
        lines,
        newer=0 if first_page or not rows else rows[0].id,
        older=0 if last_page or not rows else rows[-1].id,
        standing=standing,
    )


def suppression(ws: Workspace, number: int) -> SuppressionLine:
    """Return one suppression. Raises NotFound."""
    with reading(ws.engine) as connection:
        return _line(ws, ledger.suppression_numbered(connection, number))


def suppressions_export(
    ws: Workspace, asked: Asked, *, by: str, via: str
) -> Iterator[SuppressionExport]:
    """Return every suppression that is asked for; the audit log notes who took them out."""
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        note(
            connection,
            who=by,
            via=via,
            action="export suppressions",
            subject="suppressions",
            at=now,
        )
    return map(_exported, ledger.all_suppressions(ws.engine, asked))


def _line(ws: Workspace, row: SuppressionRow) -> SuppressionLine:
    return SuppressionLine(ws.keys.person_id(row.contact_id) if row.contact_id else "", row)


def _exported(row: SuppressionRow) -> SuppressionExport:
    return SuppressionExport(
        str(row.id),
        row.email,
        "domain" if row.whole_domain else "address",
        row.reason,
        row.scope,
        row.detail,
        row.origin,
        row.by,
        _iso(row.created_at),
        _iso(row.lifted_at),
        row.lifted_by,
        row.lifted_reason,
    )


def _iso(instant: datetime | None) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z") if instant else ""
