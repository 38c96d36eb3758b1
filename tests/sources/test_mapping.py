"""Headings and what they mean; what must never be held."""

from __future__ import annotations

import pytest

from outreach.errors import InputError
from outreach.records import ImportKind
from outreach.sources.headers import meaning
from outreach.sources.kinds import KINDS
from outreach.sources.mapping import ColumnPlan, SpecialCategory, plan_columns
from outreach.sources.special import special_category

PLEDGES = KINDS[ImportKind.PLEDGES].fields


def plan(*headings: str, **mapping: str) -> ColumnPlan:
    return plan_columns("list.csv", headings, PLEDGES, mapping, {}, {})


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("EMAIL_address", "email"),
        ("e-mail", "email"),
        ("What is your email address?", "email"),
        ("Please enter your work email", "email"),
        ("Which sector do you work in?", "sector"),
        ("Which primary care sector do you work in?", "sector"),
        ("Which Integrated Care System (ICS) area do you work in?", "ics_area"),
        ("Which borough is your organisation in?", "borough"),
        ("What is the name of your organisation?", "organisation_name"),
        ("Organisation's ODS code", "ods_code"),
        ("What is your job role?", "job_role"),
        ("Please enter your full name", "name"),
        ("first-name", "first_name"),
        ("Completion time", "pledged_at"),
        ("Which of these best describes your sector?", "sector"),
        ("Job title / role", "job_role"),
        ("Name of your organisation or practice", "organisation_name"),
        ("What is your organisation's postcode?", "organisation_postcode"),
        ("Who do you work for?", "organisation_name"),
        ("Borough of practice", "borough"),
        ("Are you pledging as an individual or on behalf of your organisation?", "pledge_kind"),
        ("I am signing as", "pledge_kind"),
        ("Individual or organisation?", "pledge_kind"),
        ("When did you sign the pledge?", "pledged_at"),
        ("Name / Email", ""),
        ("Do you agree to work for your organisation as a person?", ""),
        ("Type of organisation", ""),
        ("Are you pledging as a person or on behalf of an organisation?", "pledge_kind"),
        ("Would you like to receive emails about the framework?", ""),
        ("Do you like your sector?", ""),
        ("Manager's email address", ""),
        ("", ""),
    ],
)
def test_headings_and_questions_mean_one_field_or_none(heading: str, field: str) -> None:
    assert meaning(heading, PLEDGES) == field


@pytest.mark.parametrize(
    "heading",
    [
        "Access requirements", "Dietary requirements", "Allergies", "Country of birth",
        "Is your gender the same as the sex you were registered at birth?", "DBS check",
        "Immigration status", "Ethnicity", "ethnic_origin", "EthnicGroup", "Race", "What is your race?", "BAME (Y/N)",
        "Religion or belief", "Do you consider yourself disabled?", "Disability", "Health",
        "Any long-term health conditions", "Sexual orientation", "Gender identity",
        "Trade union member", "Political opinions", "ETHNIC-CATEGORY", "Etnicity", "Ethinicity",
        "Are you from a global majority background?", "White / Black / Asian / other", "Caste",
        "Black, Asian or minority group", "Skin color", "Person of colour", "Ancestry", "HIV status",
        "Protected characteristics", "Equality monitoring", "Cultural background", "Trans",
        "Medical information", "Reasonable adjustments", "Vaccinated?", "Blood group",
        "Ethn.", "Eth Code", "ETH_GRP", "Eth. origin", "EthCat",
    ],
)  # fmt: skip
def test_special_category_headings_are_known(heading: str) -> None:
    assert special_category(heading)


@pytest.mark.parametrize(
    "heading",
    [
        "Have you read the Workforce Race Equality Standard?", "Health centre name",
        "Medical practice", "I commit to an environment free from racist behaviour",
        "I pledge fairness for all regardless of ethnicity, religion or disability",
        "Healthcare sector", "Ethical approval number", "Ethel's team", "Beth code", "White City practice", "Blackfriars office",
        "Equality lead's name", "Immunisation lead", "Technical skills", "Email", "Trace number", "Workforce Race Equality Standard (WRES)",
    ],
)  # fmt: skip
def test_the_subject_of_the_campaign_is_not_special_category_data(heading: str) -> None:
    assert not special_category(heading)


def test_a_special_category_column_cannot_be_mapped_away() -> None:
    with pytest.raises(SpecialCategory, match="Ethnicity"):
        plan("Email", "Completion time", "Ethnicity", Ethnicity="ignore")


def test_two_columns_for_one_field_are_refused_until_a_person_says_which() -> None:
    with pytest.raises(InputError, match='"Email", "Work email" both mean email'):
        plan("Email", "Work email")
    chosen = plan("Email", "Work email", **{"Work email": "email"})
    assert chosen.columns["email"] == (1,)
    assert chosen.unrecognised == ("Email",)
    with pytest.raises(InputError, match="both mean email"):
        plan("Email", "email")


def test_in_a_forms_export_the_question_wins_over_what_the_form_fills_itself() -> None:
    found = plan("ID", "Start time", "Completion time", "Email", "Name", "Email2", "Full name")
    row = ["1", "", "2026-03-14 10:00", "anonymous", "", "a@example.org", "Amara"]
    assert found.fields(row)["email"] == "a@example.org"
    assert found.fields([*row[:5], "", "Amara"]).get("email") is None
    assert found.fields([*row[:3], "s@example.org", "", "", ""])["email"] == "s@example.org"
    assert found.unrecognised == ()


def test_constants_win_over_cells_and_defaults_fill_gaps() -> None:
    found = plan_columns(
        "l.csv", ("Email", "Sector"), PLEDGES, {}, {"borough": "Camden"}, {"sector": "Dental"}
    )
    assert found.fields(["a", ""]) == {"email": "a", "sector": "Dental", "borough": "Camden"}
    assert found.fields(["a", "GP"])["sector"] == "GP"


def test_a_quarantined_row_keeps_every_cell_under_a_name_of_its_own() -> None:
    found = plan("Email", "", "Colour", "Colour")
    assert found.whole(["a", "b", "c", "d", "e"]) == {
        "Email": "a", "column 2": "b", "Colour": "c", "Colour (2)": "d", "column 5": "e",
    }  # fmt: skip
    assert found.unrecognised == ("(column 2 has no heading)", "Colour", "Colour")
