"""Which headings ask for special-category data, in the words that people use in forms and lists."""

from __future__ import annotations

from outreach.sources.special import special_category

ASKED = """
    Ethnicity | Ethnic background | What is your ethnic group? | Race | Race/ethnicity |
    Racial group | Do you consider yourself to have a disability? | Disability status | Are
    you disabled? | Do you have any long-term health conditions? | Religion or belief | What
    is your religion? | Faith | No religion? | Are you pregnant? | Pregnancy and maternity |
    On maternity leave? | Gender identity | Is your gender the same as at birth? | Do you
    identify as transgender? | Sexual orientation | Sexuality | How would you describe your
    sexuality? | Trade union membership | Are you a member of a trade union? | Which union do
    you belong to? | Union rep? | Political party | Political opinions | Nationality | Country
    of birth | Mental health | Do you have a mental health condition? | Physical or mental
    impairment | Neurodivergent? | Do you have dyslexia, ADHD or autism? | Medical conditions
    | Reasonable adjustments needed | Access requirements | Dietary requirements | Allergies |
    Sick leave (days) | Absence due to illness | Covid vaccine status | Vaccination status |
    Criminal convictions | DBS check | Asylum status | Immigration status | Visa status |
    Blood group | HIV status | Skin colour | Are you from a Black, Asian or minority ethnic
    background? | BAME | Global majority | Do you identify as LGBTQ+? | Carer for a disabled
    person? | Health conditions you would like us to know about | Long covid | Are you
    neurodiverse? | Ethnic origin code | EthnicCategory | Do you follow a religion? |
    Biometric ID | Do you have a hearing impairment? | Wheelchair user? | Are you deaf or hard
    of hearing? | Menopause symptoms | Fasting for Ramadan? | Disabled (Y/N) | Protected
    characteristic(s) | Tribe or caste | Heritage | Sexual health | Genetic data | Long term
    illness
"""

INNOCENT = """
    Race equality pledge | WRES lead | WRES lead email | Workforce Race Equality Standard lead
    | Disability Confident employer? | Disability Confident status | Ethnic minority network
    news: subscribe | Ethnic minority staff network lead | EDI lead | Equality, diversity and
    inclusion lead | Subscribe to race equality news | Anti-racism champion | Anti-racist
    pledge | Do you pledge to tackle racism? | Union Street Surgery | Health centre name |
    Healthcare setting | Occupational health provider | Health and wellbeing lead | Health and
    Wellbeing Champion | Public health team | Mental health trust | Mental Health First Aider
    | Practice health visitor | Borough | Role | Job title | Freedom to Speak Up Guardian |
    Postcode | PCN | Integrated care board | Consent to be contacted | Consent date | Date of
    pledge | Sexual health clinic name | Disability network news: subscribe | LGBTQ+ staff
    network news: subscribe | Learning disability lead | Learning disability nurse |
    Vaccination lead | Vaccination centre | Black History Month event: attend | Staff network
    chair | Interested in the race equality toolkit | Race equality week | Why does race
    equality matter to you? | Cultural competence training attended | Unconscious bias
    training date | Interpreter services | Medical director | Medical practice | Medical
    school | Dental therapist | Political leadership course | Trace number | Embrace network |
    Brace | Grace | Trans-national lead | Religious festivals calendar: subscribe | Chaplaincy
    contact | Diversity champion | Inclusion pledge | Race Equality Lead | Genetics nurse |
    Smoking cessation lead | Diabetes lead | Pregnancy clinic | Pronouns | Marital status |
    First language
"""


def headings(block: str) -> list[str]:
    return [" ".join(one.split()) for one in block.split("|")]


def test_questions_about_special_categories_are_known() -> None:
    assert [one for one in headings(ASKED) if not special_category(one)] == []


def test_the_work_its_networks_and_its_services_are_not_taken_for_them() -> None:
    assert [one for one in headings(INNOCENT) if special_category(one)] == []


def test_whether_somebody_is_in_a_network_is_asked_all_the_same() -> None:
    assert special_category("Are you a member of the ethnic minority network?")
    assert special_category("Disability network member")
