"""hub.yaml: what it gives, and how its faults are named."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from outreach.answering import Reminders
from outreach.colours import contrast
from outreach.domain import Mailbox
from outreach.errors import InputError
from outreach.hub import Hub, load_hub
from outreach.limits import Limits
from outreach.providers.registry import PROVIDERS
from outreach.rates import USUAL_PLAN, Rate, WarmUp
from outreach.ratesform import RatesForm
from outreach.settings import ROOT

# As it is delivered, but for the colleagues: tests name their own.
GOOD = re.sub(r"(?m)^colleagues:\n(?:  .*\n)+", "", (ROOT / "hub.yaml").read_text())


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "hub.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_hub(path)
    return [f"{fault.line}: {fault.message}" for fault in caught.value.faults]


def line_of(start: str) -> int:
    return 1 + [line.strip().startswith(start) for line in GOOD.split("\n")].index(True)


def test_the_shipped_hub_names_its_areas_with_their_survey_answers() -> None:
    hub = load_hub(ROOT / "hub.yaml")
    assert dict(hub.survey_answers) == {
        "North Central London": 176,
        "North East London": 286,
        "North West London": 134,
        "South East London": 244,
        "South West London": 181,
    }
    assert hub.sectors == ("General Practice", "Community Pharmacy", "Dentistry", "Optometry")
    assert hub.boroughs == ("Barnet", "Camden", "Enfield", "Haringey", "Islington")
    assert hub.sender == Mailbox("hub@example.org", "NCL Training Hub")
    assert hub.approvers == ("lee",)


def test_a_misspelt_field_is_named_with_its_line_and_the_right_word(tmp_path: Path) -> None:
    found = faults_of(tmp_path, GOOD.replace("short_name:", "shortname:"))
    line = line_of("short_name:")
    assert f"{line}: there is no field “shortname” here; did you mean “short_name”?" in found
    assert any("the field “short_name” is missing" in said for said in found)


def test_a_field_inside_a_list_is_named_with_its_own_line(tmp_path: Path) -> None:
    found = faults_of(tmp_path, GOOD.replace("survey_answers: 134", "survey_answers: many"))
    assert [said.partition(":")[0] for said in found] == [str(line_of("survey_answers: 134"))]


def test_faint_colours_are_refused_with_their_contrast(tmp_path: Path) -> None:
    found = faults_of(tmp_path, GOOD.replace('text: "#212b32"', 'text: "#aaaaaa"'))
    assert any("“text” on “panel” is too faint (2.3:1" in said for said in found)


def test_a_web_address_that_is_not_https_is_refused(tmp_path: Path) -> None:
    found = faults_of(tmp_path, GOOD.replace("website: https://", "website: http://"))
    assert found == [
        f"{line_of('website:')}: “http://www.ncltraininghub.org” is not a safe web address; "
        "it must begin with https://"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: [", "cannot be read"),
        ("name: a\nname: b", "written twice (also on line 1)"),
        ("a: &x [1]\nb: *x", "repeats another part"),
        ("just words", "must have fields"),
    ],
)
def test_broken_yaml_is_a_fault_and_not_a_crash(tmp_path: Path, text: str, says: str) -> None:
    assert any(says in said for said in faults_of(tmp_path, text))


def test_a_missing_hub_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"copy hub\.yaml back"):
        load_hub(tmp_path / "none.yaml")


def test_the_digest_moves_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text(GOOD.replace("Camden\n", "Camden Town\n"))
    assert load_hub(path).digest != load_hub(ROOT / "hub.yaml").digest


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


LIMITED = """
limits:
  emails_per_day: 50
  emails_per_person: 3
  in_days: 14
  complaint_pause: 0.2%
  audience_moves: 35%
colleagues:
  amy: amy@example.org
  jo: jo@example.org
deputies:
  lee: [jo]
reminders:
  hours_before: 2
