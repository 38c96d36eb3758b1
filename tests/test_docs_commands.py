"""Every command that the documentation shows can be typed; the ones to follow are followed."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from outreach.cli import build_parser, main
from outreach.settings import ROOT
from tests.reading_docs import FENCE, INLINE, OPERATIONS, PAGES, README, fences, section, shown

PLACEHOLDERS = {
    "[SLUG]": "what-is-wres",
    "SLUG": "what-is-wres",
    "EDITION": "what-is-wres@2026-11-24",
    "KIND": "contacts",
    "WHAT": "contacts",
    "PORT": "8090",
    "MATCH": "1",
    "NUMBER": "1",
    "TYPE": "corporate",
}
"""What stands for a word in capitals in the table of commands; any other is text."""


def leaves(parser: argparse.ArgumentParser, words: str) -> Iterator[tuple[str, set[str]]]:
    """Yield (command, its long options) for every command that does something."""
    options: set[str] = set()
    inner: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            inner |= action.choices
        else:
            options |= {name for name in action.option_strings if name.startswith("--")}
    if not inner:
        yield words, options - {"--help"}
    for name, one in inner.items():
        yield from leaves(one, f"{words} {name}")


COMMANDS = dict(leaves(build_parser(), "outreach"))


def test_there_are_commands_to_compare() -> None:
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_option_is_in_the_operations_guide(command: str) -> None:
    rows = section(OPERATIONS, "Commands").splitlines()
    mine = [n for n, row in enumerate(rows) if re.match(rf"\| `{command}[ `]", row)]
    assert mine, f"no row for {command}"
    said = ""
    for start in mine:
        said += rows[start]
        for row in rows[start + 1 :]:
            if not row.startswith("| ... "):
                break
            said += row
    assert {option for option in COMMANDS[command] if option not in said} == set()


def commands_in(page: Path) -> Iterator[str]:
    """Every `outreach ...` command of a page, in blocks and in lines, as one would type it."""
    for info, body in fences(page):
        if not info:
            yield from (line.strip() for line in body.splitlines())
    yield from INLINE.findall(FENCE.sub("", page.read_text()))


def as_typed(line: str) -> list[str] | None:
    """The words after `outreach`; None where a line is no command of ours or only names some."""
    line = re.sub(r"^(\.venv/bin/|docker compose exec worker )", "", line.partition("  #")[0])
    if not line.startswith("outreach ") or line.endswith("..."):
        return None
    words = shlex.split(line)[1:]
    words = [word for word in words if word != "--json"]
    return [PLACEHOLDERS.get(word, word) for word in words]


def typed_commands() -> list[tuple[str, tuple[str, ...]]]:
    """(page, words) of every command shown; a bare name in running text is not one to type."""
    found = {
        (shown(page), tuple(words))
        for page in PAGES
        for line in commands_in(page)
        if line not in COMMANDS and (words := as_typed(line)) is not None
    }
    return sorted(found)


TYPED = typed_commands()


def test_commands_are_found_in_every_guide() -> None:
    assert {page for page, _ in TYPED} >= {"README.md", "docs/guide.md", "docs/operations.md"}
    assert len(TYPED) > 30


@pytest.mark.parametrize(
    ("page", "words"), TYPED, ids=[f"{page}: {' '.join(words)}" for page, words in TYPED]
)
def test_every_command_that_is_shown_can_be_typed(page: str, words: tuple[str, ...]) -> None:
    try:
        build_parser().parse_args(list(words))
    except SystemExit:
        pytest.fail(f"{page} shows a command that the parser refuses: outreach {' '.join(words)}")


def block_with(page: Path, line: str) -> list[str]:
    """The lines of the one fenced block of `page` in which a line begins with `line`."""
    found = [body.splitlines() for _, body in fences(page) if re.search(f"^{line}", body, re.M)]
    assert len(found) == 1
    return found[0]


def test_the_edition_at_the_terminal_works_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    for line in block_with(OPERATIONS, "outreach prepare"):
        assert main(as_typed(line)) == 0, line
    assert "balanced to the person" in capsys.readouterr().out
    assert len(list((tmp_path / "outbox").rglob("*.eml"))) > 20


def test_a_first_campaign_file_is_started_and_found_sound_as_the_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path))
    monkeypatch.setenv("OUTREACH_CAMPAIGNS", str(tmp_path / "campaigns"))
    typed = [words for line in commands_in(README) if (words := as_typed(line)) is not None]
    new, check = [w for w in typed if w[:2] == ["campaigns", "new"] or w[0] == "check"]
    assert main(new) == 0
    (written,) = (tmp_path / "campaigns").glob("*.md")
    written.write_text(re.sub(r"\[\[.*?\]\]", "Our own words.", written.read_text()))
    assert main(check) == 0
    assert "No faults found" in capsys.readouterr().out
