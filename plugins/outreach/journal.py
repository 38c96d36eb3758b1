"""The claim journal: what was about to be handed over, kept outside the database.

Each claim is appended and fsynced before any byte leaves. A ledger that does not know the
journal's last claim has been restored or replaced, and must not send until `recover` has put
those deliveries in doubt. One line a claim: CRC-32 in hex, a space, compact JSON.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from outreach.errors import ConfigError, NotSent

_HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim as the journal keeps it: enough to find its people in any restored ledger.

    `address_hashes` and `occasions` run in parallel, one per delivery; `occasions` is empty
    where every delivery's occasion is the edition's name. `edition_id` and `contact_ids` are the
    numbers that the delivery ids in the messages hold: 0 and empty in an older journal.
    """

    ledger_id: str
    edition: str
    batch: int
    epoch: int
    address_hashes: tuple[bytes, ...]
    occasions: tuple[str, ...] = ()
    edition_id: int = 0
    contact_ids: tuple[int, ...] = ()

    def line(self) -> bytes:
        """Return this claim as one journal line, newline included."""
        named = {"l": self.ledger_id, "e": self.edition, "b": self.batch, "n": self.epoch}
        hashes = base64.b64encode(b"".join(self.address_hashes))
        # Base64 needs no escaping, and is nearly all of the line.
        body = b'%b,"h":"%b","o":%b' % (_json(named)[:-1], hashes, _json(self.occasions))
        if self.edition_id:
            numbers = struct.pack(f">{len(self.contact_ids)}Q", *self.contact_ids)
            body += b',"i":%d,"c":"%b"' % (self.edition_id, base64.b64encode(numbers))
        body += b"}"
        return b"%08x " % zlib.crc32(body) + body + b"\n"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Entry:
    """A whole line of the journal: which claim it is, and the claim once it is asked for.

    Many lines are only looked at, and what a line says of people takes far longer to read.
    """

    __slots__ = ("_found", "batch", "edition", "epoch", "ledger_id")

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found
        self.ledger_id: str = found["l"]
        self.edition: str = found["e"]
        self.batch: int = found["b"]
        self.epoch: int = found["n"]

    def claim(self) -> Claim:
        """Return the claim with its people."""
        found = self._found
        hashes = base64.b64decode(found["h"])
        numbers = base64.b64decode(found.get("c", ""))
        places = range(0, len(hashes), _HASH_BYTES)
        return Claim(
            ledger_id=self.ledger_id,
            edition=self.edition,
            batch=self.batch,
            epoch=self.epoch,
            address_hashes=tuple([hashes[i : i + _HASH_BYTES] for i in places]),
            occasions=tuple(found["o"]),
            edition_id=found.get("i", 0),
            contact_ids=struct.unpack(f">{len(numbers) // 8}Q", numbers),
        )


class Journal:
    """The journal file at `path`; safe for several processes of one host."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, claim: Claim) -> None:
        """Append one claim and wait until it is on disk. Raises as `append_all` does."""
        self.append_all((claim,))

    def append_all(self, claims: Iterable[Claim]) -> None:
        """Append claims in their order, waiting once until all are on disk.

        Raises NotSent where the file cannot be written: nothing of them has left yet.
        """
        try:
            self._append(b"".join([claim.line() for claim in claims]))
        except OSError as error:
            raise NotSent(
                f"the claim journal could not be written ({error.strerror}); free some disk space "
                "or mend OUTREACH_JOURNAL"
            ) from error

    def exists(self) -> bool:
        """Whether there is a journal, be it an empty one."""
        return self.path.exists()

    def begin(self) -> None:
        """Make an empty journal where there is none. Raises ConfigError where that cannot be."""
        try:
            self._append(b"")
        except OSError as error:
            raise _unreadable(error) from error

    def size(self) -> int:
        """Return the file's size in bytes; 0 where there is none.

        This and all reading raises ConfigError where the file cannot be reached.
        """
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise _unreadable(error) from error

    def claims(self) -> Iterator[Claim]:
        """Yield every whole claim, oldest first; a torn line (its bytes never left) is passed."""
        if not self.size():
            return
        with self._open() as file:
            for line in file:
                entry = _parsed(line)
                if entry is not None:
                    yield entry.claim()

    def last(self) -> Claim | None:
        """Return the newest whole claim."""
        return next((entry.claim() for entry in self.newest(1)), None)

    def newest(self, count: int) -> list[Entry]:
        """Return the newest whole claims, newest first, reading from the file's end."""
        size = self.size()
        window = 1 << 16
        while size:
            with self._open() as file:
                file.seek(max(0, size - window))
                lines = file.read().split(b"\n")
            whole = lines if window >= size else lines[1:]
            if len(whole) > count or window >= size:
                parsed = map(_parsed, reversed(whole))
                entries = list(islice((one for one in parsed if one is not None), count))
                if len(entries) == count or window >= size:
                    return entries
            window *= 4
        return []

    def after(self, offset: int) -> tuple[list[Entry], int] | None:
        """Return the whole claims from byte `offset` on, oldest first, and where they end.

        None where no line begins at `offset`.
        """
        with self._open() as file:
            file.seek(max(0, offset - 1))
            if offset and file.read(1) != b"\n":
                return None
            read = file.read()
        end = read.rfind(b"\n") + 1
        parsed = map(_parsed, read[:end].split(b"\n"))
        return [one for one in parsed if one is not None], offset + end

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise _unreadable(error) from error

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _write_all(handle, _start_of_line(handle) + line)
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            _sync_folder(self.path.parent)


def _unreadable(error: OSError) -> ConfigError:
    return ConfigError(
        f"the claim journal cannot be read ({error.strerror}), so nothing is sent: "
        "OUTREACH_JOURNAL must name a file that this user may read and write"
    )


def _write_all(handle: int, data: bytes) -> None:
    """Write everything: a disk that is nearly full takes a part and reports no error."""
    while data:
        data = data[os.write(handle, data) :]


def _start_of_line(handle: int) -> bytes:
    """A newline where the last writer died in the middle of a line."""
    size = os.fstat(handle).st_size
    if not size or os.pread(handle, 1, size - 1) == b"\n":
        return b""
    return b"\n"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _parsed(line: bytes) -> Entry | None:
    crc, _, body = line.rstrip(b"\n").partition(b" ")
    try:
        if int(crc, 16) != zlib.crc32(body):
            return None
    except ValueError:
        return None
    return Entry(json.loads(body))
