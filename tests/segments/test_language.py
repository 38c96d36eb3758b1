"""The language of segments: what can be written, what it says, and how a fault is named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.errors import InputError
from outreach.hub import load_hub
from outreach.segments import ANYTHING, Segment, parse, read, vocabulary_of
from outreach.segments.text import as_text, as_words
from outreach.segments.tree import Expression
from outreach.segments.vocabulary import FACTS, FIELDS
from outreach.settings import ROOT
from tests.segments.trees import trees

KNOWN = vocabulary_of(load_hub(ROOT / "hub.yaml")).naming(
    {"what-is-wres@2026-11-24"}, {"what-is-wres"}
)


@pytest.mark.parametrize(
    ("written", "canonical", "words"),
    [
        ("everyone", "everyone", "everyone"),
        ("not everyone", "not everyone", "nobody"),
        (
            "SECTOR is 'dentistry' AND borough In (“Camden”, ‘barnet’) and not pledged",
            'sector is "Dentistry" and borough in ("Camden", "Barnet") and not pledged',
            "sector is Dentistry; borough is Camden or Barnet; has not pledged",
        ),
        (
            "pledged in the last 2 weeks",
            "pledged in the last 14 days",
            "has pledged in the last 14 days",
        ),
        (
            "has not pledged since 2026-03-01",
            "not pledged since 2026-03-01",
            "has not pledged since 1 March 2026",
        ),
        (
            "practice has no pledge",
            "organisation has no pledge",
            "works where nobody has pledged",
        ),
        ('pcn is "Camden ""North"""', 'pcn is "Camden ""North"""', 'pcn is Camden "North"'),
        (
            'job_role contains "nurse" or role is not known',
            'role contains "nurse" or role is not known',
            "role contains “nurse”; or role is not known",
        ),
        (
            "subscriber_type is not 'corporate'",
            'subscriber type is not "corporate"',
            "subscriber type is not corporate",
        ),
        (
            'not (got "what-is-wres@2026-11-24" or failed in "what-is-wres@2026-11-24")',
            'not (got "what-is-wres@2026-11-24" or failed in "what-is-wres@2026-11-24")',
            "not (got what-is-wres@2026-11-24 or failed in what-is-wres@2026-11-24)",
        ),
        (
            'did not get campaign "what-is-wres" in the last 60 days',
            'not got campaign "what-is-wres" in the last 60 days',
            "did not get the campaign what-is-wres in the last 60 days",
        ),
        (
            "not written to in the last 1 day",
            "not written to in the last 1 day",
            "was not written to in the last 1 day",
        ),
        (
            "pledged and (sector is 'Dentistry' or sector is 'Optometry' and not shared mailbox)",
            'pledged and (sector is "Dentistry" or (sector is "Optometry" and not shared mailbox))',
            "has pledged; (sector is Dentistry or (sector is Optometry and is not a mailbox that "
            "several people read))",
        ),
        (
            "area not in ('North Central London', 'North East London')",
            'area not in ("North Central London", "North East London")',
            "area is none of North Central London or North East London",
        ),
    ],
)
def test_a_rule_is_read_printed_and_put_in_words(written: str, canonical: str, words: str) -> None:
    rule = parse(written, KNOWN)
    assert (as_text(rule), as_words(rule)) == (canonical, words)


