"""The program that reads the later stretch of a long list, while whoever started it reads the rest.

It is started with `python -m`, not forked: Airflow's tasks have threads. What to read comes on
its standard input, and with it the key of the address hashes: a command line and an environment
can be looked at by others. Rows go into a file without a name that it inherits; its standard
output says where they lie. It ends when its input does, and so with whoever started it.
"""

from __future__ import annotations

import gc
import marshal
import os
import pickle
import sys
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from outreach.errors import InputError
from outreach.flows.staging import Handed, Staging
from outreach.keys import Keys
from outreach.sources.fields import Context
from outreach.sources.people import read_people
from outreach.sources.reading import SourceFile
from outreach.sources.stretches import Stretch

LENGTH = 8
"""Bytes that say how long the order is which follows them."""

Answer = tuple[Handed | None, list[tuple[Any, ...]], dict[str, int]]
"""Where rows were put, or the faults of a broken file; fields left empty, counted by name."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to read, and the descriptor of the file to put it into."""

    file: SourceFile
    context: Context
    keys: Keys
    stretch: Stretch
    folder: Path
    descriptor: int


def packed(order: Order) -> bytes:
    """Return an order as it goes over the pipe."""
    said = pickle.dumps(order)
    return len(said).to_bytes(LENGTH) + said


def answer(order: Order, into: IO[bytes]) -> Answer:
    """Read a stretch and put its rows aside; rows count from 1 where it starts."""
    context = replace(order.context, left_empty=Counter(), memo={})
    file = replace(order.file, headings_row=0)
    staging = Staging(order.folder, into)
    try:
        for some in read_people(file, context, order.keys, order.stretch):
            staging.add(some)
        handed = staging.handed()
    except InputError as error:
        told = [(f.message, f.file, f.line, f.column) for f in error.faults]
        return None, told, {}
    return handed, [], dict(context.left_empty)


def main() -> None:
    """Take one order, do it, say where its rows lie."""
    source = sys.stdin.buffer
    order: Order = pickle.loads(source.read(int.from_bytes(source.read(LENGTH))))  # noqa: S301 - our own
    threading.Thread(target=_end_with_input, args=(source,), daemon=True).start()
    gc.disable()  # as the import itself does: rows are many and form no circles
    with os.fdopen(order.descriptor, "r+b") as into:
        said = marshal.dumps(answer(order, into))
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()
    os._exit(0)  # the thread still waits for the input to end


def _end_with_input(source: IO[bytes]) -> None:
    source.read()
    os._exit(1)


if __name__ == "__main__":
    main()
