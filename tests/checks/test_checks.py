"""What is found in a rendered variant before anybody is asked to approve it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.checks.conftest import ADA, Find, names
from tests.rendering.conftest import EDITION, LAYOUTS, Write

from outreach.checks import Sample, check
from outreach.checks.links import link_problem
from outreach.checks.sizes import slot_bytes
from outreach.domain import Organisation, Reader
from outreach.hub import Hub
from outreach.rendering import compile_campaign


def test_good_copy_has_no_fault(found: Find) -> None:
    assert found("Dear {{ contact.name }},\n\n[Read about WRES](https://example.org/wres)") == ()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("[plain](http://example.org)", "must begin with https://"),
        ("[relative](/page)", "must begin with https://"),
        ("[other](//example.org)", "must begin with https://"),
        ("[user](https://a:b@example.org)", "before an @"),
        ("[script](javascript:alert(1))", "is not a link that may be sent"),
        ("[{{ hub.name }}](https://localhost)", "names no website"),
        ("[](https://example.org/)", "has no text"),
        ("![](https://example.org/a.png)", "has no text for people who cannot see it"),
        ("![x](http://example.org/a.png)", "must begin with https://"),
        ("word " * 300, "break its paragraph in two"),
        ("A paragraph of words. \n\n" * 1400, "KB is cut off"),
    ],
)
def test_what_stops_an_edition(found: Find, body: str, says: str) -> None:
    blocking = [fault.message for fault in found(body) if fault.blocking]
    assert any(says in message for message in blocking), blocking


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("[Click here](https://example.org/a)", "does not say where it leads"),
        ("For BAME staff", "lumps people together"),
        ("Whatever their race", "ethnicity"),
        ("### Three", "a heading of level 3 after one of level 1"),
    ],
)
def test_what_is_only_advised(found: Find, body: str, says: str) -> None:
    (fault,) = found(body)
    assert says in fault.message
    assert not fault.blocking


def test_proper_names_may_say_race(found: Find) -> None:
    assert found("The Workforce Race Equality Standard and race inequality") == ()


def test_subjects_and_previews_are_judged(found: Find) -> None:
    (empty,) = found("x", subject="{{ contact.borough }}")
    assert (empty.message, empty.blocking) == ("the subject is empty; write one", True)
    long, none = found("x", subject="word " * 20, preview="")
    assert "phones show about 60" in long.message
    assert "no preview" in none.message
    assert not long.blocking
    assert not none.blocking


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("{{ links.unsubscribe }}", "no unsubscribe link"),
        ("{{ hub.identity }}", "does not say who writes"),
        ('lang="en-GB"', "does not say its language"),
        ("<mj-title>{{ subject }}</mj-title>", "has no title"),
    ],
)
def test_a_layout_that_lacks_what_the_law_asks_stops_an_edition(
    hub: Hub, write: Write, tmp_path: Path, part: str, says: str
) -> None:
    for name in ("standard.mjml", "standard.txt"):
        text = (LAYOUTS / name).read_text()
        (tmp_path / name).write_text(text.replace(part, ""))
    made = compile_campaign(write("Hello"), hub, tmp_path)
    sample = Sample(1, "everyone", 1, made.render((), EDITION), ("", ""))
    faults = check(made.campaign, hub, [sample], {})
    assert says in " ".join(fault.message for fault in faults if fault.blocking)


def test_missing_values_name_the_expression_its_line_and_the_people(hub: Hub, write: Write) -> None:
    campaign = write("Hello\n\nDear {{ contact.first_name }}")
    (fault,) = check(campaign, hub, [], {"contact.first_name": 1234})
    assert fault.line == 11
    assert fault.message.startswith("{{ contact.first_name }} prints nothing for 1,234 people")
    assert "{{ contact.first_name or 'colleague' }}" in fault.message


def test_a_fault_of_several_variants_is_named_once(hub: Hub, write: Write) -> None:
    campaign = write("# H\n\n{% if contact.pledged %}Yes{% endif %}[x](http://a.example)")
    made = compile_campaign(campaign, hub, LAYOUTS)
    contents = [
        Sample(number, made.label((yes,)), 1, made.render((yes,), EDITION), ("", ""))
        for number, yes in enumerate((True, False), start=1)
    ]
    (fault,) = check(campaign, hub, contents, {})
    assert fault.variants == (1, 2)
    assert fault.line == 11


def test_values_too_large_for_a_request_stop_an_edition(found: Find) -> None:
    body = "\n\n".join(f"{{{{ contact.borough ~ '{n}' }}}}" for n in range(5))
    faults = found(body, "Hello", "A test", replace(ADA, borough="'" * 490))
    (values,) = [fault for fault in faults if "one person's values" in fault.message]
    assert values.blocking


def test_slot_bytes_count_the_plain_and_the_escaped_form() -> None:
    assert slot_bytes(["é<"]) == 3 + 6


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/a?b=c#d", True),
        ("mailto:hub@example.org", True),
        ("http://example.org", False),
        ("HTTPS://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https:\\\\example.org", False),
        ("https://example.org@evil.example", False),
        ("https://example.org/\r\nBcc: x", False),
        ("https://[", False),
        ("https:///x", False),
        ("mailto:", False),
        ("", False),
    ],
)
def test_only_https_and_mailto_links_are_safe(url: str, safe: bool) -> None:
    assert (link_problem(url) == "") is safe


# ---- each check: copy that it finds something in


@pytest.mark.parametrize(
    ("body", "check_name"),
    [
        ("[the page](https://bit.ly/x)", "link-known-bad"),
        ("[the page](https://www.bit.ly/x)", "link-known-bad"),
        ("[x y](https://eur01.safelinks.protection.outlook.com/?url=a)", "link-known-bad"),
        ("[the page](https://nhs.uk.example.com/a)", "link-look-alike"),
        ("[the page](https://nhs-uk.example.com/a)", "link-look-alike"),
        ("[the page](https://nh5.uk/a)", "link-look-alike"),
        ("[the page](https://www.ncltraininghub.com.ru/a)", "link-look-alike"),
        ("[the page](https://www.ics.org.uk/a)", ""),
        ("[the page](https://ncltrainlnghub.org/a)", "link-look-alike"),
        ("[the page](https://ncl-traininghub.org/a)", "link-look-alike"),
        ("[the page](https://ncltraininghub.org/a)", ""),
        ("[the page](https://future.nhs.uk/a)", ""),
        ("[the page](https://futurе.nhs.org/a)", "link-look-alike"),
        ("[the page](https://xn--e1afmkfd.example/a)", "link-look-alike"),
        ("[the page](https://127.0.0.1/a)", "link-unsafe"),
        ("[the page](https://2130706433/a)", "link-unsafe"),
        ("[Read more…](https://example.org/a)", "link-text"),
        ("[https://example.org/a](https://example.org/a)", "link-text"),
        (
            "[The pledge](https://example.org/a) and [the pledge](https://example.org/b)",
            "link-text",
        ),
        ("[a b](https://example.org/) " * 21, "link-count"),
        ("![photo.jpg](https://example.org/a.jpg) " + "word " * 60, "alt-words"),
        ("![A photo of a team](https://example.org/a.jpg) " + "word " * 60, "alt-words"),
        ("![Two nurses talk](https://example.org/a.jpg)", "spam"),
        ("# Another main heading", "headings"),
        ("A <b>bold</b> word", "text-leftovers"),
        ("Bread &amp;amp; butter", "text-leftovers"),
        ("{% raw %}{{ contact.name }}{% endraw %}", "text-leftovers"),
        ("#No space", "text-leftovers"),
        ("A **bold word", "text-leftovers"),
        ("This is VERY IMPORTANT NEWS TODAY", "spam"),
        ("Do it now!!!", "spam"),
        ("We utilised it, e.g. often", "words"),
        ("p\u0430ssword", "look-alike-letters"),
        ("pass\u200bword", "hidden-letters"),
    ],
)
def test_each_check_finds_what_it_is_for(found: Find, body: str, check_name: str) -> None:
    faults = found(body)
    assert (check_name in names(faults)) if check_name else names(faults) == [], faults
    assert all(fault.line for fault in faults), faults


def test_copy_without_a_heading_or_with_nothing_is_told(found: Find) -> None:
    assert names(found("Hello", bare=True)) == ["headings"]
    assert "text-empty" in names(found("", bare=True))


def test_a_word_to_avoid_names_its_line_and_what_to_write(found: Find) -> None:
    (fault,) = found("First.\n\nWe utilise it.")
    assert (fault.line, fault.check) == (13, "words")
    assert "write “use”" in fault.message


@pytest.mark.parametrize(
    "proper",
    [
        "the Workforce Race Equality Standard",
        "the London Workforce Race Strategy in Primary Care",
        "cultures of race inequality",
        "to work with race",
        "in the embrace of traces",
    ],
)
def test_names_with_the_word_race_in_them_are_left_alone(found: Find, proper: str) -> None:
    assert found(f"Read about {proper}.") == ()


SIMPLE = "We want your help. Tell us what you think. It takes two minutes to do. " * 8
HARDER = "The programme establishes proportionate arrangements supporting organisations, and "
HARDEST = (HARDER * 5 + "subsequently recommends comprehensive implementation. ") * 2


def test_the_reading_age_is_of_the_copy_alone(found: Find) -> None:
    assert names(found(SIMPLE)) == []
    (high,) = found(HARDEST.replace("subsequently", "then"))
    assert (high.check, high.blocking, high.line) == ("reading-age-high", False, 11)
    assert "the longest has" in high.message
    middle = "Practices and pharmacies in London agree with their teams how the standard is met. "
    (above,) = found(middle * 6)
    assert above.check == "reading-age"


def test_long_subjects_are_judged_with_the_longest_value(hub: Hub, write: Write) -> None:
    campaign = write(
        "# H\n\nx",
        "News for {{ contact.organisation.name or 'you' }}",
        "For {{ contact.borough or 'you' }}",
    )
    made = compile_campaign(campaign, hub, LAYOUTS)
    short, long = (
        made.values(Reader("Ada", borough=b, organisation=Organisation("A1", o)))
        for b, o in (
            ("B", "Elm"),
            ("C" * 200, "The Very Long Name of a Health Centre by the Park in N1"),
        )
    )
    content = made.render(made.key(Reader()), EDITION)
    assert check(campaign, hub, [Sample(1, "", 9, content, short)], {}) == ()
    faults = check(campaign, hub, [Sample(1, "", 9, content, short, (long,))], {})
    assert names(faults) == ["subject-length", "preview"]
    assert "for the reader with the longest values" in faults[0].message


@pytest.mark.parametrize(
    "secret", ["Zebedee", "<b>Zebedee</b>", "BAME Zebedee", "http://zebedee.example"]
)
def test_no_reader_s_own_value_is_ever_quoted(found: Find, secret: str) -> None:
    body = "{{ contact.name }}!!! [{{ contact.name }}](https://bit.ly/a) BAME\n\n### {{ contact.name }}"
    faults = found(
        body, "{{ contact.name }} " * 9, "For {{ contact.name }}", Reader(secret, secret)
    )
    assert len(faults) > 4
    assert "zebedee" not in " ".join(map(str, faults)).lower()


def test_a_fault_says_which_of_the_variants_it_is_in(found: Find) -> None:
    body = "{% if contact.pledged %}We utilise it.{% endif %}"
    (fault,) = found(body, "Hello", "A test", ADA, replace(ADA, pledged_on=EDITION.date))
    assert fault.variants == (2,)
    assert fault.message.endswith("(for: has pledged)")


# ---- the HTML, the styles and their colours, by layouts that break them


@pytest.mark.parametrize(
    ("old", "new", "check_name"),
    [
        ("<p>{{ why }}</p>", "<p><span><div>{{ why }}</div></span></p>", "html-valid"),
        ("<p>{{ why }}</p>", "<p>{{ why }}</p><p> </p>", "html-valid"),
        ("<p>{{ why }}</p>", "<span><h2>{{ why }}</h2></span>", "html-valid"),
        ("<p>{{ why }}</p>", "<ul><p>{{ why }}</p></ul>", "html-valid"),
        ("<p>{{ why }}</p>", "<center>{{ why }}</center>", "html-valid"),
        ("<p>{{ why }}</p>", '<p id="a">{{ why }}</p><p id="a">x</p>', "html-valid"),
        ("<p>{{ why }}</p>", "<p><a>{{ why }}</a></p>", "html-valid"),
        ("<p>{{ why }}</p>", "<table><tr><td>{{ why }}</td></tr></table>", "html-valid"),
        ("<p>{{ why }}</p>", "<marquee>{{ why }}</marquee>", "support"),
        ("<p>{{ why }}</p>", '<p style="position: fixed">{{ why }}</p>', "support"),
        ("<p>{{ why }}</p>", '<p style="color: #cccccc">{{ why }}</p>', "contrast-light"),
        (
            "<p>{{ why }}</p>",
            '<p style="color: rgb(200, 200, 200)">{{ why }}</p>',
            "contrast-light",
        ),
        (
            "<p>{{ why }}</p>",
            '<p style="color: #aaa; font-size: 24px">{{ why }}</p>',
            "contrast-light",
        ),
        ("<p>{{ why }}</p>", '<p style="color: hotpink">{{ why }}</p>', "contrast-light"),
        ("<p>{{ why }}</p>", '<p style="color: #767676; font-size: 24px">{{ why }}</p>', ""),
        ("<p>{{ why }}</p>", '<p style="display: none">{{ why }}</p>', "hidden-text"),
        (".panel div, .foot div { color: {{ hub.dark.text }} !important; }", "", "contrast-dark"),
        (
            "td.action-cell { background-color: {{ hub.dark.button }} !important; }",
            "",
            "contrast-dark",
        ),
    ],
)
def test_a_broken_layout_is_found(
    found: Find, tmp_path: Path, old: str, new: str, check_name: str
) -> None:
    folder = tmp_path / "layouts"
    folder.mkdir()
    for name in ("standard.mjml", "standard.txt"):
        (folder / name).write_text((LAYOUTS / name).read_text().replace(old, new))
    faults = names(found("[The pledge](https://example.org/a){.button}", layouts=folder))
    assert (check_name in faults) if check_name else "contrast-light" not in faults, faults
