"""The body of a request, without a network."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.batches import CONTENT, handover, recipient
from tests.fakes.sendgrid_rules import check, composed

from outreach.errors import Rejected, TooLarge
from outreach.providers.base import Content, Pieces
from outreach.providers.filling import join, join_escaped
from outreach.providers.sendgrid_payload import payload


def test_sendgrids_own_tracking_is_off_on_every_request() -> None:
    tracking = json.loads(payload(handover(recipient(1))))["tracking_settings"]
    assert tracking == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }


def test_only_opaque_ids_travel_outside_the_message() -> None:
    body = json.loads(payload(handover(recipient(1))))
    assert body["categories"] == ["what-is-wres"]
    assert body["personalizations"][0]["custom_args"] == {"outreach_delivery": "delivery1"}
    assert body["personalizations"][0]["to"] == [{"email": "person1@example.org"}]
    assert "mail_settings" not in body


def test_only_slots_that_are_used_are_sent() -> None:
    content = Content(Pieces(("Hello",)), Pieces(("Hi ", ""), (2,)), Pieces(("x ", ""), (3,)))
    body = json.loads(payload(handover(recipient(1), content=content)))
    assert sorted(body["personalizations"][0]["substitutions"].values()) == ["Camden", "Name1"]


def test_what_reads_the_same_in_plain_text_and_html_is_sent_once() -> None:
    few = handover(recipient(1, "Zoë"), recipient(2, "Ann"))
    body = json.loads(payload(few, lambda: "mark"))
    assert [*body["personalizations"][0]["substitutions"]] == ["~markp0~", "~markp2~", "~markp3~"]
    more = handover(recipient(1, "Zoë"), recipient(2, "O'Neil"))
    body = json.loads(payload(more, lambda: "mark"))
    assert [*body["personalizations"][0]["substitutions"]][-1] == "~markh2~"
    assert composed(body, body["personalizations"][1])["text"].startswith("Dear O'Neil")
    assert composed(body, body["personalizations"][1])["html"].startswith("<p>Dear O&#x27;Neil")


def test_a_value_that_contains_the_mark_makes_another_mark() -> None:
    marks = iter(["unlucky", "fresh"])
    body = payload(handover(recipient(1, "An unlucky name")), lambda: next(marks)).decode()
    assert "~freshp2~" in body
    assert "~unlucky" not in body


@pytest.mark.parametrize(
    "name", ["<%asm_group_unsubscribe_raw_url%>", "[unsubscribe]", "[ Unsubscribe ]", "[weblink]"]
)
def test_a_name_cannot_be_one_of_sendgrids_own_tags(name: str) -> None:
    body = json.loads(payload(handover(recipient(1, name))))
    for value in body["personalizations"][0]["substitutions"].values():
        assert "<%" not in value
        assert "[unsubscribe" not in value.lower().replace("[ ", "(").replace(" ", "")
        assert "[weblink" not in value


def test_values_over_ten_thousand_bytes_are_refused_for_that_person() -> None:
    payload(handover(recipient(1, "é" * 4900)))
    with pytest.raises(Rejected, match="10,000"):
        payload(handover(recipient(1, "é" * 5000)))


def test_more_than_a_thousand_people_or_thirty_megabytes_are_too_large() -> None:
    with pytest.raises(TooLarge):
        payload(handover(*(recipient(n) for n in range(1001))))
    long = replace(CONTENT, html=Pieces(("x" * 30_000_001,)))
    with pytest.raises(TooLarge):
        payload(handover(recipient(1), recipient(2), content=long))
    with pytest.raises(Rejected):
        payload(handover(recipient(1), content=long))


texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


@given(values=st.lists(texts, min_size=2, max_size=2), literals=st.lists(texts, min_size=3))
def test_what_sendgrid_composes_is_what_a_person_should_read(
    values: list[str], literals: list[str]
) -> None:
    pieces = Pieces(tuple(literals[:3]), (2, 3))
    content = Content(
        Pieces(("Subject ", ""), (2,)), Pieces(("T", *pieces.literals[1:]), (2, 3)), pieces
    )
    person = recipient(1, values[0] or "x", values[1])
    body = json.loads(payload(handover(person, content=content)))
    one = composed(body, body["personalizations"][0])
    if not any(mark in value for value in values for mark in ("<%", "%>", "[")):
        assert one["text"] == join(content.text, person.values)
    assert one["html"].replace("&#91;", "[") == join_escaped(content.html, person.values).replace(
        "&#91;", "["
    )
    assert not [fault for fault in check(body) if fault["field"] != "content"]
