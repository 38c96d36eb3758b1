"""The program that reads the end of a long list, while whoever started it reads the rest.

It is started with `python -m`, not forked: Airflow's tasks have threads. What to read comes on
its standard input, and with it the key of the address hashes: a command line and an environment
can be looked at by others. Rows go into a file without a name that it inherits; its standard
output says where they lie. Asked for it, it then sorts all rows, part by part, while whoever
started it writes those before. It ends when its input does, and so with whoever started it.
"""

from __future__ import annotations

import gc
import marshal
import os
import pickle
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Queue, SimpleQueue
from typing import IO, Any

from outreach.errors import InputError
from outreach.flows.aside import PARTS
from outreach.flows.sharing import LayingOut, spans
from outreach.flows.staging import Handed, Part, Staging
from outreach.keys import Keys
from outreach.ledger.making import Making
from outreach.ledger.sheets import Sheet
from outreach.sources.fields import Context
from outreach.sources.mailboxes import shared_mailboxes
from outreach.sources.people import read_people
from outreach.sources.reading import SourceFile
from outreach.sources.stretches import Stretch

LENGTH = 8
"""Bytes that say how long what follows them is."""

_AHEAD = 2
"""Messages that wait to be heard."""

Answer = tuple[Handed | None, list[tuple[Any, ...]], dict[str, int]]
"""Where rows were put, or the faults of a broken file; fields left empty, counted by name."""

Rest = tuple[Handed, int, bool]
"""Where the other process put its rows, how many rows of the file it read, and whether it asks
for sheets."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to read, and the descriptors of the files to put it into and of the other's rows."""

    file: SourceFile
    context: Context
    keys: Keys
    stretch: Stretch
    folder: Path
    into: int
    others: int


def framed(said: bytes) -> bytes:
    """Return a message as it goes over a pipe."""
    return len(said).to_bytes(LENGTH) + said


def read_stretch(order: Order, staging: Staging) -> Answer:
    """Read a stretch and put its rows aside; rows count from 1 where it starts."""
    context = replace(order.context, left_empty=Counter(), memo={})
    file = replace(order.file, headings_row=0)
    try:
        for some in read_people(file, context, order.keys, order.stretch):
            staging.add(some)
        return staging.handed(), [], dict(context.left_empty)
    except InputError as error:
        return None, [(f.message, f.file, f.line, f.column) for f in error.faults], {}


@contextmanager
def whole(order: Order, mine: Handed, rest: Rest) -> Iterator[Staging]:
    """Lend the rows of both processes."""
    theirs, before, _ = rest
    with (
        os.fdopen(order.others, "rb", closefd=False) as others,
        os.fdopen(order.into, "rb", closefd=False) as own,
        Staging(order.folder) as staging,
    ):
        staging.take_over(others, theirs, 0)
        staging.take_over(own, mine, before)
        yield staging


def sorted_parts(staging: Staging, keys: Keys) -> Iterator[Part]:
    """Yield rows part by part, with what is made of them."""
    making = Making()
    for number in range(PARTS):
        rows = staging.part(number)
        yield rows, making.of(rows, keys, shared_mailboxes)


def laid_out(staging: Staging, keys: Keys) -> Iterator[Sheet]:
    """Yield rows as sheets."""
    own = LayingOut(staging, keys)
    yield from map(own.sheet, spans(staging.rows))


def main() -> None:
    """Read what is ordered, say where its rows lie, and sort if that is asked for."""
    said: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, said), daemon=True).start()
    order: Order = pickle.loads(said.get())  # noqa: S301 - from whoever started this
    gc.disable()  # as the import itself does: rows are many and form no circles
    with os.fdopen(order.into, "r+b", closefd=False) as into:
        answer = read_stretch(order, Staging(order.folder, into))
        _say(marshal.dumps(answer))
    rest: Rest = marshal.loads(said.get())  # noqa: S302 - from whoever started this
    if answer[0] is not None:
        with whole(order, answer[0], rest) as staging:
            made: Iterable[Sheet | Part] = sorted_parts(staging, order.keys)
            if rest[2]:
                made = laid_out(staging, order.keys)
            _say_ahead(marshal.dumps((*some,)) for some in made)
    os._exit(0)  # the thread that listens holds the input, which a tidy end would wait for


def _say_ahead(messages: Iterator[bytes]) -> None:
    """Say all of these. The next ones are made while the one before is waiting to be heard."""
    waiting: Queue[bytes] = Queue(_AHEAD)

    def say() -> None:
        while message := waiting.get():
            _say(message)

    speaker = threading.Thread(target=say)
    speaker.start()
    for message in messages:
        waiting.put(message)
    waiting.put(b"")
    speaker.join()


def _say(message: bytes) -> None:
    sys.stdout.buffer.write(framed(message))
    sys.stdout.buffer.flush()


def _listen(source: IO[bytes], said: SimpleQueue[bytes]) -> None:
    """Pass messages on; once they end, nobody is there to work for."""
    while length := source.read(LENGTH):
        said.put(source.read(int.from_bytes(length)))
    os._exit(1)


if __name__ == "__main__":
    main()
