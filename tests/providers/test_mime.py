"""MIME messages: what mail asks of them, and that the quick way makes the reference's octets."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fakes.batches import AT, CONTENT, handover, recipient

from outreach.domain import Mailbox
from outreach.errors import Rejected
from outreach.providers.base import Content, Handover, Pieces, Recipient
from outreach.providers.filling import join, join_escaped, one_line
from outreach.providers.mime import build, maker, written
from outreach.providers.mime_headers import headers
from outreach.providers.mime_own import coded
from outreach.providers.mime_quick import quick_maker
from outreach.providers.smtp.lines import PLAIN, form_of


def lines(text: str) -> str:
    """Return `text` with every end of a line as in memory: mail knows but one."""
    return re.sub(r"\r\n?", "\n", text)


URL = "https://outreach.example.org/unsubscribe/k1.0.person.aaaaaaaaaaaaaaaaaaaaaa"

HOSTILE = [
    "",
    " ",
    "Zoë Łukasz 中文 😀",
    "x\r\nBcc: y@example.org",
    "\u2028\u2029\x85\x0b\x0c\0",
    "\u202eesrever\u2066",
    "=?utf-8?q?Hello?=",
    "=?",
    "=41=\r\n=",
    ".leading",
    "..",
    ".",
    "From here",
    "From ",
    "ends with spaces   ",
    "\tends with a tab\t",
    '<b>O\'Neill & "Sons"</b>',
    "a" * 10_000,
    "é" * 3_000,
    "&" * 500,
    "." * 500,
    " " * 200,
    "From " * 100,
    "--=_58316ec20b4f3b67c694aff4824e9ccd--",
    *("y" * length + end for length in range(69, 79) for end in (" ", "é", "=", ".", "<", "")),
    "a" * 72 + "." * 3,
    "a" * 72 + "From me",
]
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=90),
    st.text(alphabet="aé中😀 .=&<'\tF\n\r", max_size=220),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
)
ONE_LINE = VALUES.map(one_line)
TEXTS = st.one_of(VALUES, VALUES.map(lambda one: f"{one}\n"), VALUES.map(lambda one: f"\n{one}"))
ADDRESSES = st.one_of(
    st.just("person@example.org"),
    st.emails(),
    st.sampled_from(
        [
            *(
                "a.b+c@x.example.org",
                '"a b"@example.org',
                "a@b",
                "a@[192.0.2.1]",
                "=?x?=@example.org",
            ),
            *("a" * 60 + "@example.org", "a" * 64 + "@" + "b" * 63 + ".example.org"),
            *("zoë@example.org", "a@b, c@d", "a b@example.org", "", "a", "a@b\r\nBcc: c@d", ".a@b"),
        ]
    ),
)
LINKS = st.sampled_from(
    [URL, "", "http://x", "https://x?a=b&c", "https://x,y", "https://x y", "https://" + "x" * 980]
)


@st.composite
def pieces(draw: st.DrawFn, text: st.SearchStrategy[str] = VALUES) -> Pieces:
    slots = draw(st.lists(st.integers(0, 4), max_size=4))
    literals = draw(st.lists(text, min_size=len(slots) + 1, max_size=len(slots) + 1))
    return Pieces(tuple(literals), tuple(slots))


@st.composite
def handovers(draw: st.DrawFn) -> Handover:
    people = st.builds(
        Recipient,
        st.one_of(st.just("delivery1"), st.sampled_from(["", "a b", "a\r\nb", "a" * 990, "n-1.x"])),
        ADDRESSES,
        st.lists(VALUES, min_size=4, max_size=6).map(tuple),
        LINKS,
    )
    return Handover(
        reference=draw(st.text(max_size=5)),
        campaign="news",
        occurrence="one",
        sender=Mailbox("hub@example.org", draw(st.one_of(st.just("Hub"), ONE_LINE))[:200]),
        reply_to=draw(st.sampled_from([None, Mailbox("replies@example.org", "Réplies, Hub")])),
        content=Content(draw(pieces()), draw(pieces(TEXTS)), draw(pieces(TEXTS))),
        recipients=tuple(draw(st.lists(people, min_size=1, max_size=3))),
        at=AT,
        notice=draw(st.booleans()),
        mark=draw(st.sampled_from(["", "test"])),
    )


def made(whole: Handover, one: Recipient, build: object) -> bytes | str:
    """Return a message, or why there is none."""
    try:
        return build(one)  # type: ignore[operator]
    except Rejected as error:
        return f"rejected: {error}"


@given(handovers())
def test_the_quick_way_makes_the_same_octets_as_the_reference(whole: Handover) -> None:
    make, quick = maker(whole), quick_maker(whole)
    for index, one in enumerate(whole.recipients):
        expected = made(whole, one, lambda person: build(whole, person))
        assert made(whole, one, make) == expected
        assert (quick(index) or expected) == expected


STARTS = ("", ".", "From ", " ", "x", "é", "<")


@given(
    st.lists(
        st.sampled_from([1, 5, 71, 72, 73, 74, 80, 144, 145, 146, 220]), min_size=2, max_size=4
    ),
    st.sampled_from(STARTS),
    st.sampled_from(STARTS),
)
def test_a_batch_of_plain_people_is_made_column_by_column(
    lengths: list[int], first: str, second: str
) -> None:
    def value(length: int) -> str:
        return f"{first}{'a' * (72 - len(first))}{second}{'b' * 200}"[:length]

    content = Content(
        Pieces(("Dear ", ""), (0,)), Pieces(("Hi ", ".\n.", ""), (0, 1)), Pieces(("", ""), (1,))
    )
    people = [
        Recipient(f"delivery{n}", f"person{n}@example.org", (f"Amy {n}", value(length)), URL)
        for n, length in enumerate(lengths)
    ]
    whole = handover(*people, content=content)
    quick = quick_maker(whole)
    for index, one in enumerate(people):
        raw = build(whole, one)
        assert quick(index) == raw
        assert form_of(raw) == PLAIN


def message(values: tuple[str, ...], content: Content) -> tuple[Handover, Recipient, bytes]:
    one = Recipient("delivery1", "person@example.org", values, URL)
    whole = handover(one, content=content)
    return whole, one, maker(whole)(one)


@given(
    st.builds(Content, pieces(ONE_LINE), pieces(TEXTS.map(lines)), pieces(TEXTS.map(lines))),
    st.lists(ONE_LINE, min_size=5, max_size=5).map(tuple),
)
@example(Content(Pieces(("",)), Pieces(("",)), Pieces(("",))), ("",) * 5)
def test_a_standard_parser_reads_what_was_written(
    content: Content, values: tuple[str, ...]
) -> None:
    whole, one, raw = message(values, content)
    read = message_from_bytes(raw, policy=policy.default)
    text, html = (part.get_payload(decode=True).decode() for part in read.iter_parts())
    assert lines(text) == lines(join(content.text, values))
    assert lines(html) == lines(join_escaped(content.html, values))
    assert read["Subject"] == one_line(join(content.subject, values)).strip()
    names = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe"]
    names += ["List-Unsubscribe-Post", "X-Outreach-Delivery", "MIME-Version", "Content-Type"]
    assert read.keys() == names
    assert not read.defects
    well_formed(raw)
    assert written(whole, one).raw == raw


def well_formed(raw: bytes) -> None:
    raw.decode("ascii")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\0" not in raw
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, re.findall(rb"=\?[^?]*\?q\?[^?]*\?=", head)), default=0) <= 75
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))


def test_both_parts_are_readable_and_the_text_comes_first() -> None:
    raw = build(handover(recipient(1)), recipient(1))
    read = message_from_bytes(raw, policy=policy.default)
    parts = list(read.iter_parts())
    assert read.get_content_type() == "multipart/alternative"
    assert [part["Content-Type"] for part in parts] == [
        'text/plain; charset="utf-8"',
        'text/html; charset="utf-8"',
    ]
    assert {part["Content-Transfer-Encoding"] for part in parts} == {"quoted-printable"}
    assert b"<p>Dear=20=\r\nName1=\r\n,</p><p>In=20=\r\nCamden=\r\n we..." in raw


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_stays_in_its_place(value: str) -> None:
    _, _, raw = message((URL, URL, value, value), CONTENT)
    well_formed(raw)
    read = message_from_bytes(raw, policy=policy.default)
    assert len(list(read.iter_parts())) == 2
    assert read["Subject"] == one_line(f"News for {value}").strip()
    assert read["Bcc"] is None


@given(st.text(max_size=150).map(one_line), st.integers(0, 20))
def test_encoded_words_are_cut_between_characters(text: str, before: int) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    found = coded(text, before)
    for turn, line in enumerate(found.split("\r\n ")):
        assert len(line) <= (76 - before if turn == 0 else 75)
        word = re.fullmatch(r"=\?utf-8\?q\?([^? ]*)\?=", line)
        assert word
        octets = re.sub("=(..)", lambda one: chr(int(one[1], 16)), word[1].replace("_", " "))
        octets.encode("latin-1").decode("utf-8")


def test_what_half_a_surrogate_pair_stands_in_is_refused() -> None:
    one = Recipient("delivery1", "person@example.org", (URL, URL, "\ud800", "x"), URL)
    for build_it in (maker(handover(one)), lambda person: build(handover(one), person)):
        with pytest.raises(Rejected, match="UnicodeEncodeError"):
            build_it(one)


def test_most_people_need_nothing_of_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = handover(*(recipient(n, name) for n, name in enumerate(HOSTILE)))
    whole = replace(whole, content=replace(CONTENT, subject=Pieces(("— ", " —"), (2,))))
    expected = [build(whole, one) for one in whole.recipients]
    make = maker(whole)
    monkeypatch.setattr("outreach.providers.mime.build", None)
    assert [make(one) for one in whole.recipients] == expected


def test_messages_of_the_first_form_are_still_made_in_it() -> None:
    whole = handover(recipient(1), content=replace(CONTENT, mime=1))
    raw = maker(whole)(recipient(1))
    assert raw == build(whole, recipient(1))
    assert b"\r\nDear Name1,\r\n" in raw
    assert b"\r\nDear=20=\r\nName1=\r\n,\r\n" in build(handover(recipient(1)), recipient(1))


def test_an_address_stands_in_no_error() -> None:
    one = replace(recipient(1), address="canary canary@example.org")
    with pytest.raises(Rejected) as caught:
        maker(handover(one))(one)
    assert "canary" not in str(caught.value)


def test_the_headers_follow_the_standard_order() -> None:
    found = EmailMessage()
    for name, value in headers(handover(recipient(1)), recipient(1)):
        found[name] = value
    assert found["From"] == "NCL Training Hub <hub@example.org>"
    assert found["Message-ID"] == "<delivery1@example.org>"
