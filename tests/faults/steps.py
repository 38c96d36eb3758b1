"""What can be made to happen inside a sender process, from outside its code.

An act is plain JSON: `{"step": ..., "nth": 1, "do": ...}`. The nth time the sender comes to the
step, it is done. Steps are the sender's own calls, wrapped; it knows nothing of it.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from outreach.flows import landing, sending
from outreach.journal import Journal
from outreach.ledger import claims, outcomes
from outreach.providers.sendgrid import SendGrid
from outreach.providers.smtp.provider import Smtp

CALLS: dict[str, tuple[Any, str]] = {
    "the claim": (claims, "claim"),
    "the journal": (Journal, "append"),
    "looking": (outcomes, "still_mine"),
    "handing over": (SendGrid, "hand_over"),
    "handing over ": (Smtp, "hand_over"),
    "recording": (outcomes, "record_receipts"),
    "recording a doubt": (outcomes, "record_doubt"),
    "putting back": (outcomes, "release"),
    "halving": (outcomes, "split"),
}
"""Each gives the steps `before X`, `in X` (its commit), `committed X` and `after X`.

Receipts that are recorded together come to each of these steps once for every batch.
"""

Act = dict[str, Any]


class Saboteur:
    """Counts the steps that one sender comes to, and does what was ordered there."""

    def __init__(self, acts: list[Act], url: str) -> None:
        self._acts = acts
        self._url = url
        self._came: Counter[str] = Counter()
        self._lock = threading.RLock()
        # A sender hands over in several threads; only one of them does anything with the ledger.
        self._here = threading.local()

    def wrap(self) -> None:
        """Put itself around every call."""
        for step, (owner, name) in CALLS.items():
            setattr(owner, name, self._wrapped(step.strip(), getattr(owner, name)))

    def watch(self, engine: sa.Engine) -> None:
        """Put itself around every commit of `engine`."""
        commit = engine.dialect.do_commit

        def watched(connection: Any) -> None:
            within, raw = self._within(), getattr(connection, "dbapi_connection", connection)
            for step in within:
                self._come(f"in {step}", raw)
            commit(connection)
            for step in within:
                self._come(f"committed {step}", raw)

        engine.dialect.do_commit = watched  # type: ignore[method-assign]

    def _within(self) -> list[str]:
        """The step that this thread is in, once for each batch that it is about."""
        return getattr(self._here, "within", [])

    def _wrapped(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            batches = len(args[1]) if step == "recording" else 1
            for _ in range(batches):
                self._come(f"before {step}")
            outer, self._here.within = self._within(), [step] * batches
            try:
                result = work(*args, **kwargs)
            finally:
                self._here.within = outer
            for _ in range(batches):
                self._come(f"after {step}")
            return result

        return wrapped

    def _come(self, step: str, connection: Any = None) -> None:
        with self._lock:
            self._came[step] += 1
            number = self._came[step]
        for act in self._acts:
            first = act.get("nth", 1)
            if act["step"] == step and first <= number < first + act.get("times", 1):
                self._do(act, connection)

    def _do(self, act: Act, connection: Any) -> None:
        match act["do"]:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "set the clock":
                set_clock(act["seconds"])
            case "cut":
                cut(connection, self._url)
            case "fill":
                fill(Path(act["file"]), act["room"])
            case "free":
                resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
            case "break":
                raise RuntimeError("made to break")
            case "interrupt":
                raise KeyboardInterrupt
            case "refuse":
                raise sa.exc.OperationalError("asked", {}, Exception("the ledger is away"))
            case other:
                raise ValueError(other)


def cut(connection: Any, url: str) -> None:
    """Take the database away in the middle of a commit, or right behind it."""
    if isinstance(connection, sqlite3.Connection):
        raise sqlite3.OperationalError("disk I/O error")
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
    connection.execute("SELECT 1")  # raises what the driver raises: the server went away


def fill(file: Path, room: int) -> None:
    """Leave `room` bytes for `file`: a write beyond it is cut short, then refused."""
    size = file.stat().st_size if file.exists() else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, resource.RLIM_INFINITY))


def set_clock(seconds: float) -> None:
    """Set this sender's time of day forward or back, as an administrator or NTP may."""
    ahead = timedelta(seconds=seconds)

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + ahead

    for module in (sending, landing):
        module.datetime = Shifted  # type: ignore[attr-defined]
