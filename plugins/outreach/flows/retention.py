"""Let go of what is older than the rules of hub.yaml: looked at first, then for real.

Nothing goes until a named person has confirmed these very rules (docs/decisions/0025).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.errors import Refused
from outreach.ledger import thinning
from outreach.ledger.assets import thin_assets
from outreach.ledger.edition_store import note
from outreach.ledger.engine import reading
from outreach.ledger.facts import get_fact, set_fact

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_LOOKED_AT, _CONFIRMED = "retention rules looked at", "retention rules confirmed"


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What one run found or, unless `dry_run`, took out: rows or files by rule.

    `days` is each rule's limit. `confirmed` says whether a person confirmed these rules.
    """

    dry_run: bool
    counts: Mapping[str, int]
    days: Mapping[str, int]
    confirmed: bool
    at: datetime
    by: str = ""
    via: str = ""

    @property
    def total(self) -> int:
        """Rows and files in all."""
        return sum(self.counts.values())


def apply_retention(ws: Workspace, *, dry_run: bool, by: str, via: str) -> RetentionReport:
    """Say what would go by each rule or, where the rules are confirmed, let it go.

    Each run is recorded. Raises Refused for a real run of rules that nobody confirmed.
    """
    rules = ws.hub.retention
    now = datetime.now(UTC)
    sure = confirmed(ws)
    if not dry_run and not sure:
        raise Refused(
            "nobody has confirmed these retention rules; look at what would go with: outreach "
            "retention, then confirm them with: outreach retention --apply --by NAME"
        )
    counts = {
        rule: _one(ws, rule, now - timedelta(days=days), dry_run)
        for rule, days in rules.rules().items()
    }
    with ws.engine.begin() as connection:
        thinning.keep_run(connection, counts, dry_run=dry_run, by=by, via=via, now=now)
        if dry_run:
            set_fact(connection, _LOOKED_AT, rules.digest, now)
    return RetentionReport(dry_run, counts, rules.rules(), sure, now, by, via)


def confirm(ws: Workspace, *, by: str, via: str) -> None:
    """Record that a named person wants these rules. Raises Refused before a look at them."""
    digest, now = ws.hub.retention.digest, datetime.now(UTC)
    if not by.strip():
        raise Refused("retention rules are confirmed only with your name")
    with ws.engine.begin() as connection:
        if get_fact(connection, _LOOKED_AT) != digest:
            raise Refused("look first at what would go by these very rules")
        if get_fact(connection, _CONFIRMED) == digest:
            return
        set_fact(connection, _CONFIRMED, digest, now)
        said = ", ".join(f"{rule}: {days} days" for rule, days in ws.hub.retention.rules().items())
        note(
            connection,
            at=now,
            who=by,
            via=via,
            action="confirm retention",
            subject="retention",
            detail=said,
        )


def confirmed(ws: Workspace) -> bool:
    """Whether a person confirmed the rules as hub.yaml has them now."""
    with reading(ws.engine) as connection:
        return get_fact(connection, _CONFIRMED) == ws.hub.retention.digest


def latest(ws: Workspace, limit: int = 3) -> tuple[RetentionReport, ...]:
    """Return the newest runs first."""
    days, sure = ws.hub.retention.rules(), confirmed(ws)
    with reading(ws.engine) as connection:
        rows = thinning.runs(connection, limit)
    return tuple(
        RetentionReport(r["dry_run"], r["counts"], days, sure, r["at"], r["by"], r["via"])
        for r in rows
    )


def _one(ws: Workspace, rule: str, cut: datetime, dry_run: bool) -> int:
    if rule in thinning.RULES:
        return (thinning.found if dry_run else thinning.thin)(ws.engine, rule, cut)
    if rule == "sent_messages":
        done = (thinning.old_messages if dry_run else thinning.thin_messages)(ws.engine, cut)
        if not dry_run:
            thin_assets(ws.engine, cut)
        return done
    old = list(_old_files(_FOLDERS[rule](ws), cut))
    if not dry_run:
        for path in old:
            path.unlink(missing_ok=True)
    return len(old)


_FOLDERS = {
    "processed_files": lambda ws: ws.settings.root / "contacts" / "processed",
    "refused_files": lambda ws: ws.settings.root / "contacts" / "quarantine",
    "outbox_files": lambda ws: ws.settings.home / "outbox",
}


def _old_files(folder: Path, cut: datetime) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        ours = path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        if ours and path.stat().st_mtime < cut.timestamp():
            yield path
