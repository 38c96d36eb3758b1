"""What is found in a rendered variant before anybody is asked to approve it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from outreach.rendering.checks import check, link_problem, slot_bytes
from tests.rendering.conftest import EDITION, LAYOUTS, Write

from outreach.domain import Reader
from outreach.errors import Fault
from outreach.hub import Hub
from outreach.rendering import compile_campaign

ADA = Reader("Ada", "Lee")

Find = Callable[..., tuple[Fault, ...]]


@pytest.fixture
def found(hub: Hub, write: Write) -> Find:
    def run(
        body: str, subject: str = "Hello", preview: str = "A test", reader: Reader = ADA
    ) -> tuple[Fault, ...]:
        campaign = write(body, subject, preview)
        made = compile_campaign(campaign, hub, LAYOUTS)
        key, values = made.assess(reader)
        return check(campaign, hub, [(made.label(key), made.render(key, EDITION), values)], {})

    return run


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
        ("", "the plain-text part is empty"),
        ("word " * 300, "break its paragraph in two"),
        ("A paragraph of words. \n\n" * 5000, "KB is cut off"),
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
        ("# One\n\n### Three", "level 3 follows one of level 1"),
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
    assert (empty.message, empty.blocking) == ("the subject is empty", True)
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
    faults = check(made.campaign, hub, [("everyone", made.render((), EDITION), ("", ""))], {})
    assert says in " ".join(fault.message for fault in faults if fault.blocking)


def test_missing_values_name_the_expression_its_line_and_the_people(hub: Hub, write: Write) -> None:
    campaign = write("Hello\n\nDear {{ contact.first_name }}")
    (fault,) = check(campaign, hub, [], {"contact.first_name": 1234})
    assert fault.line == 11
    assert fault.message.startswith("{{ contact.first_name }} prints nothing for 1,234 people")
    assert "{{ contact.first_name or 'colleague' }}" in fault.message


def test_a_fault_of_several_variants_is_named_once(hub: Hub, write: Write) -> None:
    campaign = write("{% if contact.pledged %}Yes{% endif %}[x](http://a.example)")
    made = compile_campaign(campaign, hub, LAYOUTS)
    contents = [
        (made.label(key), made.render(key, EDITION), ("", "")) for key in ((True,), (False,))
    ]
    (fault,) = check(campaign, hub, contents, {})
    assert fault.message.endswith("(first seen for: has pledged)")


def test_values_too_large_for_a_request_stop_an_edition(found: Find) -> None:
    body = "\n\n".join(f"{{{{ contact.borough ~ '{n}' }}}}" for n in range(5))
    faults = found(body, reader=replace(ADA, borough="'" * 490))
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
