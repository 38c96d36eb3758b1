"""Copies for colleagues: a marked, uncounted one of each variant as an edition begins to be sent.

Each is claimed by edition, variant and colleague, so that clearing or killing a run never brings
a second one. One in doubt is listed and stays so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

from outreach.domain import AGAIN
from outreach.errors import OutreachError
from outreach.flows.preparing import find_campaign
from outreach.flows.recovery import JournalGuard
from outreach.flows.side_messages.handing import SideMessage, hand_all
from outreach.flows.side_messages.samples import Show, show_edition, to_colleagues
from outreach.journal import Journal
from outreach.ledger import holds
from outreach.ledger.edition_store import EditionRecord
from outreach.ledger.engine import DatabaseError, reading
from outreach.ledger.side_store import SideKind
from outreach.workspace import Workspace

LOG = logging.getLogger(__name__)
BY = "outreach"

_LINE = (
    "This is a copy for colleagues. Variant {number} of {all} of {name} ({label}) goes to "
    "{people} people, each with their own details. Its unsubscribe link does nothing."
)


def send_copies(ws: Workspace, record: EditionRecord) -> None:
    """Send the colleagues among `seeds` a copy of an edition's largest variants, each once.

    Whatever goes wrong is listed or logged: it never stops the edition. A resend has no copies.
    """
    try:
        colleagues = _seeds(ws, record)
        if not colleagues or AGAIN in record.name or _held(ws, record):
            return
        JournalGuard(Journal(ws.settings.journal), ws.engine).check()
        found = show_edition(ws, record)
        hand_all(ws, _copies(ws, found, colleagues), by=BY, via="send")
    except (OutreachError, DatabaseError) as error:
        LOG.warning("The copies of %s for colleagues: %s", record.name, type(error).__name__)


def _seeds(ws: Workspace, record: EditionRecord) -> tuple[str, ...]:
    if not ws.hub.colleagues:
        return ()
    try:
        return find_campaign(ws, record.campaign).seeds
    except OutreachError:
        return ws.hub.seeds  # the file is gone or broken since


def _held(ws: Workspace, record: EditionRecord) -> bool:
    with reading(ws.engine) as connection:
        return holds.held(connection, record.id, datetime.now(UTC)) is not None


def _copies(ws: Workspace, found: Show, colleagues: tuple[str, ...]) -> Iterator[SideMessage]:
    largest = sorted(found.variants, key=lambda one: (-one.people, one.number))
    for one in largest[: ws.hub.seed_variants]:
        line = _LINE.format(
            number=one.number,
            all=len(found.variants),
            name=found.name,
            label=one.label or "everyone",
            people=f"{one.people:,}",
        )
        once = f"copy:{found.edition_id}"
        yield from to_colleagues(found, one, colleagues, kind=SideKind.COPY, once=once, line=line)
