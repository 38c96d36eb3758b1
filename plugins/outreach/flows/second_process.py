"""The other process that reads a long list: started, told, listened to, and ended."""

from __future__ import annotations

import fcntl
import logging
import marshal
import os
import pickle
import selectors
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import outreach
from outreach.flows.second_reader import LENGTH, Answer, Order, framed
from outreach.flows.staging import Part, Staging
from outreach.keys import Keys
from outreach.ledger.sheets import Sheet
from outreach.sources.csvfile import ONE_BYTE_ENDS
from outreach.sources.fields import Context
from outreach.sources.reading import SourceFile
from outreach.sources.stretches import Stretch, split_at

log = logging.getLogger("outreach.imports")

LEAST = 6_000_000
"""Bytes of a file from which a second process pays: some 50,000 rows."""

HEAD_START = 4_000_000
"""Bytes that this process reads while the other one starts."""

_PIPE = 1 << 20
"""Bytes that may wait in what it says, as many as a system lets anybody have."""

PATIENCE = 60.0
"""Seconds to wait at least for the other process."""


@dataclass(slots=True)
class Second:
    """The other process, which reads from byte `start` on and puts its rows into `into`."""

    process: subprocess.Popen[bytes]
    start: int
    into: IO[bytes]
    began: float
    heard: bytes = b""
    ended: bool = False

    def tell(self, message: bytes) -> bool:
        """Tell it something, and whether that could be done within its patience."""
        pipe = self.process.stdin
        assert pipe is not None
        rest, until = memoryview(framed(message)), time.monotonic() + PATIENCE
        os.set_blocking(pipe.fileno(), False)
        with selectors.DefaultSelector() as waiting:
            waiting.register(pipe, selectors.EVENT_WRITE)
            while rest and waiting.select(max(until - time.monotonic(), 0)):
                try:
                    rest = rest[os.write(pipe.fileno(), rest) :]
                except OSError:
                    break
        if rest:
            self._give_up("does not listen")
        return not rest

    def answer(self) -> Answer | None:
        """Wait for where its rows lie; None where it died or keeps silent for too long."""
        message = self._message(max(PATIENCE, 4 * (time.monotonic() - self.began)))
        if message is None:
            return None
        found: Answer = marshal.loads(message)  # noqa: S302 - our own
        return found

    def part(self, _: int) -> Part | None:
        """Return the next part, sorted; None, and never another, where it fails."""
        message = None if self.ended else self._message(PATIENCE)
        if message is None:
            return None
        found: Part = marshal.loads(message)  # noqa: S302 - our own
        return found

    def sheet(self) -> Sheet | None:
        """Return the next sheet, None where none is ready. Where it fails there is never one."""
        pipe = self.process.stdout
        if self.ended or pipe is None or not (self.heard or _is_readable(pipe)):
            return None
        message = self._message(PATIENCE)
        return Sheet(*marshal.loads(message)) if message else None  # noqa: S302 - our own

    def end(self) -> None:
        """End the process, whatever it is doing. Its rows stay where they are."""
        self.ended = True
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait()

    def _message(self, patience: float) -> bytes | None:
        """Return the next message. None, and the process is ended, where none comes."""
        until = time.monotonic() + patience
        length = self._bytes(LENGTH, until)
        message = length and self._bytes(int.from_bytes(length), until)
        if not message:
            self._give_up("ended before its time, or keeps silent")
        return message or None

    def _bytes(self, number: int, until: float) -> bytes:
        """Return so many bytes of what it says, b"" where they do not come."""
        pipe = self.process.stdout
        assert pipe is not None
        parts, missing = [self.heard], number - len(self.heard)
        with selectors.DefaultSelector() as waiting:
            waiting.register(pipe, selectors.EVENT_READ)
            while missing > 0:
                ready = waiting.select(max(until - time.monotonic(), 0))
                part = os.read(pipe.fileno(), 1 << 20) if ready else b""
                if not part:
                    return b""
                parts.append(part)
                missing -= len(part)
        found = b"".join(parts)
        self.heard = found[number:]
        return found[:number]

    def _give_up(self, why: str) -> None:
        log.warning("a second process that reads the list %s; going on without it", why)
        self.end()


def _is_readable(pipe: IO[bytes]) -> bool:
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        return bool(waiting.select(0))


def started(file: SourceFile, context: Context, keys: Keys, staging: Staging) -> Second | None:
    """Start the other process where it pays; it is ended with the staging at the latest."""
    start = _cut(file)
    if not start:
        return None
    others = staging.file()
    into = tempfile.TemporaryFile(dir=staging.folder)  # noqa: SIM115 - closed by the staging
    staging.closing(into.close)
    process = _process((into.fileno(), others.fileno()))
    if process is None:
        return None
    second = Second(process, start, into, time.monotonic())
    staging.closing(second.end)
    order = Order(
        file,
        replace(context, left_empty=Counter(), memo={}),
        Keys(keys.address, {}),  # it signs nothing
        *(Stretch(start), staging.folder, into.fileno(), others.fileno()),
    )
    return second if second.tell(pickle.dumps(order)) else None


def _cut(file: SourceFile) -> int:
    """Return the byte at which the second process begins, 0 where there should be none."""
    text = file.table.text
    if text is None or text.encoding not in ONE_BYTE_ENDS or _processors() < 2:
        return 0
    if text.size < LEAST:
        return 0
    return split_at(file.table.path, (text.size + min(HEAD_START, text.size // 2)) // 2)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on a Mac
        return os.cpu_count() or 1


def _process(files: tuple[int, ...]) -> subprocess.Popen[bytes] | None:
    home = str(Path(outreach.__file__).parent.parent)
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "outreach.flows.second_reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may quote a row
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=files,
        )
    except OSError:
        log.warning("no second process could be started to read the list; reading it all here")
        return None
    _widen(process.stdout)
    return process


def _widen(pipe: IO[bytes] | None) -> None:
    """Let most of a sheet wait in a pipe: whoever speaks need not be woken for each part of it."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)  # Linux alone has it
    if pipe and size is not None:
        with suppress(OSError):  # a user may have only so much in pipes
            fcntl.fcntl(pipe, size, _PIPE)