seeds: [jo]
seed_variants: 5
"""


def written(tmp_path: Path, text: str) -> Hub:
    path = tmp_path / "hub.yaml"
    path.write_text(text)
    return load_hub(path)


def test_limits_and_colleagues_are_optional_and_no_reader_sees_them(tmp_path: Path) -> None:
    plain, limited = written(tmp_path, GOOD), written(tmp_path, GOOD + LIMITED)
    assert (plain.limits, plain.colleagues) == (Limits(), {})
    assert limited.limits == Limits(50, 3, 14, complaint_pause=0.2, audience_moves=35)
    assert limited.colleagues == {"amy": "amy@example.org", "jo": "jo@example.org"}
    assert (limited.deputies, limited.seeds, limited.seed_variants) == (
        {"lee": ("jo",)},
        ("jo",),
        5,
    )
    assert limited.reminders == Reminders(halfway=True, hours_before=2)
    assert limited.digest == plain.digest
    commented = "".join(line for line in GOOD.splitlines(keepends=True) if line[0] != "#")
    assert written(tmp_path, f"# Ours\n{commented}\n\n").digest == plain.digest
    assert written(tmp_path, GOOD.replace("why: >-", "why: >-\n  Hello.")).digest != plain.digest
    first = written(tmp_path, LIMITED.lstrip() + GOOD)
    assert (first.digest, first.limits) == (plain.digest, limited.limits)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("limits:\n  emails_a_day: 5\n", "did you mean “emails_per_day”?"),
        ("limits:\n  emails_per_day: 0\n", "limits.emails_per_day"),
        ("limits:\n  complaint_pause: 0.3\n", "limits.complaint_pause"),
        ("limits:\n  complaint_warn: 0.29\n", "complaint_warn must be below complaint_pause"),
        ("limits:\n  in_days: 3\n", "in_days needs emails_per_person"),
        ("colleagues:\n  amy: nobody\n", "is not an email address"),
        ("seeds: [jo]\n", "“jo” is not among the colleagues"),
        ("deputies:\n  lee: [lee]\n", "“lee” cannot be their own deputy"),
        ("limits:\n  audience_moves: 0\n", "limits.audience_moves"),
        ("rates:\n  sendgird:\n    per_hour: 9\n", "did you mean “sendgrid”?"),
        ("rates:\n  smtp:\n    per_second: 0\n", "“rates.smtp.per_second” must be 0.001 or more"),
        ("rates:\n  smtp:\n    per_hour: -3\n", "“rates.smtp.per_hour” must be 1 or more"),
        ("rates:\n  smtp:\n    per_hour: 1.5\n", "“rates.smtp.per_hour” must be a number"),
        ("rates:\n  smtp:\n    per_second: fast\n", "“rates.smtp.per_second” must be a number"),
        ("rates:\n  smtp: {}\n", "say per_second, per_hour or domains"),
        ("rates:\n  smtp:\n    domains: {nhs.net: {}}\n", "say per_second, per_hour or both"),
        ("rates:\n  smtp:\n    domains: {me@nhs.net: {per_hour: 1}}\n", "is not a domain"),
        ("warm_up: {domain: a.org}\n", "the field “warm_up.from” is missing"),
        ("warm_up: {domain: a, from: 2026-12-01}\n", "“a” is not a domain"),
        ("warm_up: {domain: a.org, from: 5}\n", "write a day, such as 2026-12-01"),
        ("warm_up: {domain: a.org, from: 2026-12-01, per_day: [5, 9, 8]}\n", "day 3 is less than"),
        ("warm_up: {domain: a.org, from: 2026-12-01, per_day: [0]}\n", "must be 1 or more"),
        ("warm_up: {domain: a.org, from: 2026-12-01, per_day: []}\n", "warm_up.per_day"),
    ],
)
def test_a_limit_that_cannot_hold_is_refused_in_words(tmp_path: Path, text: str, says: str) -> None:
    assert says in "\n".join(faults_of(tmp_path, GOOD + text))


PACED = """
rates:
  sendgrid: {per_second: 50, per_hour: 20000}
  smtp:
    per_second: 2.5
    domains:
      NHS.net: {per_second: 5, per_hour: 2000}
      slow.nhs.net: {per_hour: 60}
warm_up:
  domain: Mail.example.org
  from: 2026-12-01
"""


def test_rates_are_read_and_no_reader_sees_them(tmp_path: Path) -> None:
    plain, paced = written(tmp_path, GOOD), written(tmp_path, GOOD + PACED)
    rates = paced.limits.rates
    assert (bool(plain.limits.rates), bool(rates), plain.digest) == (False, True, paced.digest)
    assert rates.of("sendgrid").whole == Rate(50, 20000)
    assert (rates.of("smtp").whole, bool(rates.of("outbox"))) == (Rate(2.5), False)
    assert rates.warm_up == WarmUp("mail.example.org", date(2026, 12, 1), USUAL_PLAN)
    assert rates.warming("hub@MAIL.example.org") == rates.warm_up
    assert rates.warming("hub@example.org") is None


def test_every_provider_may_have_a_rate() -> None:
    assert set(PROVIDERS) <= set(RatesForm.model_fields)


@pytest.mark.parametrize(
    ("address", "gateway", "most"),
    [
        ("a@nhs.net", "nhs.net", 2),
        ("a@ward.NHS.net", "nhs.net", 2),
        ("a@very.slow.nhs.net", "slow.nhs.net", 2),
        ("a@notnhs.net", "", 2),
        ("a@nhs.net.example.org", "", 2),
    ],
)
def test_a_domain_covers_its_subdomains_and_nothing_else(
    tmp_path: Path, address: str, gateway: str, most: int
) -> None:
    pace = written(tmp_path, GOOD + PACED).limits.rates.of("smtp")
    assert (pace.gateway(address), pace.most(gateway)) == (gateway, most)


@pytest.mark.parametrize(
    ("day", "allowed", "words"),
    [
        (date(2026, 11, 30), 0, "begins on 1 December 2026: nothing goes before"),
        (date(2026, 12, 4), 400, "day 4 of 14: 400 today"),
        (date(2026, 12, 14), 409_600, "day 14 of 14: 409,600 today"),
        (date(2026, 12, 15), None, "over since 15 December 2026"),
    ],
)
def test_a_warm_up_says_its_day(day: date, allowed: int | None, words: str) -> None:
    plan = WarmUp("example.org", date(2026, 12, 1))
    assert (plan.on(day), plan.words(day)) == (allowed, words)
