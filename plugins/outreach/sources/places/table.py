"""Which place a source is pulled from: a line for each kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from outreach.sources.places.api import ApiPlace
from outreach.sources.places.base import Place, Reach
from outreach.sources.places.graph import GraphPlace
from outreach.sources.places.local import LocalPlace
from outreach.sources.places.storage import StoragePlace
from outreach.sources.places.webfile import WebFilePlace
from outreach.sources.sourcesfile import Source
from outreach.sources.sourcesform import STORES


def place_of(source: Source, contacts: Path, reach: Reach) -> Place:
    """Return where `source` is pulled from. `contacts`: the project's contacts/ folder."""
    if not source.scheme:
        return LocalPlace(source.path, contacts, drop=source.drop)
    return _PLACES[source.scheme](source, reach)


def _web(source: Source, reach: Reach) -> Place:
    if source.asked_as_api:
        records = source.records
        return ApiPlace(source.name, source.path, source.connection, source.api, records, reach)
    return WebFilePlace(source.name, source.path, source.connection, source.api.auth, reach)


def _store(source: Source, reach: Reach) -> Place:
    return StoragePlace(source.name, source.path, source.connection, reach)


def _graph(source: Source, reach: Reach) -> Place:
    return GraphPlace(source.name, source.path, source.connection, reach)


_PLACES: dict[str, Callable[[Source, Reach], Place]] = {
    "https": _web,
    "http": _web,
    "msgraph": _graph,
    **dict.fromkeys(STORES, _store),
}
