"""An edition that a restored ledger lost: what went out finds the right person, or nobody."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from outreach.journal import Claim
from outreach.keys import Keys
from outreach.ledger import behind
from outreach.ledger.columns import chunks
from outreach.ledger.editions import delivery, edition
from outreach.ledger.lost import numbers
from outreach.ledger.people import contact
from tests.ledger.seeds import NOW, add_contact, make_edition

OLD = 1_700_000_000_000


def claims(
    keys: Keys, people: dict[str, int], name: str = "news@lost", number: int = OLD
) -> list[Claim]:
    """What the journal has of an edition: people by name, with the numbers they had."""
    return [
        Claim(
            ledger_id="l",
            edition=name,
            batch=batch,
            epoch=1,
            address_hashes=tuple(keys.address_hash(f"{one}@example.org") for one, _ in some),
            edition_id=number,
            contact_ids=tuple(contact_id for _, contact_id in some),
        )
        for batch, some in enumerate(chunks(list(people.items()), 2), start=1)
    ]


def recover(engine: sa.Engine, found: list[Claim]) -> int:
    with engine.connect() as connection:
        known = numbers(connection, found)
    for claim in found:
        with engine.begin() as connection:
            behind.doubt(connection, claim, NOW, known)
    with engine.connect() as connection:
        return int(
            connection.execute(
                sa.select(edition.c.id).where(edition.c.name == found[0].edition)
            ).scalar_one()
        )


def whose(engine: sa.Engine, keys: Keys, edition_id: int, names: list[str]) -> dict[str, int]:
    hashes = {keys.address_hash(f"{one}@example.org"): one for one in names}
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(delivery.c.contact_id, delivery.c.address_hash).where(
                delivery.c.edition_id == edition_id
            )
        ).all()
    return {hashes[bytes(row.address_hash)]: row.contact_id for row in rows}


def test_a_lost_edition_and_its_lost_people_keep_their_numbers(
    engine: sa.Engine, keys: Keys
) -> None:
    with engine.begin() as connection:
        amy = add_contact(connection, keys, "amy@example.org")
    people = {"amy": amy, "bob": amy + 3, "cat": amy + 1}
    made = recover(engine, claims(keys, people))
    assert made == OLD
    assert whose(engine, keys, made, list(people)) == people
    with engine.begin() as connection:
        later = [add_contact(connection, keys, f"later{n}@example.org") for n in range(4)]
    assert not {*later} & {*people.values()}
    assert make_edition(engine) not in (None, OLD)


def test_where_somebody_has_another_number_by_now_no_old_id_finds_anybody(
    engine: sa.Engine, keys: Keys
) -> None:
    with engine.begin() as connection:
        bob = add_contact(connection, keys, "bob@example.org")  # imported again, first this time
    people = {"amy": bob, "bob": bob + 1, "cat": bob + 2}
    made = recover(engine, claims(keys, people))
    assert made != OLD
    assert whose(engine, keys, made, list(people))["bob"] == bob
    with engine.connect() as connection:
        kept = connection.execute(sa.select(sa.func.count()).select_from(contact)).scalar_one()
    assert kept == len(people)


def test_of_lost_editions_that_contradict_each_other_one_keeps_its_number(
    engine: sa.Engine, keys: Keys
) -> None:
    found = [
        *claims(keys, {"amy": 7}),
        *claims(keys, {"amy": 8}, "news@other", OLD + 1),
        *claims(keys, {"bob": 7}, "news@third", OLD + 2),
        *claims(keys, {"cat": 9}, "news@fourth", OLD),
        *claims(keys, {"cat": 9}, "news@fifth", OLD + 3),
    ]
    with engine.connect() as connection:
        kept = numbers(connection, found).editions
    assert kept == {"news@lost": OLD, "news@fifth": OLD + 3}


def test_an_older_journal_gives_lost_editions_new_numbers(engine: sa.Engine, keys: Keys) -> None:
    found = [replace(one, edition_id=0, contact_ids=()) for one in claims(keys, {"amy": 7})]
    assert recover(engine, found) != OLD


def test_a_recovery_that_was_cut_off_goes_on_with_the_same_numbers(
    engine: sa.Engine, keys: Keys
) -> None:
    people = {"amy": 3, "bob": 4, "cat": 2, "dan": 1}
    found = claims(keys, people)
    recover(engine, found[:1])
    assert recover(engine, found) == OLD
    assert whose(engine, keys, OLD, list(people)) == people
