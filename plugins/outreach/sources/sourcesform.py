"""The schema of contacts/sources.yaml: what each key means and may hold.

docs/sources.md explains every key; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from outreach.domain import BasisKind
from outreach.records import ImportKind
from outreach.sources.fields import MATCHED
from outreach.sources.kinds import KINDS
from outreach.sources.mapping import IGNORE
from outreach.sources.tables import FORMATS
from outreach.wording import SLUG, suggest

Problem = tuple[tuple[str, ...], str]
"""Which key, by its path below the source, and what is wrong with it."""

Unmatched = Literal["quarantine", "empty"]

Paging = Literal["none", "next_link", "page", "offset", "cursor"]

STORES = frozenset({"s3", "s3a", "abfs", "abfss", "adl"})
"""The schemes of object stores, which Airflow's object storage reads."""


class SinceForm(BaseModel):
    """How only what is new is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parameter: str = Field(min_length=1)
    field: str = ""
    reply: str = ""


class ApiForm(BaseModel):
    """How a JSON API is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    auth: Literal["none", "bearer", "basic", "header"] = "none"
    parameters: dict[str, str] = {}
    paging: Paging = "none"
    next: str = ""
    parameter: str = ""
    first: int = Field(default=1, ge=0)
    size_parameter: str = ""
    size: int = Field(default=100, ge=1, le=10_000)
    since: SinceForm | None = None


class SourceForm(BaseModel):
    """One source as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=SLUG)
    kind: ImportKind
    path: str = Field(min_length=1)
    format: str = ""
    connection: str = ""
    records: str = ""
    api: ApiForm | None = None
    mapping: dict[str, str] = {}
    defaults: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    unmatched: Unmatched | dict[str, Unmatched] = "quarantine"
    precedence: int | None = Field(default=None, ge=0, le=1000)
    basis: BasisKind | None = None
    evidence: str = ""
    wording_version: str = ""
    drop: bool = False
    least_share: float = Field(default=0.5, ge=0, le=1)
    stale_after_days: int | None = Field(default=None, ge=1, le=3650)
    shift_dates_to_today: bool = False

    @property
    def scheme(self) -> str:
        """What stands before `://`; empty for a path on this machine."""
        before, found, _ = self.path.partition("://")
        return before.lower() if found else ""


class FileForm(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: list[SourceForm]


def problems(form: SourceForm) -> Iterator[Problem]:
    """Yield what is wrong with a source beyond the types of its keys."""
    yield from _basis(form)
    yield from _fields(form)
    yield from _place(form)
    yield from _api(form)


def _basis(form: SourceForm) -> Iterator[Problem]:
    if form.basis and not form.evidence:
        said = (
            f"{form.name} names a basis without its evidence; say in `evidence` what shows that "
            "these people may be written to"
        )
        yield ("basis",), said
    if form.basis and form.kind not in (ImportKind.CONTACTS, ImportKind.PLEDGES):
        yield ("basis",), f"{form.name}: only people have a basis"


def _fields(form: SourceForm) -> Iterator[Problem]:
    known = KINDS[form.kind].fields
    named = [("defaults", name, name) for name in form.defaults]
    named += [("values", name, name) for name in form.values]
    named += [("mapping", heading, name) for heading, name in form.mapping.items()]
    for key, at, name in named:
        if name not in known and not (key == "mapping" and name == IGNORE):
            yield (key, at), f"{form.kind} have no field “{name}”{suggest(name, known)}"
    if isinstance(form.unmatched, dict):
        open_ = sorted(MATCHED.intersection(known))
        for name in form.unmatched:
            if name not in open_:
                said = f"“{name}” cannot be left empty by a rule{suggest(name, open_)}"
                yield ("unmatched", name), said


def _place(form: SourceForm) -> Iterator[Problem]:
    known = {"", "https", "http", "msgraph", *STORES}
    if form.scheme not in known:
        said = f"“{form.scheme}://” is no place that is known"
        yield ("path",), said + suggest(form.scheme, sorted(known - {"", "http"}))
    before_host = form.path.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if ":" in before_host or (before_host and form.scheme in ("http", "https")):
        said = "an address holds no log-in; keep it in an Airflow connection, named in `connection`"
        yield ("path",), said
    if form.format and form.format not in FORMATS:
        yield ("format",), f"“{form.format}” is no format{suggest(form.format, FORMATS)}"
    if form.drop and form.scheme:
        yield ("drop",), "only a folder on this machine can be a drop folder; leave drop out"
    if form.scheme == "msgraph" and not form.connection:
        yield ("path",), "name the Airflow connection to Microsoft Graph in `connection`"
    if form.connection and not form.scheme:
        yield ("connection",), "a path on this machine needs no connection; leave it out"
    if form.stale_after_days and form.scheme in ("http", "https"):
        said = "what a web address answers is always of now; leave stale_after_days out"
        yield ("stale_after_days",), said


def _api(form: SourceForm) -> Iterator[Problem]:
    api = form.api
    if api is None:
        return
    if form.scheme not in ("http", "https"):
        yield ("api",), "only a source whose path begins with https:// has an api"
    if api.auth != "none" and not form.connection:
        yield ("api", "auth"), "name in `connection` the Airflow connection that holds the secret"
    if api.paging in ("next_link", "cursor") and not api.next:
        yield ("api", "paging"), "say in `next` where a reply tells what comes next"
    if api.paging in ("page", "offset", "cursor") and not api.parameter:
        yield ("api", "paging"), "say in `parameter` which query parameter it goes into"
    if api.since and bool(api.since.field) == bool(api.since.reply):
        said = "say either `field` (of each record) or `reply` (of the last reply), not both"
        yield ("api", "since"), said
