"""contacts/sources.yaml: every fault has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.errors import InputError
from outreach.settings import ROOT
from outreach.sources.places.local import LocalPlace
from outreach.sources.sourcesfile import load_sources


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_sources(path)
    return [str(fault) for fault in caught.value.faults]


def test_the_shipped_file_is_right_and_its_samples_are_there() -> None:
    sources = load_sources(ROOT / "contacts" / "sources.yaml")
    for source in sources:
        assert source.drop or LocalPlace(source.path, ROOT / "contacts").look(), source.name
    assert {source.kind.value for source in sources} >= {"contacts", "pledges", "organisations"}


def test_every_fault_is_named_with_its_line(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        "sources:\n"
        "  - name: a\n    kind: contact\n    path: x.csv\n"
        "  - name: b\n    kind: contacts\n    pathh: x.csv\n    path: x.csv\n",
    )
    assert found[0].startswith("sources.yaml:3:")
    assert found[1].startswith("sources.yaml:7:")
    assert "path" in found[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources:\n  - {name: a, kind: contacts, path: x, basis: consent}\n", "evidence"),
        ("sources:\n  - {name: a, kind: contacts, path: x, basis: soft opt-in}\n", "basis"),
        ("sources:\n  - {name: a, kind: contacts, path: x}\n  - {name: a, kind: contacts, path: y}",
         "two sources are called a"),
        ("sources: [\n", "cannot be read"),
        ("sources:\n  - {name: a, kind: contacts, path: x, values: {secter: {}}}\n",
         "no field “secter”; did you mean “sector”"),
        ("sources:\n  - {name: a, kind: contacts, path: x, mapping: {Col: emial}}\n",
         "did you mean “email”"),
        ("sources:\n  - {name: a, kind: contacts, path: x, unmatched: {email: empty}}\n",
         "cannot be left empty"),
        ("sources:\n  - {name: a, kind: contacts, path: 's3x://b/c'}\n", "did you mean “s3”"),
        ("sources:\n  - {name: a, kind: contacts, path: 's3://b/c', drop: true}\n", "drop folder"),
        ("sources:\n  - {name: a, kind: contacts, path: x, connection: c}\n", "no connection"),
        ("sources:\n  - {name: a, kind: contacts, path: x, format: exel}\n", "is no format"),
        ("sources:\n  - {name: a, kind: contacts, path: 'https://x/y', stale_after_days: 3}\n",
         "of now"),
        ("sources:\n  - {name: a, kind: contacts, path: 'https://x/y', api: {auth: bearer}}\n",
         "holds the secret"),
        ("sources:\n  - {name: a, kind: contacts, path: 'https://x/y', api: {paging: page}}\n",
         "which query parameter"),
        ("sources:\n  - {name: a, kind: contacts, path: 'https://x/y', api: {pageing: page}}\n",
         "did you mean “paging”"),
        ("sources:\n  - {name: a, kind: contacts, path: 'https://me:secret@x/y'}\n",
         "holds no log-in"),
        ("", "sources"),
        ("- a\n", "the file must have fields"),
        ("sources: hello\n", "must be a list"),
        ("sources:\n  - {name: Staff List, kind: contacts, path: x}\n", "small letters"),
        ("sources:\n  - {name: a, kind: contacts, path: ''}\n", "must not be empty"),
        ("sources:\n  - {name: a, kind: contacts, path: x, least_share: 2}\n", "must be 1"),
        ("sources:\n  - {name: a, kind: contacts, path: x, precedence: high}\n", "a number"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused_in_words(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in "\n".join(faults(tmp_path, text))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_sources(tmp_path / "sources.yaml")
