"""Campaign files: what loads, and how each fault is named."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from outreach.campaigns import load_campaign, load_library
from outreach.domain import Mailbox, Purpose
from outreach.errors import Fault, InputError
from outreach.hub import Hub, load_hub
from outreach.scheduling.cron import cron_problem
from outreach.scheduling.timetable import DaysOff
from outreach.segments import Segment
from outreach.settings import ROOT

SHIPPED = ROOT / "templates" / "campaigns"
LAYOUTS = ROOT / "templates" / "layouts"

GOOD = """---
title: What WRES is
purpose: public_task
basis_reason: The hub supports the primary care workforce.
subject: "What WRES is, {{ contact.first_name or 'colleague' }}"
preview: Five minutes on WRES
owner: casey
---
Dear {{ contact.name }},

Hello.
"""


@pytest.fixture(scope="module")
def hub() -> Hub:
    return load_hub(ROOT / "hub.yaml")


def faults_of(tmp_path: Path, hub: Hub, text: str, name: str = "a-test.md") -> list[Fault]:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_campaign(path, hub)
    return list(caught.value.faults)


def the_fault(tmp_path: Path, hub: Hub, text: str) -> str:
    (fault,) = faults_of(tmp_path, hub, text)
    assert fault.file.endswith("a-test.md")
    return f"{fault.line}: {fault.message}"


def with_field(field: str) -> str:
    return GOOD.replace("owner: casey\n", f"owner: casey\n{field}\n")


def with_body(body: str) -> str:
    return GOOD.replace("Hello.\n", body)


def test_the_pledge_thank_you_is_automatic_and_answers_each_pledge_once(hub: Hub) -> None:
    campaign = load_campaign(SHIPPED / "pledge-thank-you.md", hub)
    assert (campaign.trigger, campaign.occasion, campaign.approval) == (
        "new_pledges",
        "pledge",
        "standing",
    )
    assert campaign.segment == Segment.of(pledged_within_days=14)
    assert campaign.purpose is Purpose.PUBLIC_TASK


def test_what_is_wres_waits_for_a_person_on_working_tuesdays(hub: Hub) -> None:
    campaign = load_campaign(SHIPPED / "what-is-wres.md", hub)
    assert (campaign.trigger, campaign.timetable) == ("timetable", "0 10 * * 2")
    assert campaign.days_off is DaysOff.SKIP
    assert campaign.approval == "person"


def test_a_file_with_the_fewest_fields_has_careful_defaults(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "a-test.md").write_text(GOOD)
    campaign = load_campaign(tmp_path / "a-test.md", hub)
    assert campaign.slug == campaign.category == "a-test"
    assert (campaign.trigger, campaign.approval, campaign.layout) == (
        "manual",
        "person",
        "standard",
    )
    assert campaign.late_after_hours == 4
    assert campaign.segment == Segment()
    assert campaign.body_line == 9
    assert campaign.source == GOOD


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "a-test.md").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_campaign(tmp_path / "a-test.md", hub).source == GOOD


@pytest.mark.parametrize(
    "written", ["sender: Ada <ada@example.org>", "sender: {name: Ada, address: ada@example.org}"]
)
def test_a_sender_is_written_either_way(tmp_path: Path, hub: Hub, written: str) -> None:
    (tmp_path / "a-test.md").write_text(with_field(written))
    campaign = load_campaign(tmp_path / "a-test.md", hub)
    assert campaign.sender == Mailbox("ada@example.org", "Ada")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (with_field("subjet: x"), "8: there is no field “subjet” here; did you mean “subject”?"),
        (
            GOOD.replace("purpose: public_task", "purpose: newsletter"),
            "3: “purpose” cannot be “newsletter”; choose from: direct_marketing, public_task",
        ),
        (
            with_field("trigger: timetabel"),
            "8: “trigger” cannot be “timetabel”; did you mean “timetable”?",
        ),
        (with_field("title: again"), "8: “title” is written twice (also on line 2); keep one"),
        (
            with_field("trigger: timetable"),
            '8: say when: add timetable: every Tuesday 10:00',
        ),
        (
            with_field("trigger: new_resources"),
            "8: trigger: new_resources needs digest:, with max: 10 on the next line, indented",
        ),
        (
            with_field("digest:\n  max: 3\n  mim: 1"),
            "10: there is no field “mim” here; did you mean “min”?",
        ),
        (
            with_field("digest:\n  max: 3\n  min: 4"),
            "10: min is over max: nobody would get more than 3",
        ),
        (
            with_field("digest: {max: 3}\napproval: standing"),
            "9: what a digest brings is new each time, so a person must see it: approval: person",
        ),
        (
            with_field("segment:\n  sectors:\n    - Dentistry\n    - Optomitry"),
            "11: “Optomitry” is not among the sectors in hub.yaml; did you mean “Optometry”?",
        ),
        (
            with_field("segment:\n  pledgd: true"),
            "9: there is no field “pledgd” here; did you mean “pledged”?",
        ),
        (
            with_field("segment: 'sectr is \"Dentistry\"'"),
            "8: there is nothing called “sectr” to ask about; did you mean “sector”?",
        ),
        (
            with_field('segment:\n  rule: pledged and borough is "Camdn"'),
            "9: “Camdn” is not among the boroughs in hub.yaml; did you mean “Camden”?",
        ),
        (
            with_field("segment: pledged and not pledged"),
            "8: it asks for people with a pledge and for people without one: nobody is both",
        ),
        (
            with_field("segment: [Dentistry]"),
            "8: “segment” must have fields, each as name: value",
        ),
        (
            with_field("trigger: new_pledges"),
            "8: trigger: new_pledges needs occasion: pledge, so that each pledge is answered once",
        ),
        (
            with_field("sender: not an address"),
            "8: “not an address” is not an email address; write name@example.org",
        ),
        (
            with_field("approvers: [casey]"),
            "8: nobody could approve this: its owner “casey” may not; name another approver",
        ),
        (
            GOOD.replace("contact.first_name or", "contact.firstname or"),
            "5: “contact” has no field “firstname”; did you mean “contact.first_name”?",
        ),
        (
            with_body("One.\n\n{{ contact.frist_name }}\n"),
            "13: “contact” has no field “frist_name”; did you mean “contact.first_name”?",
        ),
        (
            with_body("{{ contct.name }}"),
            "11: there is nothing called “contct”; did you mean “contact”?",
        ),
        (
            with_body("{{ contact.name | uper }}"),
            "11: there is no filter “uper”; did you mean “upper”?",
        ),
        (
            with_body("{{ contact.name | safe }}"),
            "11: “| safe” is not needed: every value is made safe; take it out",
        ),
        (
            with_body("{{ contact.organisation }}"),
            "11: say which part of “contact.organisation”, such as contact.organisation.name",
        ),
        (
            with_body("{{ contact['name'] }}"),
            "11: write contact.name, with a full stop instead of brackets",
        ),
        (
            with_body("{{ contact.name.upper() }}"),
            "11: copy cannot call things with ( ); use a filter, such as "
            "{{ contact.name | upper }}",
        ),
        (
            with_body("\n{% include 'x' %}"),
            "12: {% include %} is not supported in campaign copy; use if, for and set",
        ),
        (
            with_body("{% if contact.pledged %}{% set a = 1 %}{% endif %}"),
            "11: {% set a %} cannot stand inside {% if %} or {% for %}; write "
            "{% set a = a if test else b %} before it",
        ),
        (
            with_body("{% for letter in contact.name %}{{ letter }}{% endfor %}"),
            "11: a loop cannot run over something about the reader or the edition; loop over a "
            "list, and put {% if %} inside the loop",
        ),
        (
            with_body("{% for x in range(10) %}{% endfor %}"),
            "11: copy cannot call things with ( ); use a filter, such as "
            "{{ contact.name | upper }}",
        ),
        (
            with_body("{{ contact.pledged_on > edition.date }}"),
            "11: one expression cannot use both contact and edition; use two, one inside the other "
            "where they are tests",
        ),
        (with_body("{{ ''.__class__ }}"), "11: “__class__” is private; use a field that is listed "
         "in the guide"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_what_to_do(
    tmp_path: Path, hub: Hub, text: str, fault: str
) -> None:
    faults = faults_of(tmp_path, hub, text)
    assert f"{faults[0].line}: {faults[0].message}" == fault


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("{% if contact.pledged %}\nx", 11, "this {% if %} is never closed"),
        ("x\n{{ contact. }}", 12, "this cannot be read as a template"),
        ("{% endif %}", 11, "there is no {% if %}"),
    ],
)
def test_a_template_that_cannot_be_read_names_its_line(
    tmp_path: Path, hub: Hub, body: str, line: int, words: str
) -> None:
    said = the_fault(tmp_path, hub, with_body(body))
    assert said.startswith(f"{line}: {words}")


def test_every_fault_of_a_file_is_named_at_once(tmp_path: Path, hub: Hub) -> None:
    text = with_field("trigger: timetable").replace("Hello.", "{{ contact.nam }} {{ hub.nam }}")
    lines = [fault.line for fault in faults_of(tmp_path, hub, text)]
    assert lines == [8, 12, 12]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Hello", "the first line must be ---"),
        ("---\ntitle: x\n", "a line with --- is missing"),
        ("---\n- a\n---\n", "write fields here"),
        ("---\nsubject: a: b\n---\n", "with a colon in it needs quotes"),
        ("", "the first line must be ---"),
    ],
)
def test_a_file_without_a_head_says_how_to_begin(
    tmp_path: Path, hub: Hub, text: str, says: str
) -> None:
    assert says in the_fault(tmp_path, hub, text)


def test_a_file_that_is_not_utf_8_names_the_line(tmp_path: Path, hub: Hub) -> None:
    path = tmp_path / "a-test.md"
    path.write_bytes(GOOD.encode() + b"caf\xe9")
    with pytest.raises(InputError, match=r"a-test.md:12: a letter here is not UTF-8"):
        load_campaign(path, hub)


def test_a_badly_named_file_is_told_its_name(tmp_path: Path, hub: Hub) -> None:
    (fault,) = faults_of(tmp_path, hub, GOOD, "My Campaign!.md")
    assert "call it my-campaign.md" in fault.message


def test_one_broken_file_never_affects_the_others(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "good.md").write_text(GOOD)
    (tmp_path / "broken.md").write_text(with_field("colour: red"))
    (tmp_path / "odd.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "README.md").write_text("not a campaign")
    library = load_library([tmp_path], hub)
    assert list(library.campaigns) == ["good"]
    assert {Path(file).name for file in library.faults} == {"broken.md", "odd.md"}


def test_of_two_files_with_one_name_the_second_is_a_fault(tmp_path: Path, hub: Hub) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a-test.md").write_text(GOOD)
    library = load_library([tmp_path / "one", tmp_path / "two"], hub)
    assert library.campaigns["a-test"].file.parent.name == "one"
    ((file, (fault,)),) = library.faults.items()
    assert file.endswith("two/a-test.md")
    assert "one/a-test.md has this name already" in fault.message


def test_a_missing_folder_is_a_fault(tmp_path: Path, hub: Hub) -> None:
    library = load_library([tmp_path / "none", SHIPPED], hub)
    assert library.campaigns.keys() >= {"pledge-thank-you", "what-is-wres"}
    assert len(library.faults) == 1


def test_a_file_that_says_the_same_is_not_taken_apart_again_and_an_edited_one_is(
    tmp_path: Path, hub: Hub
) -> None:
    path = tmp_path / "a-test.md"
    path.write_text(GOOD)
    first = load_campaign(path, hub)
    assert load_campaign(path, load_hub(ROOT / "hub.yaml")) is first
    assert load_campaign(path, replace(hub, seeds=("jo",))).seeds == ("jo",)
    path.write_text(GOOD + "\nMore.\n")
    assert load_campaign(path, hub).source != first.source
    path.write_text(GOOD + "{% if")
    with pytest.raises(InputError):
        load_campaign(path, hub)


def test_three_hundred_files_load_in_seconds(tmp_path: Path, hub: Hub) -> None:
    text = (SHIPPED / "what-is-wres.md").read_text()
    for number in range(300):
        (tmp_path / f"campaign-{number}.md").write_text(text)
    start = time.process_time()
    library = load_library([tmp_path], hub)
    assert len(library.campaigns) == 300
    assert time.process_time() - start < 10


def test_the_content_hash_moves_with_the_copy_the_layout_and_the_hub(
    tmp_path: Path, hub: Hub
) -> None:
    layouts = tmp_path / "layouts"
    layouts.mkdir()
    for name in ("standard.mjml", "standard.txt"):
        (layouts / name).write_bytes((LAYOUTS / name).read_bytes())
    path = tmp_path / "a-test.md"
    path.write_text(GOOD)
    first = load_campaign(path, hub).content_hash(hub, layouts)
    assert load_campaign(path, hub).content_hash(hub, layouts) == first
    path.write_text(GOOD + "More.\n")
    second = load_campaign(path, hub).content_hash(hub, layouts)
    with (layouts / "standard.txt").open("a") as file:
        file.write("x")
    third = load_campaign(path, hub).content_hash(hub, layouts)
    changed = tmp_path / "hub.yaml"
    changed.write_text((ROOT / "hub.yaml").read_text() + "\nprivacy_url: https://example.org/\n")
    fourth = load_campaign(path, hub).content_hash(load_hub(changed), layouts)
    assert len({first, second, third, fourth}) == 4


@pytest.mark.parametrize(
    ("timetable", "fits"),
    [
        ("0 10 * * 2", True),
        ("*/15 8-18 * * mon-fri", True),
        ("0,30 9 1 jan,jul *", True),
        ("0 24 * * *", False),
        ("0 10 * *", False),
        ("0 10 * * tusday", False),
        ("0 10 * * 5-1", False),
        ("@daily", False),
        ("*/0 * * * *", False),
    ],
)
def test_a_timetable_is_five_parts_within_their_ranges(timetable: str, fits: bool) -> None:
    assert (cron_problem(timetable) == "") is fits


@pytest.mark.parametrize(
    ("fields", "goal", "capped"),
    [
        ("", "", True),
        ("segment: {pledged: false}", "pledged", True),
        ("segment: {pledged: false}\ngoal: none", "", True),
        ("goal: pledged", "pledged", True),
        ("frequency: exempt", "", False),
        ("occasion: pledge\nsegment: {pledged: true}", "", False),
        ("occasion: pledge\nsegment: {pledged: true}\nfrequency: capped", "", True),
    ],
)
def test_a_goal_and_a_frequency_have_the_defaults_that_one_would_expect(
    tmp_path: Path, hub: Hub, fields: str, goal: str, capped: bool
) -> None:
    path = tmp_path / "a-test.md"
    path.write_text(with_field(fields) if fields else GOOD)
    campaign = load_campaign(path, hub)
    assert (campaign.goal, campaign.capped) == (goal, capped)


def test_a_goal_that_leaves_nobody_is_refused(tmp_path: Path, hub: Hub) -> None:
    said = the_fault(tmp_path, hub, with_field("goal: pledged\nsegment: {pledged: true}"))
    assert "leaves out everyone who has pledged" in said


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ('segment: sector is "Dentstry"', (8, 20)),
        ("segment: 'sector is \"Dentstry\"'", (8, 21)),
        ('segment: "sector is \\"Dentstry\\""', (8, 22)),
        ('segment: >-\n  not pledged\n  and sector is "Dentstry"', (10, 17)),
        ('segment: |\n  not pledged and\n\n  sector is "Dentstry"', (11, 13)),
        ('segment: not pledged and\n  sector is "Dentstry"', (9, 13)),
        ('segment:\n  pledged: true\n  rule: sector is "Dentstry"', (10, 19)),
        ("segment: pledged and", (8, 21)),
    ],
)
def test_a_fault_in_a_rule_is_named_with_its_line_and_column_in_the_file(
    tmp_path: Path, hub: Hub, written: str, place: tuple[int, int]
) -> None:
    (fault,) = faults_of(tmp_path, hub, with_field(written))
    assert (fault.line, int(fault.column)) == place


def test_a_rule_and_fields_make_one_segment(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "a-test.md").write_text(
        with_field("segment:\n  boroughs: [Camden]\n  rule: not pledged or shared mailbox")
    )
    campaign = load_campaign(tmp_path / "a-test.md", hub)
    assert campaign.segment.text() == 'borough is "Camden" and (not pledged or shared mailbox)'
    assert campaign.goal == ""
    (tmp_path / "a-test.md").write_text(with_field("segment: not pledged"))
    assert load_campaign(tmp_path / "a-test.md", hub).goal == "pledged"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("deputies:\n  vic: [jo]", "“vic” is no approver of this campaign"),
        ("deputies:\n  lee: [lee]", "“lee” cannot be their own deputy"),
        ("seeds: [jo]", "“jo” is not among the colleagues in hub.yaml"),
        ("audience_limit: 0", "audience_limit"),
    ],
)
def test_who_agrees_an_edition_is_judged_with_its_line(
    tmp_path: Path, hub: Hub, lines: str, said: str
) -> None:
    path = tmp_path / "a-test.md"
    path.write_text(GOOD.replace("owner: casey", f"owner: casey\n{lines}", 1))
    with pytest.raises(InputError, match=said) as told:
        load_campaign(path, hub)
    assert all(fault.line > 1 for fault in told.value.faults)
