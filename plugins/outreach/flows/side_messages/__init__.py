"""Mail to colleagues about an edition: tests, copies, questions. Marked, and never counted.

None of it is a delivery: it stands in no certificate, no cap and no engagement figure.
"""

from __future__ import annotations

from outreach.flows.side_messages.asking import (
    asked,
    question_of,
    remind,
    tell_approvers,
    tell_unanswered,
)
from outreach.flows.side_messages.handing import SideReport
from outreach.flows.side_messages.listing import side_messages
from outreach.flows.side_messages.seeding import send_copies
from outreach.flows.side_messages.testing import send_test
from outreach.ledger.side_store import SideKind, SideRow, SideState

__all__ = [
    "SideKind",
    "SideReport",
    "SideRow",
    "SideState",
    "asked",
    "question_of",
    "remind",
    "send_copies",
    "send_test",
    "side_messages",
    "tell_approvers",
    "tell_unanswered",
]
