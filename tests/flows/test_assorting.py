"""An audience sorted into variants: too many to proof are refused, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.digest import Chooser, Digest, Listed
from outreach.domain import Reader, Resource
from outreach.errors import InputError
from outreach.flows.assorting import Assortment
from outreach.flows.preparing import find_campaign
from outreach.ledger.audience import Candidate
from outreach.workspace import Workspace
from tests.fakes import digests as d


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database is enough: none is asked."""
    return sqlite_url


def test_more_sets_of_resources_than_can_be_proofed_stop_with_the_reason(
    ws: Workspace, tmp_path: Path
) -> None:
    ws = d.with_digest(ws, tmp_path)
    listed = [Listed(n, Resource(f"r{n}", f"https://example.org/{n}")) for n in range(8)]
    told = {bytes([n]): frozenset(one for one in range(8) if n & (1 << one)) for n in range(1, 202)}
    chooser = Chooser(Digest(max=8), tuple(listed), told)
    sorting = Assortment(ws, find_campaign(ws, d.SLUG), chooser)

    def place(n: int) -> int:
        person = Candidate(n, f"p{n}@example.org", bytes([n]), "news@one", Reader(), "")
        brought = sorting.brings(person)
        assert brought
        return sorting.place(person, brought).variant

    assert [place(n) for n in range(1, 201)] == list(range(200))
    assert place(7) == 6, "whoever is brought the same has the same variant"
    with pytest.raises(InputError, match="more than 200 different sets of new resources"):
        place(201)
