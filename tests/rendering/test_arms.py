"""Arms in copy: each is a variant of its own, and what is wrong with one is told."""

from __future__ import annotations

import pytest
from tests.rendering.conftest import EDITION, UNSUBSCRIBE, VIEW, Compile, Write

from outreach.domain import Reader
from outreach.errors import InputError
from outreach.rendering import Compiled
from outreach.rendering.compose import Message, message, with_links

ARMS = (
    'A test"\narms:\n  - name: plain\n    share: 50\n'
    "  - name: question\n    share: 50\n    subject: Have you, {{ contact.first_name or 'you' }}?\n"
    '    preview: "Or not'
)
"""Stands in the head where the preview does."""


def sent(compiled: Compiled, reader: Reader) -> Message:
    key, values = compiled.assess(reader)
    return message(compiled.render(key, EDITION), with_links(values, UNSUBSCRIBE, VIEW))


def test_an_arm_s_own_subject_stands_for_the_campaign_s(compiled: Compile) -> None:
    made = compiled("Hi", subject="Now", preview=ARMS)
    assert sent(made, Reader("Ada", arm="plain")).subject == "Now"
    assert sent(made, Reader("Ada", arm="question")).subject == "Have you, Ada?"
    assert "Or not" in sent(made, Reader(arm="question")).html
    assert "Or not" not in sent(made, Reader(arm="plain")).html


def test_copy_may_ask_which_arm_it_is(compiled: Compile) -> None:
    made = compiled('{% if arm == "plain" %}One{% else %}Two{% endif %}', preview=ARMS)
    assert sent(made, Reader(arm="plain")).text.startswith("One")
    assert sent(made, Reader(arm="question")).text.startswith("Two")


def test_every_arm_is_a_variant_even_where_nothing_differs(compiled: Compile) -> None:
    made = compiled("Hi", preview=ARMS)
    keys = {arm: made.key(Reader(arm=arm)) for arm in ("plain", "question")}
    assert keys["plain"] != keys["question"]
    assert [made.arm(key) for key in keys.values()] == ["plain", "question"]
    assert [made.label(key) for key in keys.values()] == ["arm is plain", "arm is question"]


def test_a_campaign_without_arms_has_none_in_its_variants(compiled: Compile) -> None:
    made = compiled("Hi")
    assert made.arm(made.key(Reader())) == ""
    assert made.tests == ()


@pytest.mark.parametrize(
    ("body", "preview", "line", "words"),
    [
        ('{% if arm == "questoin" %}x{% endif %}', ARMS, 16, "did you mean “question”?"),
        ("{% if arm in ['plain', 'c'] %}x{% endif %}", ARMS, 16, "there is no arm “c”"),
        ('{% if arm == "a" %}x{% endif %}', "Hi", 9, "has no arms; add the field arms"),
        ("Hi", ARMS.replace("question", "plain"), 10, "two arms are called “plain”"),
        ("Hi", ARMS.replace("share: 50", "share: none"), 9, "must be a number"),
        ("Hi", ARMS.replace("contact.first_name", "contact.frist_name"), 12, "first_name"),
        ("Hi", 'A test"\narms:\n  - name: a\n    share: "1', 7, "2 to 5 arms, not 1"),
    ],
)
def test_what_is_wrong_with_an_arm_is_told_with_its_line(
    write: Write, body: str, preview: str, line: int, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        write(body, preview=preview)
    first = caught.value.faults[0]
    assert words in first.message
    assert first.line == line
