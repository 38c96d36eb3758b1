"""The text part and the HTML of one piece of Markdown."""

from __future__ import annotations

import pytest

from outreach.rendering.layout import fold
from outreach.rendering.markdown import parse, to_html
from outreach.rendering.plain import to_plain


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Title\n\nOne\ntwo  \nthree", "Title\n\nOne two\nthree"),
        ("See [our page](https://a.example/b) now", "See our page (https://a.example/b) now"),
        ("[Sign](https://a.example){.button}", "Sign: https://a.example"),
        ("<https://a.example>", "https://a.example"),
        ("[write](mailto:a@example.org) to us", "write (a@example.org) to us"),
        ("- a\n- b\n  - c", "- a\n- b\n  - c"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("> a\n>\n> b", "> a\n>\n> b"),
        ("| Area | People |\n|---|---|\n| North | 1 |\n| East | 2 |",
         "Area: North; People: 1\nArea: East; People: 2"),
        ("a &amp; b &lt;c&gt; **d** `e`", "a & b <c> d e"),
        ("![A chart](https://a.example/c.png)", "[A chart]"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("```\nx\n y\n```", "    x\n     y"),
        ("<b>no</b>", "<b>no</b>"),
    ],
)  # fmt: skip
def test_what_markdown_becomes_in_the_text_part(markdown: str, text: str) -> None:
    assert to_plain(parse(markdown)) == text


def test_a_long_paragraph_is_never_wrapped() -> None:
    assert "\n" not in to_plain(parse("word " * 400))


@pytest.mark.parametrize(
    ("markdown", "part"),
    [
        ("<script>x</script>", "&lt;script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ('[x](https://a.example){onclick="y" .button style="z"}', 'class="button"'),
        ("| a |\n|---|\n| b |", '<th scope="col">'),
        ("https://a.example", "<p>https://a.example</p>"),
    ],
)
def test_what_markdown_becomes_in_html(markdown: str, part: str) -> None:
    rendered = to_html(parse(markdown))
    assert part in rendered
    assert "onclick" not in rendered
    assert "style" not in rendered


def test_a_button_alone_is_a_cell_and_one_in_a_sentence_is_a_link() -> None:
    assert 'class="action-cell"' in to_html(parse("[a](https://a.example){.button}"))
    assert "action" not in to_html(parse("see [a](https://a.example){.button}"))


def test_long_lines_of_html_are_broken_only_at_spaces_and_before_blocks() -> None:
    document = "<div><p>" + "word " * 400 + "</p><td>x</td></div>"
    folded = fold(document)
    assert max(map(len, folded.split("\n"))) <= 700
    assert "".join(folded.split()) == "".join(document.split())
    assert folded.count("word") == 400
    assert "wor\nd" not in folded
