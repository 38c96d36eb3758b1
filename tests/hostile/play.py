"""`python -m tests.hostile.play HOME`: import files, one a line of input, in bounded memory.

One answer a line of output. A file that needs too much ends the process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from outreach.errors import InputError
from outreach.flows.imports import import_file
from outreach.settings import load_settings
from outreach.workspace import Workspace, open_workspace
from tests.flows.importing import WHO, people_tables

MORE_MEMORY = 300_000_000
"""So many bytes may be asked for beyond what a process holds before it opens a file."""
SECONDS = 15
"""More ends the process: it hangs."""


def main(home: str) -> None:
    settings = {"OUTREACH_HOME": home, "OUTREACH_DATABASE_URL": f"sqlite:///{home}/ledger.db"}
    ws = open_workspace(load_settings(settings))
    first = Path(home) / "first.csv"
    first.write_text("Email\nfirst@example.org\n")
    import_file(ws, first, "contacts", **WHO)
    limit = _status("VmSize") + MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_played(ws, **asked)), flush=True)  # noqa: T201 - its answer


def _played(ws: Workspace, path: str, kind: str, grows: bool) -> dict[str, Any]:
    before = _dump(ws)
    Path("/proc/self/clear_refs").write_text("5")
    held = _status("VmRSS")
    signal.alarm(SECONDS)
    with _growing(Path(path)) if grows else contextlib.nullcontext():
        try:
            done = import_file(ws, path, kind, source=path, **WHO)
            found = {
                "state": done.state.value,
                "said": done.message,
                "accepted": done.accepted,
                "reasons": dict(done.quarantined_by_reason),
            }
        except InputError as error:
            found = {"state": "refused", "said": str(error), "accepted": 0, "reasons": {}}
    signal.alarm(0)
    return {**found, "grown": _status("VmHWM") - held, "same": _dump(ws) == before}


@contextlib.contextmanager
def _growing(path: Path) -> Any:
    """Add rows to a file until the block ends."""
    over = threading.Event()

    def grow() -> None:
        with path.open("a") as file:
            number = 0
            while not over.is_set():
                file.writelines(f"more{number + n}.hostile@example.org\n" for n in range(1_000))
                file.flush()
                number += 1_000
                time.sleep(0.002)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def _dump(ws: Workspace) -> str:
    return hashlib.sha256(repr(people_tables(ws.engine)).encode()).hexdigest()


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main(sys.argv[1])