@pytest.mark.parametrize(
    ("written", "column", "fault"),
    [
        ("", 1, "write whom to select, such as: everyone"),
        ("sectr is 'x'", 1, "there is nothing called “sectr” to ask about; did you mean “sector”?"),
        (
            "pledged and borough is 'Camdn'",
            24,
            "“Camdn” is not among the boroughs in hub.yaml; did you mean “Camden”?",
        ),
        (
            "sector is Community Pharmacy",
            11,
            'put quotation marks round it: "Community Pharmacy"',
        ),
        ("sector = 'Dentistry'", 8, "“=” means nothing in a rule; write is"),
        ("pledged && shared mailbox", 9, "“&&” means nothing in a rule; write and"),
        ("pledged; DROP TABLE contact", 8, "“;” means nothing in a rule; take it out"),
        (
            "sector contains 'Dent'",
            8,
            '“sector” is one of a fixed list; write it as: sector is "Dentistry"',
        ),
        ("role is 5", 9, 'put quotation marks round it: "5"'),
        ("role is", 8, 'something in quotation marks is missing here, as in: role contains "nurse"'),
        ("role", 5, 'say what “role” is to be, such as: role contains "nurse"'),
        ("sector in 'Dentistry'", 11, 'write a list in brackets: sector in ("...", "...")'),
        (
            "sector in ('Dentistry' 'Optometry')",
            24,
            'put a comma between the entries and a bracket after them: sector in ("...", "...")',
        ),
        (
            "got 'what-is-wres'",
            5,
            '“what-is-wres” is no edition; write got campaign "what-is-wres", or its date too: '
            '"what-is-wres@..."',
        ),
        (
            "failed in 'what-is-wres@2026-11-25'",
            11,
            "there is no edition called “what-is-wres@2026-11-25”; did you mean "
            "“what-is-wres@2026-11-24”?",
        ),
        (
            "got campaign 'what-is-wrs'",
            14,
            "there is no campaign called “what-is-wrs”; did you mean “what-is-wres”?",
        ),
        ("written to", 11, "say since when, as in: not written to in the last 14 days"),
        (
            "pledged in the last month",
            21,
            "write how many days as a number, as in: in the last 30 days",
        ),
        ("pledged in the last 5 months", 23, "write days or weeks after the number, as in: in the "
         "last 30 days"),
        ("pledged in the last 0 days", 21, "write a time from 1 to 3,650 days"),
        ("pledged in 30 days", 9, "write a time as: in the last 30 days, or: since 2026-03-01"),
        ("pledged since 2026-02-30", 15, "write a day as year-month-day, as in: since 2026-03-01"),
        ("(pledged", 9, "a closing bracket is missing here"),
        ("pledged)", 8, "this bracket closes nothing; take it out"),
        ("pledged pledged", 9, "“pledged” does not fit here; join two tests with and, or"),
        ("pledged and", 12, "the rule breaks off here; say what comes next"),
        ("'pledged'", 1, "say first what this is about, such as: sector is"),
        ("role is 'nurse", 9, "this quotation mark is never closed; put another at its end"),
        ("role is '  '", 9, "write something between the quotation marks"),
        ("role is 'a\u202eb'", 9, "there is a character here that nobody can see; type this text "
         "again"),
        ("not " * 30 + "pledged", 85, "brackets and “not” stand more than 20 deep; write it "
         "simpler"),
        (" or ".join(["pledged"] * 201), 2201, "this rule is over 2,000 characters; make it "
         "shorter"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_column_and_what_to_write(
    written: str, column: int, fault: str
) -> None:
    problem = read(written, KNOWN).problems[0]
    if len(written) > 2_000:
        column = 2_001
    assert (problem.at + 1, problem.message) == (column, fault)
    with pytest.raises(InputError, match=f"column {column}: "):
        parse(written, KNOWN)


def test_every_wrong_value_is_named_at_once() -> None:
    found = read("sector is 'Dentstry' and borough in ('Camdn', 'Barnet') and got 'a@b'", KNOWN)
    assert [one.at for one in found.problems] == [10, 37, 64]


def test_brackets_are_bounded_before_they_are_read_deep() -> None:
    problems = read("(" * 1_500 + "pledged").problems
    assert [one.message for one in problems] == [
        "brackets and “not” stand more than 20 deep; write it simpler"
    ]


@settings(max_examples=150, deadline=None)
@given(trees)
def test_a_tree_printed_as_text_is_read_as_the_same_tree(rule: Expression) -> None:
    written = as_text(rule)
    again = read(written).rule
    assert again == rule
    assert as_text(again) == written
    assert as_words(rule)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="()\"',= andortispledgecx15-\n", max_size=60))
def test_any_text_is_read_or_refused_within_itself(written: str) -> None:
    found = read(written, KNOWN)
    assert (found.rule is None) <= bool(found.problems)
    assert all(0 <= one.at <= len(written) and one.length > 0 for one in found.problems)


@pytest.mark.parametrize("table", [FIELDS, FACTS], ids=["fields", "facts"])
def test_every_line_of_the_tables_has_an_example_that_can_be_written(table: dict) -> None:  # type: ignore[type-arg]
    for name, one in table.items():
        rule = parse(one.example, ANYTHING)
        assert f"name='{name}'" in repr(rule)
        assert parse(as_text(rule)) == rule


def test_the_mapping_and_the_language_make_the_same_tree() -> None:
    by_fields = Segment.of(
        sectors=["Dentistry"],
        ics_areas=["North Central London"],
        boroughs=["Camden", "Barnet"],
        job_roles=["GP"],
        pledged=False,
    )
    written = (
        'sector is "Dentistry" and area is "North Central London" and '
        'borough in ("Camden", "Barnet") and role is "GP" and not pledged'
    )
    assert Segment(parse(written)) == by_fields
    assert by_fields.text() == written


@pytest.mark.parametrize(
    ("written", "wants", "wants_no"),
    [
        ("pledged in the last 3 days", True, False),
        ("not pledged", False, True),
        ("not pledged in the last 3 days", False, False),
        ("sector is 'Dentistry' and not pledged", False, True),
        ("pledged or sector is 'Dentistry'", False, False),
        ("pledged since 2026-01-01 or pledged and shared mailbox", True, False),
        ("not pledged or (not pledged and shared mailbox)", False, True),
    ],
)
def test_a_segment_knows_whether_it_is_about_people_with_a_pledge(
    written: str, wants: bool, wants_no: bool
) -> None:
    segment = Segment(parse(written))
    assert (segment.wants_pledge, segment.wants_no_pledge) == (wants, wants_no)
