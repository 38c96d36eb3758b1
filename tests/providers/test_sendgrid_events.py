"""SendGrid's posts: their signature, and their words turned into ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook

from outreach.domain import Event, EventType
from outreach.engagement.simulator import make_key, sign
from outreach.providers.registry import event_source
from outreach.providers.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER, TYPES

SOURCE = event_source("sendgrid")
BODY = b'[{"event":"open"}]\r\n'
PRIVATE, PUBLIC = make_key()
_, OTHER_PUBLIC = make_key()


def test_a_signed_post_is_trusted_whatever_the_case_of_its_headers() -> None:
    headers = sign(PRIVATE, BODY)
    assert SOURCE.verify(headers, BODY, [PUBLIC])
    assert SOURCE.verify({k.lower(): v for k, v in headers.items()}, BODY, [PUBLIC])


def test_any_of_several_keys_is_enough_so_that_keys_can_be_changed() -> None:
    assert SOURCE.verify(sign(PRIVATE, BODY), BODY, ["not a key", OTHER_PUBLIC, PUBLIC])


def test_sendgrids_own_library_agrees_with_our_signature() -> None:
    headers = sign(PRIVATE, BODY)
    theirs = EventWebhook(PUBLIC)
    assert theirs.verify_signature(
        BODY.decode(), headers[SIGNATURE_HEADER], headers[TIMESTAMP_HEADER]
    )


@pytest.mark.parametrize(
    "change",
    [
        {SIGNATURE_HEADER: ""},
        {SIGNATURE_HEADER: "***"},
        {SIGNATURE_HEADER: "AAAA"},
        {SIGNATURE_HEADER: "ключ"},
        {TIMESTAMP_HEADER: ""},
        {TIMESTAMP_HEADER: "1"},
    ],
)
def test_a_bad_header_is_distrust_and_not_an_error(change: dict[str, str]) -> None:
    assert not SOURCE.verify({**sign(PRIVATE, BODY), **change}, BODY, [PUBLIC])


def test_an_altered_body_a_strange_key_or_no_key_is_distrusted() -> None:
    headers = sign(PRIVATE, BODY)
    assert not SOURCE.verify(headers, BODY.strip(), [PUBLIC])
    assert not SOURCE.verify(headers, BODY, [OTHER_PUBLIC])
    assert not SOURCE.verify(headers, BODY, [])
    assert not SOURCE.verify({}, BODY, [PUBLIC])


def parsed(**row: object) -> Event | str:
    (one,) = SOURCE.parse(json.dumps([{"timestamp": 1_795_000_000, **row}]).encode())
    return one


@pytest.mark.parametrize(("word", "kind"), TYPES.items())
def test_each_word_has_its_type(word: str, kind: EventType) -> None:
    assert parsed(event=word).type is kind


def test_a_whole_event_is_read() -> None:
    one = parsed(
        event="click",
        email="amy@example.org",
        outreach_delivery="abc",
        sg_event_id="e1",
        sg_message_id="m1.recvd-1",
        url="https://example.org/a",
        category=["what-is-wres"],
        attempt="3",
        sg_machine_open=True,
    )
    assert one == Event(
        type=EventType.CLICKED,
        occurred_at=datetime.fromtimestamp(1_795_000_000, UTC),
        delivery_id="abc",
        address="amy@example.org",
        fingerprint="e1",
        link="https://example.org/a",
        machine=True,
        message_id="m1.recvd-1",
        provider_word="click",
    )


def test_a_block_is_soft_and_a_bounce_is_hard() -> None:
    assert parsed(event="bounce", type="bounce").hard
    block = parsed(event="bounce", type="blocked")
    assert block.type is EventType.BLOCKED
    assert not block.hard


def test_an_unknown_word_is_kept() -> None:
    one = parsed(event="cancel_drop")
    assert one.type is EventType.UNKNOWN
    assert one.provider_word == "cancel_drop"


def test_a_reason_never_quotes_an_address() -> None:
    one = parsed(event="bounce", reason="550 <amy@example.org>: no such\r\nuser (amy@example.org)")
    assert one.reason == "550 <(an address)>: no such user ((an address))"


@pytest.mark.parametrize("value", [True, "true", 1])
def test_simulated_events_are_marked(value: object) -> None:
    assert parsed(event="open", outreach_simulated=value).simulated
    assert not parsed(event="open").simulated


def test_one_malformed_event_costs_only_itself() -> None:
    rows = [
        {"event": "open", "timestamp": 1},
        7,
        {"timestamp": 1},
        {"event": "open"},
        {"event": "open", "timestamp": "soon"},
        {"event": "open", "timestamp": 1e300},
        {"event": ["open"], "timestamp": 1},
        {"event": "click", "timestamp": "2", "url": 5, "email": None, "sg_event_id": {}},
    ]
    found = SOURCE.parse(json.dumps(rows).encode())
    assert [isinstance(one, Event) for one in found] == [True, *[False] * 6, True]
    assert found[1] == "event 2 is not an object"


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff", b"7", b"[" * 100_000, b'"x"'])
def test_a_post_that_is_no_list_is_one_fault(body: bytes) -> None:
    (one,) = SOURCE.parse(body)
    assert isinstance(one, str)


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=10),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)
NAMES = ["event", "timestamp", "email", "url", "reason", "type", "outreach_delivery", "x"]
rows_of_anything = st.lists(
    st.dictionaries(st.sampled_from(NAMES), odd, max_size=8), min_size=1, max_size=4
)


@given(rows_of_anything)
def test_nothing_that_is_json_breaks_the_reader(rows: list[dict]) -> None:
    assert len(SOURCE.parse(json.dumps(rows).encode())) == len(rows)
