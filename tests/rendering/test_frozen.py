"""Content kept as JSON."""

from __future__ import annotations

import json

import pytest

from outreach.errors import InputError
from outreach.providers.base import Content, Pieces
from outreach.rendering.compose import Message, message, with_links
from outreach.rendering.frozen import FORMAT, from_json, to_json

CONTENT = Content(
    subject=Pieces(("Hello ", ""), (2,)),
    text=Pieces(("Dear ", ", stop: ", "\n"), (2, 0)),
    html=Pieces(("<p>", "</p>"), (2,)),
)


def test_content_survives_json() -> None:
    assert from_json(json.loads(json.dumps(to_json(CONTENT))), FORMAT) == CONTENT


def test_another_format_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match=r"frozen in format 99.*prepare it again"):
        from_json(to_json(CONTENT), 99)


def test_a_message_joins_plain_values_and_escapes_them_for_html() -> None:
    values = with_links(("", "", "Ada <Lee>"), "https://u.example", "https://v.example")
    assert message(CONTENT, values) == Message(
        "Hello Ada <Lee>", "Dear Ada <Lee>, stop: https://u.example\n", "<p>Ada &lt;Lee&gt;</p>"
    )
