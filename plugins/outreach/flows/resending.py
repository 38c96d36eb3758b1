"""Send settled deliveries again, because a named person orders it: as an edition of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

import sqlalchemy as sa

from outreach.domain import AGAIN, DeliveryState
from outreach.errors import NotFound, Refused
from outreach.flows.doubts import contact_of
from outreach.ledger import edition_store, freeze, resend_store
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import reading
from outreach.ledger.imports import lock_people
from outreach.ledger.resend_store import Order, Settled
from outreach.providers.filling import without_addresses
from outreach.workspace import Workspace

S = DeliveryState

_NOT_SENT = (S.FAILED, S.CANCELLED, S.SUPPRESSED)
"""How an earlier resend may have ended for somebody who may have another one."""

_MOST = 1_000
"""Deliveries of one order: more of them are a case for a new edition."""


def resend(
    ws: Workspace,
    edition: str,
    delivery_ids: Iterable[str],
    *,
    by: str,
    via: str,
    reason: str,
) -> str:
    """Order settled deliveries of `edition` to be sent again; returns the new edition's name.

    Only deliveries that failed (a person settled them, or the provider refused them) can be:
    one in doubt is settled first, and one that was accepted is never sent twice. The new
    edition is approved as the old one was; nothing leaves before it is sent. The old one's
    account stays as it is. Raises Refused, saying which delivery and why; NotFound.
    """
    by, reason = by.strip(), without_addresses(" ".join(reason.split()))[:300]
    if not by or not reason:
        raise Refused("a resend is ordered by a named person with a reason: --by and --reason")
    named = list(dict.fromkeys(delivery_ids))
    if not 0 < len(named) <= _MOST:
        raise Refused(f"name 1 to {_MOST:,} deliveries to be sent again")
    now = datetime.now(UTC)
    with ws.engine.begin() as connection:
        lock_people(connection)
        record = edition_store.get(connection, edition)
        contacts = {contact_of(ws, record, one): one for one in named}
        family = resend_store.family(connection, record.id)
        people = _may_be_resent(connection, record, contacts, family)
        root = next(iter(family))
        order = Order(_free_name(connection, family[root]), by, via, now)
        resend_store.make(connection, record.id, root, people, order)
        _note(connection, record, order, contacts.values(), reason)
    return order.name


def ordered(ws: Workspace) -> list[str]:
    """Return the resends that were ordered and are not all sent yet, oldest first."""
    with reading(ws.engine) as connection:
        return resend_store.ordered(connection)


def _may_be_resent(
    connection: sa.Connection,
    record: EditionRecord,
    contacts: dict[int, str],
    family: dict[int, str],
) -> list[Settled]:
    if not record.approved_by:
        raise Refused(f"nobody approved {record.name}, so nothing of it can be sent again")
    found = resend_store.settled(connection, record.id, contacts)
    for contact_id, delivery_id in contacts.items():
        if contact_id not in found:
            raise NotFound(f"{record.name} has no delivery {delivery_id}")
        _must_have_failed(delivery_id, found[contact_id])
    for edition_id in family.keys() - {record.id}:
        for contact_id, other in resend_store.settled(connection, edition_id, contacts).items():
            if other.state not in _NOT_SENT:
                raise Refused(
                    f"{contacts[contact_id]} is {other.state} in {family[edition_id]}, which is "
                    "the same message: it is not ordered once more"
                )
    return [found[contact_id] for contact_id in sorted(contacts)]


def _must_have_failed(delivery_id: str, one: Settled) -> None:
    if one.state is S.UNKNOWN:
        raise Refused(
            f"{delivery_id} is in doubt: it may have arrived. Find out, settle it, and then "
            "order it again"
        )
    if one.state is not S.FAILED:
        raise Refused(
            f"{delivery_id} is {one.state}: only a delivery that failed can be ordered again"
        )
    if not one.whole:
        raise Refused(
            f"{delivery_id}: what was to be sent is not kept any more (the person was erased, or "
            "only the claim journal knew of it), so it cannot be sent again"
        )


def _free_name(connection: sa.Connection, name: str) -> str:
    number = 1
    while freeze.exists(connection, f"{name}{AGAIN}{number}"):
        number += 1
    return f"{name}{AGAIN}{number}"


def _note(
    connection: sa.Connection,
    record: EditionRecord,
    order: Order,
    delivery_ids: Collection[str],
    reason: str,
) -> None:
    """Say so in the history of both editions, and of each delivery."""
    people = len(delivery_ids)
    told = [
        (record.name, f"{people} settled deliveries as {order.name}: {reason}"),
        (
            order.name,
            f"{people} of {record.name}, approved by {record.approved_by}; ordered again by "
            f"{order.by}: {reason}",
        ),
    ]
    each = [f"{record.name} {one}" for one in delivery_ids]
    resend_store.note_each(connection, order, each, f"as {order.name}: {reason}")
    for subject, detail in told:
        edition_store.note(
            connection,
            who=order.by,
            via=order.via,
            action="resend",
            subject=subject,
            at=order.at,
            detail=detail,
        )
