"""What an import did, in a sentence for whoever looks after the list: no personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from outreach.ledger.imports import Tally
from outreach.records import ImportKind

_REASONS = 5
"""Reasons that a message lists."""

_DATES = ("since", "cleaned_on")
_LEAVING = "left_on"


def import_words(
    import_id: int,
    file_name: str,
    kind: ImportKind,
    rows: int,
    tally: Tally,
    *,
    reasons: Counter[str],
    left_empty: Mapping[str, int],
    unused: tuple[str, ...],
) -> str:
    """Return what came of a file's `rows`: `reasons` -> how many were set aside for it."""
    parts = [
        f"{rows} rows read from {file_name}: {tally.created} new, {tally.changed} changed, "
        f"{tally.unchanged} unchanged, {reasons.total()} set aside{_why(import_id, reasons)}"
    ]
    if kind is ImportKind.PLEDGES:
        parts.append(f"{tally.new_pledges} new pledges")
    return "; ".join([*parts, *_asides(left_empty, unused)])


def _why(import_id: int, reasons: Counter[str]) -> str:
    """Return why rows were set aside, and where they are."""
    if not reasons:
        return ""
    told = ", ".join(f"{reason} {n}" for reason, n in reasons.most_common(_REASONS))
    more = "" if len(reasons) <= _REASONS else ", and others"
    return f" ({told}{more}; to mend them, see import {import_id} under Imports)"


def _asides(left_empty: Mapping[str, int], unused: tuple[str, ...]) -> Iterator[str]:
    """Yield what else a person should know of a file that was taken."""
    left = {name: n for name, n in sorted(left_empty.items()) if name not in (*_DATES, _LEAVING)}
    if left:
        fields = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in left.items())
        yield f"left empty, as the source says for what is not recognised: {fields}"
    if leaving := left_empty.get(_LEAVING):
        yield f"not marked as left, since that day is still to come: {leaving}"
    if dates := sum(left_empty.get(name, 0) for name in _DATES):
        yield f"taken without their date, which could not be read: {dates}"
    if unused:
        yield f"columns not used: {', '.join(unused)}"
