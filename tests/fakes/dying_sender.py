"""A real sender process that kills itself with SIGKILL at a named step.

`python tests/fakes/dying_sender.py EDITION STEP N`: dies at the Nth time it comes to STEP. The
step is wrapped from outside; the sender's own code knows nothing of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from outreach.flows import editions
from outreach.journal import Journal
from outreach.ledger import claims, outcomes
from outreach.providers.sendgrid import SendGrid
from outreach.workspace import open_workspace

BEFORE, AFTER = "before", "after"

STEPS: dict[str, tuple[Any, str, str]] = {
    "before the claim": (claims, "claim", BEFORE),
    "after the claim": (claims, "claim", AFTER),
    "before the journal": (Journal, "append", BEFORE),
    "after the journal": (Journal, "append", AFTER),
    "before handing over": (SendGrid, "hand_over", BEFORE),
    "after handing over": (SendGrid, "hand_over", AFTER),
    "before recording": (outcomes, "record_accepted", BEFORE),
    "after recording": (outcomes, "record_accepted", AFTER),
}


def dying(work: Callable[..., Any], when: str, times: int) -> Callable[..., Any]:
    calls = 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if when == BEFORE and calls == times:
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(*args, **kwargs)
        if when == AFTER and calls == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


def main() -> None:
    edition, step, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if step in STEPS:
        owner, name, when = STEPS[step]
        setattr(owner, name, dying(getattr(owner, name), when, times))
    ws = open_workspace()
    editions.send(ws, edition)


if __name__ == "__main__":
    main()
