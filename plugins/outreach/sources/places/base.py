"""What a place is: it says what is there, and brings one thing at a time into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from outreach.errors import InputError

MAX_BYTES = 300 * 1024 * 1024
"""No more is fetched of one thing."""

SECONDS = 30.0
"""How long a place may keep silent before it counts as unreachable."""


_LONGEST = 60


class Unreachable(InputError):
    """The place cannot be looked at or read now; nothing was taken."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What Airflow knows of a connection. Its secrets are in no text of it."""

    name: str
    host: str = ""
    schema: str = ""
    port: int | None = None
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Reach(Protocol):
    """How a place gets to what lies outside: Airflow's connections and what uses them."""

    def connection(self, name: str) -> Connection:
        """Return a connection. Raises Unreachable where there is none of this name."""

    def storage(self, url: str, connection: str) -> Any:
        """Return the fsspec filesystem that `url` (s3://, abfs://) is in."""

    def graph(self, path: str, connection: str) -> Mapping[str, Any]:
        """Return what Microsoft Graph answers to GET `path` (without its version)."""


@dataclass(frozen=True, slots=True)
class Since:
    """How only what is new is asked for: the query parameter, and where its value is read.

    `field` is of each record (the greatest counts), `reply` of the last reply.
    """

    parameter: str
    field: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Api:
    """How a JSON API is asked; dotted paths lead into its replies."""

    auth: str = "none"
    parameters: Mapping[str, str] = field(default_factory=dict)
    paging: str = "none"
    next: str = ""
    parameter: str = ""
    first: int = 1
    size_parameter: str = ""
    size: int = 100
    since: Since | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One thing at a place. `key` names it there; `name` is its file name.

    `mark` changes whenever its content does; empty where the place cannot tell without reading.
    `wrong`: why it cannot be taken at all, as its place can tell; empty where it may be.
    """

    key: str
    name: str
    mark: str = ""
    modified: datetime | None = None
    size: int = 0
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A thing brought here. `cursor` is where to go on once it is taken; empty: as before.

    `empty`: the place answered and has nothing new.
    """

    path: Path
    cursor: str = ""
    empty: bool = False


def file_name(name: str, other: str) -> str:
    """Return a name, given by a place outside, as a file here may have it; `other` for none."""
    plain = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    stem, dot, ending = plain.rpartition(".")
    kept = f"{stem[:_LONGEST]}{dot}{ending[:10]}" if stem else plain[:_LONGEST]
    return other if kept.strip(". ") == "" else kept


class Place(Protocol):
    """One kind of place."""

    def look(self) -> tuple[Found, ...]:
        """Return what is there now, the oldest first. Raises Unreachable."""

    def fetch(self, found: Found, folder: Path, cursor: str) -> Copy:
        """Bring one thing into `folder` (or say where it stands already). Raises Unreachable."""
