"""A request made column by column is, byte for byte, the one made person by person."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fakes.batches import handover
from tests.providers import payload_reference

from outreach.domain import Mailbox
from outreach.errors import Rejected
from outreach.providers.base import Content, Handover, Pieces, Recipient
from outreach.providers.people import People
from outreach.providers.sendgrid_payload import payload

MARKS = ("a", "<%", "mark", "0123456789abcdef", "fedcba9876543210")
HOSTILE = (
    *("", " ", "O'Neil", '"', "\\", "\\u0000", "\x7f", "a\x7fb", "\x7f\x7f", "&amp;", "<b>", "~"),
    *("[unsubscribe]", "[ % Unsubscribe %]", "[weblink", "unsubscribe]", "[", "weblink", "[[", "]"),
    *("<%asm_group_unsubscribe_raw_url%>", "<", "%>", "%", "% unsubscribe", "[un\u017fubscribe]"),
    *("Zoë", "Łukasz", "💉", "\ud83d", "\ude00", "\u2028", "\x85", "\x00", "\x1f", "\n", "\r\t"),
    *("mark", "~markp2~", "~0123456789abcdefh3~", "https://p2.gap.invalid/", "{0}", "%s", "%(a)s"),
)
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=30),
    st.text(st.characters(codec="ascii"), max_size=30),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join),
)
long = st.tuples(texts.filter(bool), st.integers(1, 3000)).map(lambda of: (of[0] * of[1])[:6000])
links = st.one_of(
    st.integers(0, 99).map("https://outreach.example.org/unsubscribe/k1.0.{}".format),
    st.sampled_from(
        (
            *("http://x", 'https://x/"&[', "https://x/\\", "https://x\x7f", "https://x/ y", ""),
            *("https://<", "https://é", f"https://{'x' * 950}", f"https://{'x' * 951}", "ftp://x"),
            "https://x\x7fhttps://y",
        )
    ),
)
slots = st.lists(st.integers(0, 4), max_size=6)


def pieces(slots: Sequence[int], texts: Sequence[str]) -> Pieces:
    return Pieces(tuple(texts[n % len(texts)] for n in range(len(slots) + 1)), tuple(slots))


contents = st.builds(
    lambda parts, literals: Content(*(pieces(one, literals) for one in parts)),
    st.tuples(slots, slots, slots),
    st.lists(texts, min_size=1, max_size=4),
)
people = st.lists(
    st.tuples(
        st.sampled_from(("d1", "d2", 'd"\\', "dé")),
        st.sampled_from(("a@example.org", "zoë@example.org", '"a"@example.org', "\ud800", "")),
        st.lists(st.one_of(texts, texts, long), min_size=5, max_size=5),
        links,
    ),
    max_size=5,
)
batches = st.builds(
    lambda content, people, named, mark, notice, edition: Handover(
        reference="batch",
        campaign=f"news{named}",
        occurrence="one",
        sender=Mailbox("hub@example.org", named),
        reply_to=Mailbox("reply@example.org", named) if named else None,
        content=content,
        recipients=tuple(Recipient(d, a, tuple(v), u) for d, a, v, u in people),
        at=datetime(2026, 11, 23, tzinfo=UTC),
        edition_mark=edition,
        notice=notice,
        mark=mark,
    ),
    contents,
    people,
    st.sampled_from(("", "Hub", 'Żółw "é"')),
    st.sampled_from(("", "test")),
    st.booleans(),
    st.sampled_from(("", "abc")),
)


def made(payload, whole: Handover) -> bytes | str:
    """The request with the first mark that fits, or why there is none."""
    marks = iter((*MARKS, "a mark that no text holds"))
    try:
        return payload(whole, lambda: next(marks))
    except Rejected as error:
        return error.reason


def by_columns(whole: Handover) -> Handover:
    some = whole.recipients
    columns = list(zip(*(one.values for one in some), strict=True))
    of = People([r.delivery_id for r in some], [r.address for r in some], columns, [])
    of.unsubscribe_urls = [one.unsubscribe_url for one in some]
    return replace(whole, recipients=of)


@given(whole=batches)
@example(
    handover(
        Recipient("d", "a@example.org", ("",) * 4, "https://x"),
        content=Content(*[Pieces(("",))] * 3),
    )
)
def test_a_request_is_the_one_made_person_by_person(whole: Handover) -> None:
    expected = made(payload_reference.payload, whole)
    assert made(payload, whole) == expected
    assert made(payload, by_columns(whole)) == expected
    assert list(by_columns(whole).recipients) == list(whole.recipients)


@pytest.mark.parametrize("unit", ["x", "'", "[", "é", "💉", "\ud800", '"', "\x01", "<%", "\x7f"])
def test_the_limit_of_ten_thousand_bytes_is_the_same_to_the_byte(unit: str) -> None:
    content = Content(Pieces(("", ""), (0,)), Pieces(("t",)), Pieces(("", ""), (0,)))
    person = Recipient("d", "a@example.org", ("short",), "https://x")

    def batch(times: int) -> Handover:
        return handover(person, replace(person, values=(unit * times,)), content=content)

    def refused(times: int) -> bool:
        return isinstance(made(payload_reference.payload, batch(times)), str)

    limit = bisect(range(10_001), False, key=refused)
    assert 0 < limit < 10_001
    for times in (limit - 1, limit):
        assert made(payload, batch(times)) == made(payload_reference.payload, batch(times))


def test_a_person_with_fewer_values_is_refused_and_more_do_no_harm() -> None:
    content = Content(Pieces(("", ""), (1,)), Pieces(("t",)), Pieces(("h",)))
    rows = (("a", "b", "c"), ("d", "e"), ("f",))
    some = [Recipient(f"d{n}", "a@example.org", row, "https://x") for n, row in enumerate(rows)]
    for people in (some, some[:2]):
        whole = handover(*people, content=content)
        assert made(payload, whole) == made(payload_reference.payload, whole)
