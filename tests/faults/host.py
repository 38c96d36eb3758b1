"""Forks real sender processes quickly: everything is imported once, then copied.

`python -m tests.faults.host` reads one JSON order a line and answers each with one line:
`{"start": {...}}` -> pid; `{"look": pid}` -> "running", "stopped", or the exit status;
`{"command": {...}}` -> pid of a process that is `outreach` with these words.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from outreach import cli
from outreach.errors import OutreachError
from outreach.flows import editions, insisting, sending
from outreach.providers import sendgrid
from outreach.providers.smtp import connection as smtp_connection
from outreach.workspace import Workspace, open_workspace
from tests.faults import broken
from tests.faults.steps import Saboteur, set_clock

REFUSED = 3
"""Exit status of a sender that said why it would not send."""


def main() -> None:
    """Serve orders until standard input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        answer = look(order["look"]) if "look" in order else start(**order)
        print(json.dumps(answer), flush=True)  # noqa: T201


def start(start: dict[str, Any] | None = None, command: dict[str, Any] | None = None) -> int:
    """Fork a sender or a command; returns its process id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        if command:
            _become(command)
            status = cli.main(command["words"])
        elif start:
            _become(start)
            send(start)
            status = 0
    except OutreachError as error:
        print(error, file=sys.stderr)  # noqa: T201
        status = REFUSED
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _become(what: dict[str, Any]) -> None:
    os.setsid()
    for name in [name for name in os.environ if name.startswith("OUTREACH_")]:
        del os.environ[name]
    os.environ.update(what["environment"])
    nowhere = os.open(os.devnull, os.O_RDWR)
    files = [what.get("output", os.devnull), what["errors"]]
    written = [os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for file in files]
    for target, source in enumerate((nowhere, *written)):
        os.dup2(source, target)


def send(what: dict[str, Any]) -> None:
    """Send an edition in this process, with what was ordered to go wrong."""
    _tune(what)
    saboteur = Saboteur(what.get("acts", []), what["environment"]["OUTREACH_DATABASE_URL"])
    saboteur.wrap()
    for name in what.get("broken", []):
        broken.BROKEN[name]()
    if what.get("clock"):
        set_clock(what["clock"])
    ws = open_workspace()
    _limit(ws, what)
    saboteur.watch(ws.engine)
    report = editions.send(ws, what["edition"])
    with open(what["report"], "w") as file:
        json.dump(asdict(report), file, default=str)


def _tune(what: dict[str, Any]) -> None:
    """Shorten waits, so that a fault shows in tenths of a second; what is done stays the same."""
    for module, name, value in (
        (sending, "PATIENCE", what.get("patience", 0.0)),
        (insisting, "AGAIN", 0.1),
        (sendgrid, "_USUAL_WAIT", 0.5),
        (sendgrid, "EXCHANGE", what.get("exchange", sendgrid.EXCHANGE)),
        (sendgrid.SendGrid, "in_flight", what.get("in_flight", sendgrid.SendGrid.in_flight)),
    ):
        assert hasattr(module, name), name
        setattr(module, name, value)
    for name, value in (("ANSWER", 1.0), ("TOO_BUSY", 0.5)):
        setattr(smtp_connection, name, value)
    if what.get("host"):
        sys.modules["socket"].gethostname = lambda: what["host"]  # type: ignore[attr-defined]


def _limit(ws: Workspace, what: dict[str, Any]) -> None:
    """Set this sender's database connections up as ordered (SQLite only)."""
    pragmas = what.get("pragmas", [])
    if not pragmas or ws.engine.dialect.name != "sqlite":
        return

    def limited(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    sa.event.listen(ws.engine, "connect", limited)
    ws.engine.dispose()


def look(pid: int) -> int | str:
    """Return how a child is doing; its status is told once."""
    found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
    if not found or os.WIFCONTINUED(status):
        return "running"
    return "stopped" if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
