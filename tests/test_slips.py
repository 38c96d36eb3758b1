"""The ways in which a comms officer breaks a file: each is told with its line, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.campaigns import load_campaign
from outreach.errors import InputError
from outreach.hub import Hub, load_hub
from outreach.settings import ROOT

GOOD = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: Hello
preview: What is new
owner: casey
segment:
  sectors: [Dentistry]
---
Dear {{ contact.first_name or 'you' }},

Hello.
"""

MIXED = "two versions of this file were mixed here"
CURLY = "these quotes are curly, as Word writes them"

SLIPS = [
    ("  sectors", "\tsectors", 9, "begins with a tab; use spaces"),
    ("subject: Hello", "subject: “Hello: you”", 5, 'write straight ones: subject: "Hello: you"'),
    ("[Dentistry]", "[‘Dentistry’]", 9, "did you mean “Dentistry”?"),
    ("title: News", "title: News: the latest", 2, 'quotes: title: "News: the latest"'),
    ("]\n---\n", "]\n", 10, "a line with --- is missing between the fields and the text; put it"),
    ("]\n---\n", "]\n—\n", 10, "write three hyphens, ---, on this line instead of —"),
    ("]\n---\n", "]\n----\n", 10, "instead of ----"),
    ("---\ntitle", "title", 1, "the first line must be ---"),
    ("subject: Hello", " subject: Hello", 5, "“subject” begins at the start of its line"),
    ("  sectors", "sectors", 9, "“sectors” belongs under segment; put two spaces before it"),
    ("  sectors: [Dentistry]", "  sectors: [Dentistry]\n   boroughs: []", 10, "does not line up"),
    ("owner: casey", "owner:casey", 7, "put a space after the colon: owner: casey"),
    ("owner: casey", "owner:\u00a0casey", 7, "a hidden character, as Word puts in"),
    ("  sectors", "\u00a0\u00a0sectors", 9, "a hidden character, as Word puts in"),
    ("owner:", "\u200bowner:", 7, "a hidden character, as Word puts in"),
    ("title: News\n", "<<<<<<< HEAD\ntitle: News\n=======\n>>>>>>> b\n", 2, MIXED),
    ("title: News", "Title: News", 2, "did you mean “title”?"),
    ("[Dentistry]", "\n    -Dentistry", 9, "each of its entries begins with a hyphen and a space"),
    ("title: News", "title: 2026", 2, "must be text; put quotes round it"),
    ("subject: Hello", "subject: *Hello*", 5, 'begins with * needs quotes: subject: "*Hello*"'),
    ("subject: Hello", "subject: @you", 5, 'begins with @ needs quotes: subject: "@you"'),
    ("subject: Hello", "subject: %50 off", 5, "begins with % needs quotes"),
    ("subject: Hello", 'subject: "Hello', 5, 'the quotes do not match; write subject: "Hello"'),
    ("subject: Hello", "subject: 'It's here'", 5, 'write subject: "It\'s here"'),
    ("subject: Hello", "subject: {{ contact.name }} hi", 5, "begins with { needs quotes"),
    ("first_name", "frist_name", 11, "did you mean “contact.first_name”?"),
    ("first_name or 'you'", "email", 11, "an address is never printed in an email"),
    ("contact.first_name", "first_name", 11, "there is nothing called “first_name”"),
    ("Hello.", "{% if contact.pledged %}\nHi", 13, "never closed; add {% endif %} where it ends"),
    ("Hello.", "Hello.{% endif %}", 13, "there is no {% if %} for this {% endif %}"),
    ("Hello.", "{% if contact.pledged %}\nHi{% endfi %}", 14, "did you mean {% endif %}?"),
    ("Hello.", "{% if contact.sector = 'x' %}x{% endif %}", 13, "write two equals signs"),
    ("Hello.", "{% if contact.name AND contact.sector %}x{% endif %}", 13, "and instead of AND"),
    ("Hello.", "{% if contact.name %}a{% elseif hub.name %}b{% endif %}", 13, "write {% elif ..."),
    ("Hello.", "{% if contact.name %}a{% else if hub.name %}b{% endif %}", 13, "write {% elif ..."),
    ("Hello.", "{% for s in hub.sectors %}{% endif %}", 13, "write {% endfor %} first"),
    ("'you'", "‘you’", 11, CURLY),
    ("'you'", "“you”", 11, CURLY),
    ("{{ contact", "{ contact", 11, "write two braces on each side"),
    ("'you' }}", "'you' }", 11, "{{ is not closed here; end it with }}"),
    ("'you' }}", "'you'", 11, "{{ is not closed here; end it with }}"),
    ("{{ contact", "{ { contact", 11, "take the space out between the braces"),
    ("Hello.", "{ % if contact.pledged %}x{% endif %}", 13, "take the space out"),
    ("'you'", "'you' | uper", 11, "did you mean “upper”?"),
    ("Hello.", "[Read](“https://x.example”)", 13, "take the quotes out of the link"),
    ("Hello.", "[Read](https://x.example", 13, "this link is not closed; end it with )"),
    ("Hello.", "[Read] (https://x.example)", 13, "take the space out of the link"),
    ("Hello.", "•\tFirst", 13, "write a hyphen and a space for each point"),
    ("Hello.", "<<<<<<< HEAD\nHello.\n=======\nHi\n>>>>>>> other", 13, MIXED),
    ("Hello.", "a\0b", 13, "a hidden character; type the line again"),
]


