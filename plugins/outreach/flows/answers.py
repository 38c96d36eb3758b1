"""Why somebody did or did not get each edition, in words that can be read out on the phone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.clock import london
from outreach.domain import DeliveryState, EditionState
from outreach.keys import Keys
from outreach.ledger.contacts import Facts
from outreach.ledger.doubt_store import SETTLED
from outreach.ledger.person_editions import EditionFact

S = DeliveryState
Row = Mapping[str, Any]

OUTSIDE = "not in the audience"


@dataclass(frozen=True, slots=True)
class EditionLine:
    """What became of one edition for one person; `state` is "not in the audience" if excluded.

    `since`: when it came to be so, where the ledger knows. `words` answers the person.
    `delivery_id` names their delivery, '' where there is none. `crossed_at`: when they objected
    while it was on its way. `again` names the editions in which it was ordered again for them,
    `again_of` the one that this sends again.
    """

    edition: str
    state: str
    reason: str = ""
    since: datetime | None = None
    title: str = ""
    words: str = ""
    delivery_id: str = ""
    crossed_at: datetime | None = None
    again: tuple[str, ...] = ()
    again_of: str = ""


def edition_lines(keys: Keys, facts: Facts, all_of: Sequence[EditionFact]) -> list[EditionLine]:
    """Return a line for every edition, newest first; none for somebody who is not known."""
    if facts.contact is None and not facts.deliveries:
        return []
    deliveries: dict[str, list[Row]] = {}
    for row in facts.deliveries:
        deliveries.setdefault(row["name"], []).append(row)
    excluded = {row["name"]: row["reason"] for row in facts.exclusions}
    names = {one.id: one.name for one in all_of}
    lines: list[EditionLine] = []
    for one in all_of:
        mine = deliveries.get(one.name, [])
        origin = names.get(one.again_of or 0, "")
        lines += [
            _delivered(keys, one, row, origin, _again(one, all_of, deliveries)) for row in mine
        ]
        if not mine:
            reason = excluded.get(one.name) or _never_looked_at(one, facts, origin)
            words = f"You were not chosen for it: {reason}."
            lines.append(EditionLine(one.name, OUTSIDE, reason, None, one.title, words))
    return lines


def _again(
    one: EditionFact, all_of: Iterable[EditionFact], deliveries: Mapping[str, list[Row]]
) -> tuple[str, ...]:
    return tuple(
        other.name for other in all_of if other.again_of == one.id and other.name in deliveries
    )


def _delivered(
    keys: Keys, one: EditionFact, row: Row, origin: str, again: tuple[str, ...]
) -> EditionLine:
    words = _WORDS[S(row["state"])](one, row)
    if row["crossed_at"]:
        words += f" You objected while it was on its way ({london(row['crossed_at'])})."
    if row["complained_at"]:
        words += f" It was reported as spam ({london(row['complained_at'])})."
    if again:
        words += f" It was ordered again as {', '.join(again)}."
    if origin:
        words += f" This sent again what did not arrive of {origin}."
    return EditionLine(
        edition=one.name,
        state=row["state"],
        reason=row["reason"],
        since=since(row),
        title=one.title,
        words=words,
        delivery_id=keys.delivery_id(row["edition_id"], row["contact_id"]),
        crossed_at=row["crossed_at"],
        again=again,
        again_of=origin,
    )


def since(row: Row) -> datetime | None:
    """Return when a delivery came into its state, as far as the ledger knows."""
    if row["state"] in (S.PLANNED, S.SUPPRESSED, S.CANCELLED):
        return None  # what its batch went through later was not theirs
    moments: dict[str, datetime | None] = {
        "delivered": row["delivered_at"],
        "bounced": row["bounced_at"],
        "handed over": row["handed_over_at"],
    }
    return moments.get(row["state"]) or moments["handed over"]


def _never_looked_at(one: EditionFact, facts: Facts, origin: str) -> str:
    """Say why an edition has neither a delivery nor an exclusion of somebody."""
    contact = facts.contact
    if origin:
        return f"it only sent again what did not arrive of {origin}"
    if contact is None or contact["created_at"] > one.created_at:
        came = f" (we have known you since {london(contact['created_at'])})" if contact else ""
        return f"when it was prepared you were not a contact yet{came}"
    if contact["erased_at"] and contact["erased_at"] <= one.created_at:
        return "you had been erased before"
    if one.state is EditionState.RECOVERED:
        return "it was made again from the claim journal, which only knows who was written to"
    return "only people who had pledged were looked at"


def _when(row: Row, column: str) -> str:
    return f" on {london(row[column])}" if row[column] else ""


def _because(row: Row) -> str:
    return f": {row['reason']}" if row["reason"] else ""


def _accepted(one: EditionFact, row: Row) -> str:
    took = f"It was sent{_when(row, 'handed_over_at')}"
    return f"{took}, and {one.provider or 'the provider'} took it; nothing was heard of it since."


def _planned(one: EditionFact, _row: Row) -> str:
    if one.state is EditionState.PREPARED:
        return "You are to get it, once it is approved."
    return "You are to get it; it has not been sent yet."


def _failed(_one: EditionFact, row: Row) -> str:
    if row["reason"].startswith(SETTLED):
        return f"It was not sent, as a person found out ({row['reason']})."
    return f"It was not sent: the provider refused it{_because(row)}."


def _unknown(_one: EditionFact, row: Row) -> str:
    tried = _when(row, "claimed_at") if not row["recovered_at"] else ""
    return (
        f"It is not known whether it was sent{tried}{_because(row)}. It is never sent again by "
        "itself, so that nobody gets it twice."
    )


_WORDS: dict[DeliveryState, Callable[[EditionFact, Row], str]] = {
    S.PLANNED: _planned,
    S.CLAIMED: lambda _one, _row: "It is being sent at this moment.",
    S.ACCEPTED: _accepted,
    S.DEFERRED: lambda _one, row: (
        f"It was sent{_when(row, 'handed_over_at')}; your mail server asked for it to be tried "
        "again later."
    ),
    S.DELIVERED: lambda _one, row: (
        f"It was sent{_when(row, 'handed_over_at')}, and your mail server took "
        f"it{_when(row, 'delivered_at')}."
    ),
    S.BOUNCED: lambda _one, row: (
        f"It was sent{_when(row, 'handed_over_at')}, and your mail server refused "
        f"it{_when(row, 'bounced_at')}{_because(row)}."
    ),
    S.DROPPED: lambda _one, row: (
        f"It was handed over{_when(row, 'handed_over_at')}, and the provider did not try to "
        f"deliver it{_because(row)}."
    ),
    S.SUPPRESSED: lambda _one, row: (
        f"You were in its audience, and must not be written to{_because(row)}."
    ),
    S.CANCELLED: lambda _one, row: f"It was not sent to you{_because(row)}.",
    S.FAILED: _failed,
    S.UNKNOWN: _unknown,
}
"""What each state means to the person whose delivery it is; a test holds it to be complete."""
