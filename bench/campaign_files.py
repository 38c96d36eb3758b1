"""Read many campaign files with every fault found, against reading them with no check at all.

The peer does what anything that uses such files must: YAML of the head, Jinja's and Markdown's
parsers on the copy. Ours does that too, holds each file to its schema and its hub, takes the
copy apart and names each fault with its line. Airflow does it whenever it looks at the DAGs.
"""

from __future__ import annotations

import time
from pathlib import Path

import yaml
from jinja2 import Environment
from markdown_it import MarkdownIt

from bench.measure import Comparison, Options, Result, Sample, timed, timed_ours
from outreach.campaigncache import forget_read
from outreach.campaigns import load_library
from outreach.hub import load_hub
from outreach.settings import ROOT

FILES = 300
WITHIN = 5.0
"""Seconds in which Airflow should have read them all."""


def run(options: Options) -> Result:
    """Compare the files read in a second; say how long all of them took."""
    hub = load_hub(ROOT / "hub.yaml")
    number = options.people or FILES
    folder = options.folder / "campaigns"
    _write(folder, number)
    ours = Sample("Outreach: read, checked and taken apart, a broken one named", number)
    peer = Sample("YAML + Jinja + markdown-it, nothing checked", number)
    worked = []
    for _ in range(options.rounds):
        forget_read()
        began = time.process_time()
        with timed_ours() as seconds:
            library = load_library([folder], hub)
        ours.add_rate(seconds())
        worked.append(time.process_time() - began)
        if len(library.campaigns) != number - 1 or len(library.faults) != 1:
            raise RuntimeError("a broken campaign file did not break only itself")
        with timed() as seconds:
            _read_plainly(folder)
        peer.add_rate(seconds())
    note = (
        f"{number} files took {max(worked):.1f} s of one processor at most; "
        f"within {WITHIN:g} s is wanted for {FILES}"
    )
    return Result((Comparison("campaigns-vs-parsers", "files/s", ours, peer),), (note,))


def _write(folder: Path, number: int) -> None:
    folder.mkdir()
    shipped = sorted((ROOT / "templates" / "campaigns").glob("*.md"))
    texts = [path.read_text(encoding="utf-8") for path in shipped]
    for place in range(number):
        text = texts[place % len(texts)] if place else "---\ntitle: broken\n---\n{% if"
        (folder / f"campaign-{place}.md").write_text(text, encoding="utf-8")


def _read_plainly(folder: Path) -> None:
    jinja, markdown = Environment(autoescape=True), MarkdownIt("commonmark")
    for path in sorted(folder.glob("*.md")):
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        yaml.load(head, Loader=yaml.CSafeLoader)
        if not body.endswith("{% if"):
            jinja.parse(body)
        markdown.parse(body)