@pytest.fixture(scope="module")
def hub() -> Hub:
    return load_hub(ROOT / "hub.yaml")


def told(path: Path, hub: Hub) -> str:
    with pytest.raises(InputError) as caught:
        load_campaign(path, hub)
    return "\n".join(f"{fault.line}: {fault.message}" for fault in caught.value.faults)


@pytest.mark.parametrize(("good", "bad", "line", "words"), SLIPS, ids=[s[1][:30] for s in SLIPS])
def test_a_slip_is_told_with_its_line_and_what_to_write(
    tmp_path: Path, hub: Hub, good: str, bad: str, line: int, words: str
) -> None:
    assert good in GOOD
    path = tmp_path / "a-test.md"
    path.write_text(GOOD.replace(good, bad, 1))
    said = told(path, hub)
    assert any(one.startswith(f"{line}: ") and words in one for one in said.split("\n")), said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD.replace("Hello.", "café").encode("cp1252"), "13: a letter here is not UTF-8"),
        (GOOD.encode("utf-16"), "saved as UTF-16; save it again as plain text in UTF-8"),
        (GOOD.encode("utf-16-le"), "saved as UTF-16"),
        (b"PK\x03\x04 and so on", "this is a Word document; copy its text"),
        (b"{\\rtf1 hello}", "this is a Word document"),
        (b"", "the first line must be ---"),
    ],
)
def test_a_file_that_is_no_plain_text_says_what_it_is(
    tmp_path: Path, hub: Hub, data: bytes, words: str
) -> None:
    path = tmp_path / "a-test.md"
    path.write_bytes(data)
    assert words in told(path, hub)


@pytest.mark.parametrize(
    ("good", "fine"),
    [
        ("owner: casey", "owner:\tcasey"),
        ("subject: Hello", "subject: Hello #1, it's here (50%)"),
        ("subject: Hello", 'subject: "Hello: you \\"there\\""'),
        ("subject: Hello", "subject: 'It''s here'"),
        ("Hello.", "Title\n=======\n\nHe said “yes” (and {maybe} no)."),
        ("Hello.", "See [the page](https://x.example 'Its title') = good"),
        ("'you'", "'you = me, “AND” you'"),
        ("{{ contact", "{{\u00a0contact"),
    ],
)
def test_what_looks_like_a_slip_and_is_none_loads(
    tmp_path: Path, hub: Hub, good: str, fine: str
) -> None:
    path = tmp_path / "a-test.md"
    assert good in GOOD
    path.write_text(GOOD.replace(good, fine, 1))
    assert load_campaign(path, hub).slug == "a-test"
