"""The outbox's files: where they stand, what a mail reader needs of them, and disk trouble."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest
from tests.fakes.batches import handover, recipient

from outreach.errors import InDoubt, NotSent
from outreach.providers.base import Content, Pieces
from outreach.providers.mime import build
from outreach.providers.outbox import Outbox, folder_name
from outreach.settings import load_settings


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(load_settings({"OUTREACH_HOME": str(tmp_path)}))


FOLDER = "outbox/what-is-wres@2026-11-23"


def test_each_delivery_is_a_file_named_by_it(outbox: Outbox, tmp_path: Path) -> None:
    outbox.hand_over(handover(recipient(1), recipient(2)))
    names = sorted(path.name for path in (tmp_path / FOLDER).iterdir())
    assert names == ["delivery1.eml", "delivery2.eml"]


def test_links_in_headers_are_not_folded_or_encoded(outbox: Outbox, tmp_path: Path) -> None:
    outbox.hand_over(handover(recipient(1)))
    raw = (tmp_path / FOLDER / "delivery1.eml").read_bytes()
    assert f"\r\nList-Unsubscribe: <{recipient(1).unsubscribe_url}>\r\n".encode() in raw
    assert b"\r\nMessage-ID: <delivery1@example.org>\r\n" in raw
    assert b"Bcc" not in raw


def test_no_line_is_over_998_octets_and_no_encoded_word_over_75(
    outbox: Outbox, tmp_path: Path
) -> None:
    long = Content(
        Pieces(("Näme ä" * 60 + " ", ""), (2,)),
        Pieces(("x" * 3000,)),
        Pieces(("<p>" + "é" * 3000 + "</p>",)),
    )
    outbox.hand_over(handover(recipient(1, "a" * 990), content=long))
    raw = (tmp_path / FOLDER / "delivery1.eml").read_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    words = re.findall(rb"=\?[^?]+\?[bqBQ]\?[^?]*\?=", raw)
    assert words
    assert max(map(len, words)) <= 75
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("end", ["\r\nBcc: x@example.org", "\u2028X-Evil: 1", "\x85", "\x0b", "\0"])
def test_no_value_can_end_a_header(outbox: Outbox, tmp_path: Path, end: str) -> None:
    outbox.hand_over(handover(recipient(1, f"Amy{end}")))
    raw = (tmp_path / FOLDER / "delivery1.eml").read_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert b"Bcc" not in names
    assert b"X-Evil" not in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("occurrence", ["../../etc", "a/b", "..", "x\0y", "Zoë's launch"])
def test_an_occurrence_that_a_person_typed_cannot_leave_the_outbox(occurrence: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9@_-][A-Za-z0-9@._-]*", folder_name("news", occurrence))


def test_a_folder_that_cannot_be_made_means_not_sent(outbox: Outbox, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(NotSent):
        outbox.hand_over(handover(recipient(1)))


@pytest.fixture
def no_room_for_large_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("no_room_for_large_files")
def test_a_disk_that_fills_up_means_not_sent_and_leaves_nothing(
    outbox: Outbox, tmp_path: Path
) -> None:
    with pytest.raises(NotSent, match="free some space"):
        outbox.hand_over(handover(recipient(1), recipient(2, "x" * 9_000)))
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_stopping_half_way_is_doubt(outbox: Outbox, tmp_path: Path) -> None:
    (tmp_path / FOLDER / "delivery2.eml" / "in the way").mkdir(parents=True)
    with pytest.raises(InDoubt):
        outbox.hand_over(handover(recipient(1), recipient(2)))
    assert (tmp_path / FOLDER / "delivery1.eml").is_file()


def test_the_same_handover_makes_the_same_bytes_and_no_body_holds_what_parts_it() -> None:
    whole = handover(recipient(1))
    raw = build(whole, whole.recipients[0])
    assert build(whole, whole.recipients[0]) == raw
    mark = re.search(rb'boundary="([^"]+)"', raw)
    assert mark
    hostile = replace(recipient(1), values=(*recipient(1).values[:2], mark[1].decode(), "Camden"))
    other = build(handover(hostile), hostile)
    assert other.count(b"--" + mark[1]) == 3  # before, between and after the parts
    assert len(message_from_bytes(other).get_payload()) == 2
