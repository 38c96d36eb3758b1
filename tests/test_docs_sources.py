"""docs/sources.md says what contacts/sources.yaml may hold: every key, and examples that load."""

from __future__ import annotations

import re
from pathlib import Path

from outreach.records import ImportKind
from outreach.settings import ROOT
from outreach.sources.sourcesfile import load_sources
from outreach.sources.sourcesform import ApiForm, SinceForm, SourceForm
from outreach.sources.tables import FORMATS
from tests.reading_docs import fences, section

PAGE = ROOT / "docs" / "sources.md"


def keys_named(text: str) -> set[str]:
    return set(re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE))


def test_every_key_of_a_source_is_explained_and_no_other() -> None:
    source, _, api = section(PAGE, "Keys of a source").partition("### Keys of an api")
    assert keys_named(source) == set(SourceForm.model_fields)
    since = {f"since.{name}" for name in SinceForm.model_fields}
    assert keys_named(api) == {*ApiForm.model_fields, *since}


def test_the_head_of_the_shipped_file_names_every_key() -> None:
    head = (ROOT / "contacts" / "sources.yaml").read_text().partition("\nsources:")[0]
    assert {
        name for name in SourceForm.model_fields if not re.search(rf"\b{name}\b", head)
    } == set()


def test_every_format_is_named() -> None:
    assert {name for name in FORMATS if f"`{name}`" not in PAGE.read_text()} == set()


def test_the_examples_load_and_show_each_kind_and_place(tmp_path: Path) -> None:
    file, found = tmp_path / "sources.yaml", []
    for example in [body for info, body in fences(PAGE) if info.endswith("sources")]:
        file.write_text(example)
        found += load_sources(file)
    assert {source.kind for source in found} == set(ImportKind)
    assert {source.scheme for source in found} == {"", "s3", "abfs", "https", "msgraph"}
    assert any(source.asked_as_api for source in found)


def uncommented(text: str) -> list[str]:
    """Return each example of the shipped file, as it stands once its # are taken away."""
    lines = [
        re.sub(r"^  #", "  ", line) for line in text.splitlines() if re.match(r"  #(- |  )", line)
    ]
    return re.split(r"\n(?=  - )", "\n".join(lines))


def test_each_example_in_the_shipped_file_loads_once_its_hashes_are_taken_away(
    tmp_path: Path,
) -> None:
    shipped = (ROOT / "contacts" / "sources.yaml").read_text()
    file = tmp_path / "sources.yaml"
    found = []
    for example in uncommented(shipped):
        file.write_text(f"sources:\n{example}\n")
        found += load_sources(file)
    assert {source.kind for source in found} == set(ImportKind)
    assert {source.scheme for source in found} == {"", "s3", "abfs", "https", "msgraph"}
    assert any(source.asked_as_api for source in found)
    file.write_text(re.sub(r"(?m)^  #(?=- |  )", "  ", shipped))
    assert len(load_sources(file)) == len(load_sources(ROOT / "contacts" / "sources.yaml")) + len(
        found
    ), "all of them beside the others"
