"""What has a file's name and is no file, or does not hold still."""

from __future__ import annotations

import os
from pathlib import Path

from tests.hostile.case import Case


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _growing(path: Path) -> None:
    with path.open("w") as file:
        file.write("Email\n")
        file.writelines(f"grow{n}.hostile@example.org\n" for n in range(50_000))


NO_FILE = "there is no such file"

CASES = (
    Case("a folder", "folder.csv", Path.mkdir, NO_FILE),
    Case("a pipe that nobody writes to", "pipe.csv", os.mkfifo, NO_FILE),
    Case("a link to itself", "loop.csv", _loop, NO_FILE),
    Case("a link to nothing", "gone.csv", lambda path: path.symlink_to("nowhere"), NO_FILE),
    Case("a device without end", "zero.csv", lambda path: path.symlink_to("/dev/zero"), NO_FILE),
    Case("what may not be read", "memory.csv", lambda path: path.symlink_to("/proc/self/mem"), "cannot be opened"),
    Case("a file that grows while it is read", "grows.csv", _growing, "changed while it was read", grows=True),
)  # fmt: skip
