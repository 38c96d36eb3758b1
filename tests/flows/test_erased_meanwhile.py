"""A person erased while an edition is prepared or sent: nothing of them comes back."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa

from outreach.domain import DeliveryState
from outreach.flows import editions
from outreach.flows.people import erase_person
from outreach.keys import Keys
from outreach.ledger import freeze
from outreach.ledger.editions import delivery
from outreach.ledger.people import basis, contact
from outreach.workspace import Workspace
from tests.flows.test_editions import NAME, approved, written
from tests.ledger.seeds import NOW, add_people, candidates, make_edition

__all__ = ["written"]

GONE = "person1@example.org"


def kept(engine: sa.Engine, keys: Keys) -> sa.Row:  # type: ignore[type-arg]
    with engine.connect() as connection:
        return connection.execute(
            sa.select(delivery).where(delivery.c.address_hash == keys.address_hash(GONE))
        ).one()


def test_a_person_erased_after_the_audience_was_read_is_not_frozen(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_people(ws.engine, ws.keys, 3)
    read = candidates(ws.engine)
    erase_person(ws, GONE, by="amy", via="test")
    monkeypatch.setattr("tests.ledger.seeds.candidates", lambda *_: read)
    make_edition(ws.engine)
    row = kept(ws.engine, ws.keys)
    assert (row.email, row.slot_values) == (None, None)
    assert (row.state, row.reason) == (DeliveryState.SUPPRESSED, "erased")
    account = editions.certificate(ws, "news@one")
    assert (account.planned, account.suppressed, account.balanced) == (2, 1, True)


def test_a_person_erased_while_an_edition_is_frozen_is_erased_from_it(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_people(ws.engine, ws.keys, 3)
    slowly = freeze.exclude_the_rest
    frozen = threading.Event()

    def exclude(*args: object) -> None:
        slowly(*args)  # type: ignore[arg-type]
        frozen.set()
        time.sleep(0.5)

    monkeypatch.setattr(freeze, "exclude_the_rest", exclude)
    freezing = threading.Thread(target=make_edition, args=(ws.engine,))
    freezing.start()
    assert frozen.wait(10)
    erase_person(ws, GONE, by="amy", via="test")
    freezing.join()
    row = kept(ws.engine, ws.keys)
    assert (row.email, row.slot_values) == (None, None)
    with ws.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count(contact.c.email))).scalar() == 2


def test_a_person_erased_before_the_claim_is_not_written_to(written: Workspace) -> None:
    approved(written)
    erase_person(written, GONE, by="amy", via="test")
    editions.send(written, NAME)
    account = editions.settle(written, NAME)
    assert (account.accepted, account.suppressed, account.balanced) == (2, 2, True)
    assert account.reasons["suppressed"] == {"erased": 1, "unsubscribed": 1}


def test_evidence_of_a_basis_withdrawn_long_ago_is_erased_too(ws: Workspace) -> None:
    add_people(ws.engine, ws.keys, 2)
    with ws.engine.begin() as connection:
        connection.execute(sa.update(basis).values(withdrawn_at=NOW, source="a list"))
    erase_person(ws, GONE, by="amy", via="test")
    with ws.engine.connect() as connection:
        rows = connection.execute(
            sa.select(basis.c.evidence, basis.c.source, basis.c.withdrawn_at)
            .join(contact)
            .where(contact.c.address_hash == ws.keys.address_hash(GONE))
        ).all()
    assert [tuple(row) for row in rows] == [("", "", NOW)]
    assert erase_person(ws, GONE, by="amy", via="test").counts["bases"] == 0
