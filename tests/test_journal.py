"""The claim journal: whole lines only, whoever died in the middle of one."""

from __future__ import annotations

import base64
import json
import resource
import signal
import zlib
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from outreach.errors import ConfigError, NotSent
from outreach.journal import Claim, Journal


def made(number: int, people: int = 3) -> Claim:
    hashes = tuple(bytes([number % 256, n % 256]) * 8 for n in range(people))
    return Claim("ledger", "news@one", number, 1, hashes)


def read_after(journal: Journal, offset: int) -> tuple[list[Claim], int]:
    found = journal.after(offset)
    assert found is not None
    return [entry.claim() for entry in found[0]], found[1]


def test_claims_come_back_as_they_went_in(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "claims.journal")
    claims = [made(1), Claim("l", "thanks@x", 2, 5, (b"x" * 16,), ("pledge:2026",))]
    for claim in claims:
        journal.append(claim)
    assert list(journal.claims()) == claims
    assert journal.last() == claims[-1]


def test_several_claims_are_appended_in_their_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "claims.journal")
    several = [made(1), made(2), Claim("l", "“x”", 3, 1, (), ("a\n", '"'), 7, (8, 9))]
    journal.append_all(several)
    journal.append(made(4))
    assert list(journal.claims()) == [*several, made(4)]


def test_what_was_added_is_read_from_where_reading_ended(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "claims.journal")
    journal.append(made(1))
    assert read_after(journal, 0) == ([made(1)], journal.size())
    first = journal.size()
    assert read_after(journal, first) == ([], first)
    assert journal.after(first - 1) is None
    journal.append(made(2))
    second = journal.size()
    with journal.path.open("ab") as file:
        file.write(made(3).line()[:20])
    assert read_after(journal, first) == ([made(2)], second)
    journal.append(made(4))
    assert read_after(journal, second) == ([made(4)], journal.size())


def test_a_line_is_a_check_sum_and_the_compact_json_of_a_claim() -> None:
    claim = Claim("l", "“x”", 3, 1, (b"h" * 16, b"i" * 16), ("a\n", '"'), 7, (8, 9))
    check, _, body = claim.line().partition(b" ")
    assert int(check, 16) == zlib.crc32(body.rstrip(b"\n"))
    kept = json.loads(body)
    assert (json.dumps(kept, separators=(",", ":")) + "\n").encode() == body
    assert list(kept) == ["l", "e", "b", "n", "h", "o", "i", "c"]
    assert base64.b64decode(kept["c"]) == bytes(7) + b"\x08" + bytes(7) + b"\x09"
    assert base64.b64decode(kept["h"]) == b"h" * 16 + b"i" * 16


def test_an_empty_journal_has_no_last_claim(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").last() is None
    assert list(Journal(tmp_path / "none").claims()) == []


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_line_is_passed_over_and_the_next_stands_alone(tmp_path: Path, cut: int) -> None:
    journal = Journal(tmp_path / "claims.journal")
    journal.append(made(1))
    journal.append(made(2))
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    assert [c.batch for c in journal.claims()] in ([1], [1, 2])
    journal.append(made(3))
    assert journal.last() == made(3)
    assert [c.batch for c in journal.claims()][-1] == 3


def test_the_last_claim_is_found_behind_a_very_long_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "claims.journal")
    journal.append(made(1, people=20_000))
    assert journal.last() == made(1, people=20_000)


def _append(path: Path, start: int) -> None:
    for number in range(start, start + 50):
        Journal(path).append(made(number))


def test_processes_do_not_tear_each_others_lines(tmp_path: Path) -> None:
    path = tmp_path / "claims.journal"
    work = [get_context("spawn").Process(target=_append, args=(path, n * 50)) for n in range(3)]
    for one in work:
        one.start()
    for one in work:
        one.join()
    assert sorted(c.batch for c in Journal(path).claims()) == list(range(150))


def test_a_journal_that_cannot_be_written_means_nothing_was_sent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSent, match="OUTREACH_JOURNAL"):
        Journal(tmp_path / "file" / "claims.journal").append(made(1))


def _append_on_a_full_disk(path: Path, room: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, resource.RLIM_INFINITY))
    with pytest.raises(NotSent, match="disk space"):
        Journal(path).append(made(2))


@pytest.mark.parametrize("room", [0, 1, 60])
def test_a_disk_that_fills_up_in_the_middle_of_a_line_means_nothing_was_sent(
    tmp_path: Path, room: int
) -> None:
    journal = Journal(tmp_path / "claims.journal")
    journal.append(made(1))
    full = get_context("spawn").Process(target=_append_on_a_full_disk, args=(journal.path, room))
    full.start()
    full.join()
    assert full.exitcode == 0
    assert journal.last() == made(1)
    journal.append(made(3))
    assert [claim.batch for claim in journal.claims()] == [1, 3]


def test_a_journal_that_cannot_be_read_is_named_with_what_to_mend(tmp_path: Path) -> None:
    (tmp_path / "claims.journal").mkdir()
    journal = Journal(tmp_path / "claims.journal")
    with pytest.raises(ConfigError, match="OUTREACH_JOURNAL"):
        journal.last()
    with pytest.raises(ConfigError, match="OUTREACH_JOURNAL"):
        list(journal.claims())


def test_the_newest_claims_come_newest_first(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "claims.journal")
    assert journal.newest(3) == []
    for number in range(6):
        journal.append(made(number, people=3_000))
    assert [claim.batch for claim in journal.newest(3)] == [5, 4, 3]
    assert [claim.batch for claim in journal.newest(99)] == [5, 4, 3, 2, 1, 0]


def test_a_claim_comes_back_with_its_numbers_and_an_older_line_without(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    older = Claim("l", "news@one", 1, 1, (b"a" * 16,))
    whole = replace(older, edition_id=1_795_000_000_123, contact_ids=(7,))
    for one in (older, whole):
        journal.append(one)
    assert list(journal.claims()) == [older, whole]
    assert b'"i"' not in older.line()  # its identity is a hash of the line, kept in ledgers
