"""Read a long list with two processes at once: this one, and a `second_reader` for its end.

Both leave exactly what one alone would. Where the second cannot start, dies or keeps silent,
its rows are read here.
"""

from __future__ import annotations

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import outreach
from outreach.errors import Fault, InputError
from outreach.flows.second_reader import Answer, Order, packed
from outreach.flows.staging import Staging
from outreach.keys import Keys
from outreach.sources.fields import Context
from outreach.sources.people import People, read_people
from outreach.sources.reading import SourceFile
from outreach.sources.stretches import WHOLE, Stretch, Unsplit, split_at

log = logging.getLogger("outreach.imports")

LEAST = 6_000_000
"""Bytes of a file from which a second process pays: some 50,000 rows."""

_HEAD_START = 4_000_000
"""Bytes that this process reads while the other one starts."""

_LONGEST_ORDER = 60_000
"""Bytes that a pipe takes at once, whether or not anybody reads them."""

PATIENCE = 60.0
"""Seconds to wait at least for the second process, once this one has read its stretch."""

_SPLIT = ("utf-8", "utf-8-sig", "cp1252")
"""Encodings in which a byte of a line's end is nothing else."""


def put_aside(
    file: SourceFile,
    context: Context,
    keys: Keys,
    staging: Staging,
    watched: Callable[[Iterator[People]], Iterator[People]],
) -> None:
    """Read every row of a file about people and put it aside.

    `watched` passes on what is read here. Raises InputError where the file is broken.
    """

    def read(stretch: Stretch) -> int:
        last = 0
        for some in watched(read_people(file, context, keys, stretch)):
            staging.add(some)
            last = some.last
        return last

    left_empty = Counter(context.left_empty)
    with _second(file, context, keys, staging.folder) as second:
        if second is None:
            read(WHOLE)
            return
        try:
            last = read(Stretch(0, second.start))
            if last <= file.headings_row:
                raise Unsplit
        except Unsplit:
            # A row stands across the place where the file was cut.
            staging.forget()
            context.left_empty.clear()
            context.left_empty.update(left_empty)
            read(WHOLE)
            return
        told = second.answer()
        if told is None:
            read(Stretch(second.start, 0, last))
        else:
            _take_over(told, second, context, staging, last)


def _take_over(
    told: Answer, second: _Second, context: Context, staging: Staging, before: int
) -> None:
    handed, faults, left_empty = told
    if handed is None:
        raise InputError(
            *(Fault(said, name, line and line + before, col) for said, name, line, col in faults)
        )
    context.left_empty.update(left_empty)
    staging.take_over(second.kept(), handed, before)


@dataclass(slots=True)
class _Second:
    """The other process, which reads from byte `start` on and puts its rows into `into`."""

    process: subprocess.Popen[bytes]
    start: int
    into: IO[bytes]
    began: float
    taken: bool = False

    def kept(self) -> IO[bytes]:
        """Return the file of its rows, which is the caller's from now on."""
        self.taken = True
        return self.into

    def answer(self) -> Answer | None:
        """Wait for what it says; None where it died or kept silent for too long."""
        now = time.monotonic()
        said = _read_all(self.process.stdout, now + max(PATIENCE, 4 * (now - self.began)))
        if said is None or self.process.wait() != 0:
            how = "keeps silent" if said is None else "ended before its time"
            log.warning("a second process that reads the list %s; reading its rows here", how)
            return None
        found: Answer = marshal.loads(said)  # noqa: S302 - our own
        return found


def _read_all(pipe: IO[bytes] | None, until: float) -> bytes | None:
    """Return what comes out of a pipe until it is closed, None where that takes too long."""
    assert pipe is not None
    parts: list[bytes] = []
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        while waiting.select(max(until - time.monotonic(), 0)):
            if not (part := os.read(pipe.fileno(), 1 << 16)):
                return b"".join(parts)
            parts.append(part)
    return None


@contextmanager
def _second(
    file: SourceFile, context: Context, keys: Keys, folder: Path
) -> Iterator[_Second | None]:
    """Start the other process where it pays; it is gone when the context is left."""
    start = _cut(file)
    if not start:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    into = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed here or by the staging
    second = _started(start, into)
    try:
        if second and not _ordered(second, file, context, keys, folder):
            _end(second.process)
            second = None
        yield second
    finally:
        if second:
            _end(second.process)
        if not (second and second.taken):
            into.close()


def _cut(file: SourceFile) -> int:
    """Return the byte at which the second process begins, 0 where there should be none."""
    text = file.table.text
    if text is None or text.encoding not in _SPLIT or _processors() < 2:
        return 0
    size = file.table.path.stat().st_size
    if size < LEAST:
        return 0
    return split_at(file.table.path, (size + min(_HEAD_START, size // 2)) // 2)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on a Mac
        return os.cpu_count() or 1


def _started(start: int, into: IO[bytes]) -> _Second | None:
    home = str(Path(outreach.__file__).parent.parent)
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "outreach.flows.second_reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may quote a row
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=(into.fileno(),),
        )
    except OSError:
        log.warning("no second process could be started to read the list; reading it all here")
        return None
    return _Second(process, start, into, time.monotonic())


def _ordered(second: _Second, file: SourceFile, context: Context, keys: Keys, folder: Path) -> bool:
    """Tell the other process what to read, and whether that worked."""
    context = replace(context, left_empty=Counter(), memo={})
    keys = Keys(keys.address, {})  # it signs nothing
    pipe = second.process.stdin
    assert pipe is not None
    try:
        order = packed(
            Order(file, context, keys, Stretch(second.start), folder, second.into.fileno())
        )
        if len(order) > _LONGEST_ORDER:
            return False
        pipe.write(order)
        pipe.flush()  # and left open: it ends when this process does
    except (OSError, pickle.PicklingError):
        log.warning("the second process that was to read the list ended; reading it all here")
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    process.wait()
