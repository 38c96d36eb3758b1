"""Reading the documentation's pages: their fenced blocks, their sections, their prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from outreach.settings import ROOT

README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "guide.md"
OPERATIONS = ROOT / "docs" / "operations.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]

FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def fences(page: Path) -> Iterator[tuple[str, str]]:
    """Yield (info line, content) of every fenced block, its indentation taken off."""
    for indent, info, body in FENCE.findall(page.read_text()):
        lines = (line.removeprefix(indent) for line in body.splitlines())
        yield info.strip(), "\n".join(lines) + "\n"


def prose(page: Path) -> str:
    """A page without its fenced blocks and without code in a line."""
    return INLINE.sub("", FENCE.sub("", page.read_text()))


def section(page: Path, title: str) -> str:
    text = page.read_text()
    start = text.index(f"\n## {title}\n")
    end = text.find("\n## ", start + 4)
    return text[start:] if end < 0 else text[start:end]
