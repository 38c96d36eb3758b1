"""What a person may order of sending, in words. Light: a DAG file reads it."""

from __future__ import annotations

from enum import StrEnum


class OrderKind(StrEnum):
    """What a person may order."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    LET_THROUGH = "let-pass"
    STOP = "stop"
    START = "start"
    HOLD = "hold"
    RELEASE = "release"


ORDERS = {
    OrderKind.PAUSE: "Pause an edition",
    OrderKind.RESUME: "Resume an edition",
    OrderKind.CANCEL: "Cancel what is left of an edition",
    OrderKind.LET_THROUGH: "Let an audience pass that moved further than its limit",
    OrderKind.HOLD: "Hold a campaign: none of its editions is sent",
    OrderKind.RELEASE: "Release a campaign",
    OrderKind.STOP: "Stop all sending",
    OrderKind.START: "Let all sending go on",
}
"""Each order in words, as a form offers it."""

NEEDS_A_REASON = {
    *(OrderKind.PAUSE, OrderKind.CANCEL, OrderKind.LET_THROUGH),
    *(OrderKind.HOLD, OrderKind.STOP),
}
