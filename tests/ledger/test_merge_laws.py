"""Whose word counts, and that files may come in any order and any number of times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.domain import BasisKind
from outreach.keys import Keys
from outreach.ledger.imports import Tally
from outreach.ledger.people import basis, contact, pledge, statement, tracking_choice
from outreach.ledger.people_merge import Merge, merge_contacts, merge_pledges
from outreach.ledger.precedence import Statement, resolve
from outreach.records import BasisRecord, ContactRecord, PledgeRecord

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
ANN = "ann@example.org"
RANKS = {"roster": 30, "survey": 20, "events": 10}
LATE = START - timedelta(days=2)

Files = dict[str, list[ContactRecord]]

NAME = st.sampled_from(["", "Ann", "Anna", "Chen"])
GIVEN = st.one_of(
    st.none(),
    st.builds(
        BasisRecord,
        st.sampled_from(list(BasisKind)),
        st.sampled_from(["form A", "form B"]),
        purpose=st.sampled_from(["", "public_task"]),
    ),
)
PERSON = st.builds(
    ContactRecord,
    row_number=st.just(2),
    email=st.sampled_from([ANN, "bo@example.org"]),
    first_name=NAME,
    job_role=NAME,
    organisation_name=NAME,
    tracking_consent=st.sampled_from([None, None, True, False]),
    left_at=st.sampled_from([None, None, LATE, LATE - timedelta(days=9)]),
    basis=GIVEN,
    ods_code=st.sampled_from(["", "F83001"]),
    organisation_postcode=st.sampled_from(["", "N1 1AA", "N2 2BB"]),
)
EMPLOYER = ("organisation_name", "ods_code", "organisation_postcode")


def numbered(records: Sequence[ContactRecord]) -> list[ContactRecord]:
    fields = [{n: getattr(r, n) for n in ContactRecord.__slots__} for r in records]
    return [ContactRecord(**{**one, "row_number": n}) for n, one in enumerate(fields, 2)]


FILE = st.lists(PERSON, max_size=3).map(numbered)


class Ledger:
    """Takes files in, one after another, as imports do."""

    def __init__(self, engine: sa.Engine, keys: Keys, ranks: dict[str, int]) -> None:
        self.engine, self.keys, self.ranks, self.hour = engine, keys, ranks, 0

    def take(self, source: str, *records: ContactRecord) -> Tally:
        self.hour += 1
        now = START + timedelta(hours=self.hour)
        merge = Merge(self.keys, source, now, self.hour, precedence=self.ranks)
        with self.engine.begin() as connection:
            return merge_contacts(connection, records, merge)

    def empty(self) -> None:
        with self.engine.begin() as connection:
            for table in (statement, basis, tracking_choice, pledge, contact):
                connection.execute(sa.delete(table))

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return [dict(r) for r in connection.execute(sa.select(table)).mappings()]

    def people(self) -> dict[str, Any]:
        """What is known of each person, by address, without numbers and times of writing."""
        names = {row["id"]: row["email"] for row in self.rows(contact)}
        fields = ("first_name", "job_role", *EMPLOYER, "tracking_consent", "left_at")
        found = {r["email"]: {n: r[n] for n in fields} for r in self.rows(contact)}
        for one in self.rows(basis):
            mine = found[names[one["contact_id"]]].setdefault("bases", {})
            mine[one["kind"], one["purpose"]] = (one["evidence"], one["source"])
        return found

    def everything(self) -> list[list[dict[str, Any]]]:
        return [self.rows(table) for table in (contact, basis, statement, tracking_choice)]


@pytest.fixture
def ledger(engine: sa.Engine, keys: Keys) -> Ledger:
    return Ledger(engine, keys, RANKS)


LAWS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@LAWS
@given(
    files=st.fixed_dictionaries(dict.fromkeys(RANKS, FILE)),
    orders=st.tuples(st.permutations(list(RANKS)), st.permutations(list(RANKS))),
)
def test_with_declared_precedences_the_order_of_files_makes_no_difference(
    ledger: Ledger, files: Files, orders: tuple[list[str], list[str]]
) -> None:
    found = []
    for order in orders:
        ledger.empty()
        for source in order:
            ledger.take(source, *files[source])
        found.append(ledger.people())
    assert found[0] == found[1] == expected(files)


def expected(files: Files) -> dict[str, Any]:
    """What should come out, worked out the slow way."""
    found: dict[str, Any] = {}
    for source in sorted(files, key=lambda name: -RANKS[name]):
        for row in files[source]:
            one = found.setdefault(row.email, {"tracking": set(), "left": [], "employers": {}})
            for name in ("first_name", "job_role"):
                one[name] = one.get(name) or getattr(row, name)
            one["employers"].setdefault(source, []).append([getattr(row, n) for n in EMPLOYER])
            one["tracking"].add(row.tracking_consent)
            one["left"] += [row.left_at] if row.left_at else []
            if row.basis:
                named = (row.basis.kind.value, row.basis.purpose)
                one.setdefault("bases", {}).setdefault(named, (row.basis.evidence, source))
    for one in found.values():
        one |= zip(EMPLOYER, employer(one.pop("employers")), strict=True)
        said = one.pop("tracking")
        one["tracking_consent"] = True in said and False not in said
        one["left_at"] = min(one.pop("left"), default=None)
    return found


def employer(said: dict[str, list[list[str]]]) -> list[str]:
    """Where somebody works: whole from one source, the foremost of those that name a place."""
    told = []
    for rows in said.values():
        one = ["", "", ""]
        for row in rows:
            pairs = list(zip(one, row, strict=True))
            if all(old in ("", new) or not new for old, new in pairs):
                one = [old or new for old, new in pairs]
            elif any(row[:2]) and not any(one[:2]):
                one = row
        told.append(one)
    naming = [one for one in told if any(one[:2])]
    return next(iter(naming or [one for one in told if one[2]]), ["", "", ""])


@LAWS
@given(taken=st.lists(st.tuples(st.sampled_from(["roster", "events", "x", "y"]), FILE), max_size=4))
def test_taking_everything_in_again_writes_nothing(
    ledger: Ledger, taken: list[tuple[str, list[ContactRecord]]]
) -> None:
    ledger.empty()
    newest = dict(taken)
    for source, records in taken:
        ledger.take(source, *records)
    before = ledger.everything()
    for source, records in newest.items():
        tally = ledger.take(source, *records)
        assert (tally.created, tally.changed, tally.unchanged) == (0, 0, len(records))
    assert ledger.everything() == before


def the(ledger: Ledger) -> dict[str, Any]:
    (row,) = ledger.rows(contact)
    return row


def test_without_a_declaration_the_first_keeps_its_word_and_later_ones_fill_gaps(
    ledger: Ledger,
) -> None:
    ledger.take("a", ContactRecord(2, ANN, first_name="Ann"))
    ledger.take("b", ContactRecord(2, ANN, first_name="Anna", job_role="GP"))
    assert (the(ledger)["first_name"], the(ledger)["job_role"]) == ("Ann", "GP")
    ledger.take("a", ContactRecord(2, ANN, first_name="Annie", job_role="Nurse"))
    assert (the(ledger)["first_name"], the(ledger)["job_role"]) == ("Annie", "GP")


def works(ledger: Ledger) -> tuple[str, str, str]:
    one = the(ledger)
    return one["organisation_name"], one["ods_code"], one["organisation_postcode"]


def at(name: str = "", code: str = "", postcode: str = "", **more: str) -> ContactRecord:
    where = {"organisation_name": name, "ods_code": code, "organisation_postcode": postcode}
    return ContactRecord(2, ANN, **where, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["roster", "x"])
def test_a_new_employer_takes_the_code_and_the_postcode_of_the_old_one_along(
    ledger: Ledger, source: str
) -> None:
    ledger.take(source, at("Alder", "F83001", "N1 1AA"))
    ledger.take(source, at(first_name="Ann"))
    assert works(ledger) == ("Alder", "F83001", "N1 1AA")  # an empty cell never erases
    ledger.take(source, at("Alder"))
    assert works(ledger) == ("Alder", "F83001", "N1 1AA")  # nor does saying some of it again
    ledger.take(source, at("Birchwood"))
    assert works(ledger) == ("Birchwood", "", "")
    ledger.take(source, at(code="F83003"))
    assert works(ledger) == ("", "F83003", "")
    ledger.take(source, at("Cedar", "F83003"))
    assert works(ledger) == ("Cedar", "F83003", "")


def test_the_employer_is_the_whole_word_of_one_source(ledger: Ledger) -> None:
    ledger.take("x", at("Alder", "F83001", "N1 1AA"))
    ledger.take("y", at("Birchwood", "F83002", "N2 2BB"))
    assert works(ledger) == ("Alder", "F83001", "N1 1AA")
    ledger.take("events", at(postcode="N3 3CC"))
    assert works(ledger) == ("Alder", "F83001", "N1 1AA")  # a postcode names no employer
    ledger.take("survey", at("Cedar"))
    assert works(ledger) == ("Cedar", "", "")
    ledger.take("roster", at(code="F83009"))
    assert works(ledger) == ("", "F83009", "")
    ledger.take("survey", at("Dogwood", "F83004", "N4 4DD"))
    assert works(ledger) == ("", "F83009", "")


def test_a_contact_of_an_earlier_version_moves_as_a_whole_too(ledger: Ledger) -> None:
    ledger.take("roster", at("Alder", "F83001", "N1 1AA"))
    with ledger.engine.begin() as connection:
        connection.execute(sa.delete(statement))
    ledger.take("roster", at("Birchwood"))
    assert works(ledger) == ("Birchwood", "", "")


def test_rows_that_contradict_each_other_say_the_same_again_when_taken_again(
    ledger: Ledger,
) -> None:
    alder = at("Alder", postcode="N2 2BB")
    rows = numbered([at(postcode="N1 1AA"), alder, at("Birchwood"), at(code="F83001")])
    ledger.take("x", *rows)
    assert works(ledger) == ("Alder", "F83001", "N2 2BB")
    before = ledger.everything()
    assert ledger.take("x", *rows).unchanged == 4
    assert ledger.everything() == before


def test_a_declared_source_outranks_one_that_is_not_and_its_newer_word_its_older(
    ledger: Ledger,
) -> None:
    ledger.take("x", ContactRecord(2, ANN, first_name="Ann", job_role="GP"))
    ledger.take("roster", ContactRecord(2, ANN, first_name="Anna"))
    assert (the(ledger)["first_name"], the(ledger)["job_role"]) == ("Anna", "GP")
    ledger.take("survey", ContactRecord(2, ANN, first_name="Annie"))
    assert the(ledger)["first_name"] == "Anna"
    ledger.take("roster", ContactRecord(2, ANN, first_name="Annette"))
    assert the(ledger)["first_name"] == "Annette"


def test_who_said_what_and_when_is_kept(ledger: Ledger) -> None:
    ledger.take("roster", ContactRecord(2, ANN, first_name="Ann", job_role="GP"))
    ledger.take("roster", ContactRecord(2, ANN, first_name="Ann"))  # silent: says nothing new
    ledger.take("roster", ContactRecord(2, ANN, first_name="Anna"))
    first, second = ledger.rows(statement)
    assert json.loads(first["said"]) == {"first_name": "Ann", "job_role": "GP"}
    assert (first["stated_at"], first["replaced_at"]) == (
        START + timedelta(hours=1),
        START + timedelta(hours=3),
    )
    assert json.loads(second["said"]) == {"first_name": "Anna", "job_role": "GP"}
    assert (second["import_id"], second["replaced_at"]) == (3, None)


def test_a_contact_of_an_earlier_version_counts_as_said_by_its_source(ledger: Ledger) -> None:
    ledger.take("roster", ContactRecord(2, ANN, first_name="Ann", job_role="GP"))
    with ledger.engine.begin() as connection:
        connection.execute(sa.delete(statement))
    before = ledger.everything()
    ledger.take("roster", ContactRecord(2, ANN, first_name="Ann"))
    assert ledger.everything() == before
    ledger.take("events", ContactRecord(2, ANN, first_name="Anna", last_name="Chen"))
    assert (the(ledger)["first_name"], the(ledger)["last_name"]) == ("Ann", "Chen")
    told = {row["source"]: json.loads(row["said"]) for row in ledger.rows(statement)}
    assert told["roster"] == {"first_name": "Ann", "job_role": "GP"}
    assert told["events"] == {"first_name": "Anna", "last_name": "Chen"}


def test_among_equal_precedences_the_newer_word_counts() -> None:
    old = Statement("a", START, {"first_name": "Ann", "job_role": "GP"})
    new = Statement("b", START + timedelta(days=1), {"first_name": "Anna"})
    found = resolve([new, old], {"a": 5, "b": 5})
    assert (found["first_name"], found["job_role"]) == ("Anna", "GP")


def test_a_later_pledge_renews_an_earlier_one_and_names_its_import(
    engine: sa.Engine, keys: Keys
) -> None:
    merge = Merge(keys, "form", START, 7)
    made = [START - timedelta(days=d) for d in (10, 400)]
    records = [PledgeRecord(ContactRecord(n, ANN), at) for n, at in enumerate(made, 2)]
    with engine.begin() as connection:
        tally = merge_pledges(connection, records, merge)
        again = merge_pledges(connection, records, merge)
    assert (tally.created, tally.changed, tally.new_pledges) == (1, 1, 2)
    assert (again.unchanged, again.new_pledges) == (2, 0)
    rows = Ledger(engine, keys, {}).rows(pledge)
    assert {row["pledged_at"]: row["renewal"] for row in rows} == {made[0]: True, made[1]: False}
    assert {row["import_id"] for row in rows} == {7}
