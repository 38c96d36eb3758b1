"""Erase a person everywhere, prove it, and check later that nothing is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.domain import SuppressionReason
from outreach.flows import kept_files
from outreach.flows.file_search import in_json
from outreach.flows.who import address_of, audit
from outreach.ledger import erasing, erasing_rows, erasing_texts, suppressing
from outreach.ledger.contacts import quarantined_with
from outreach.ledger.engine import drop_old_pages, reading
from outreach.ledger.imports import lock_people
from outreach.ledger.suppressing import Target

if TYPE_CHECKING:
    from outreach.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, as counts by place; a place with nothing in it is 0.

    `person` is the keyed hash of the address in hex, which names nobody; `number`, `at`, `by`
    and `via` are those of the recorded proof.
    """

    counts: Mapping[str, int]
    number: int = 0
    at: datetime | None = None
    by: str = ""
    via: str = ""
    person: str = ""

    @property
    def total(self) -> int:
        """Rows and files in all."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Remains:
    """What is found of an address now, by place, and its recorded erasures, oldest first."""

    counts: Mapping[str, int]
    erasures: tuple[Erasure, ...]

    @property
    def nothing(self) -> bool:
        """Whether an erasure is recorded and nothing at all is found."""
        return bool(self.erasures) and not any(self.counts.values())


def erase_person(ws: Workspace, address: str, *, by: str, via: str) -> Erasure:
    """Erase a person everywhere, keeping a keyed hash so that no import brings them back.

    Works for an address that is not a contact. May be run again: it then finds nothing more.
    Each run leaves its proof.
    """
    plain = address_of(address)
    address_hash = ws.keys.address_hash(plain)
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        lock_people(connection)
        suppressing.suppress(
            connection,
            Target(address_hash),
            SuppressionReason.ERASED,
            detail="",
            origin=via,
            now=now,
        )
        counts = erasing.erase_contact(connection, address_hash, now)
    with ws.engine.begin() as connection:
        counts["quarantined rows"] = erasing_rows.erase_quarantined(connection, plain)
    with ws.engine.begin() as connection:
        counts["texts that name them"] = erasing_texts.erase_texts(connection, plain)
    counts["raw events"] = _redact_raw_events(ws, plain)
    counts |= kept_files.erase_files(*_folders(ws), plain, address_hash.hex())
    drop_old_pages(ws.engine)
    with ws.engine.begin() as connection:
        number = erasing.keep_proof(connection, address_hash, counts, by=by, via=via, now=now)
    audit(ws, plain, "erase", by, via, ", ".join(f"{k}: {v}" for k, v in counts.items()))
    return Erasure(counts, number, now, by, via, address_hash.hex())


def remains(ws: Workspace, address: str) -> Remains:
    """Look in every place that an erasure reaches for what is there of an address now."""
    plain = address_of(address)
    address_hash = ws.keys.address_hash(plain)
    with reading(ws.engine) as connection:
        counts = erasing.left_of(connection, address_hash, datetime.now(UTC))
        counts["quarantined rows"] = len(list(quarantined_with(connection, plain)))
        counts["texts that name them"] = len(list(erasing_texts.texts_with(connection, plain)))
        needle = in_json(plain)
        counts["raw events"] = len(list(erasing_texts.raw_events_with(connection, needle)))
        proofs = erasing.proofs(connection, address_hash)
    counts |= kept_files.find_in_files(*_folders(ws), plain, address_hash.hex())
    return Remains(
        counts,
        tuple(
            Erasure(p["counts"], p["id"], p["at"], p["by"], p["via"], address_hash.hex())
            for p in proofs
        ),
    )


def _folders(ws: Workspace) -> tuple[Path, Path]:
    return ws.settings.root / "contacts", ws.settings.home


def _redact_raw_events(ws: Workspace, address: str) -> int:
    needle = in_json(address)
    with reading(ws.engine) as connection:
        ids = list(erasing_texts.raw_events_with(connection, needle))
    for raw_id in ids:
        with ws.engine.begin() as connection:
            erasing_texts.redact_raw_event(connection, raw_id, needle, b"erased@erased.invalid")
    return len(ids)
