"""Columns that say whom not to write to are never passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from outreach.errors import InputError
from outreach.hub import load_hub
from outreach.records import ContactRecord, ImportKind
from outreach.settings import ROOT
from outreach.sources.fields import Context
from outreach.sources.reading import Columns, SourceFile, open_file
from outreach.sources.values import Lists
from tests.flows.importing import table

HUB = load_hub(ROOT / "hub.yaml")
LISTS = Lists(HUB.sectors, tuple(area.name for area in HUB.areas), HUB.boroughs)
CONSENT = {"basis": "consent", "evidence": "Form of May"}
ANN = "ann@example.org"


def opened(
    folder: Path, *headings: str, kind: ImportKind = ImportKind.CONTACTS, how: Columns | None = None
) -> SourceFile:
    file = table(folder / "list.csv", headings, (ANN, *["Yes"] * (len(headings) - 1)))
    how = how or Columns()
    context = Context(LISTS, datetime(2026, 11, 23, tzinfo=UTC), values=how.values)
    return open_file(file, kind, how, context)


@pytest.mark.parametrize(
    "heading",
    [
        "Unsubscribed", "UNSUB_TIME", "Opted out?", "OptOut", "Email Opt Out", "Do not email",
        "DoNotEmail", "Bounced", "CLEAN_TIME", "Email status", "No marketing", "Objected on",
    ],
)  # fmt: skip
def test_a_list_of_people_that_says_who_said_no_is_stopped(tmp_path: Path, heading: str) -> None:
    with pytest.raises(InputError, match="must not be written to"):
        opened(tmp_path, "Email", heading)
    opened(tmp_path, "Email", heading, how=Columns({heading: "ignore"}))


@pytest.mark.parametrize(
    "heading", ["Keep me informed?", "I consent to emails", "Opted in", "May we contact you?"]
)
def test_consent_for_everybody_does_not_run_over_each_ones_own_answer(
    tmp_path: Path, heading: str
) -> None:
    opened(tmp_path, "Email", heading)
    with pytest.raises(InputError, match="whatever they answered"):
        opened(tmp_path, "Email", heading, how=Columns({}, CONSENT))


@pytest.mark.parametrize(
    "heading",
    ["Status", "Notes", "Reason", "What will you do first to keep this pledge?", "Agree to pledge"],
)
def test_other_columns_stop_nothing(tmp_path: Path, heading: str) -> None:
    assert opened(tmp_path, "Email", heading, how=Columns({}, CONSENT)).count() == 1


def test_a_list_of_people_in_the_folder_of_suppressions_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nobody in it would be written to again"):
        opened(tmp_path, "Email", "Basis", "Evidence", kind=ImportKind.SUPPRESSIONS)


def test_each_ones_own_answer_may_be_their_basis(tmp_path: Path) -> None:
    how = Columns(
        {"May we write?": "basis"},
        {},
        {"evidence": "Form of May"},
        {"basis": {"Yes please": "consent", "No thanks": "none"}},
    )
    rows = [("a@example.org", "Yes please"), ("b@example.org", "No thanks"), ("c@example.org", "")]
    file = table(tmp_path / "list.csv", ("Email", "May we write?"), *rows)
    context = Context(LISTS, datetime(2026, 11, 23, tzinfo=UTC), values=how.values)
    found = list(open_file(file, ImportKind.CONTACTS, how, context).records(context))
    kinds = [one.basis and one.basis.kind.value for one in found if isinstance(one, ContactRecord)]
    assert kinds == ["consent", None, None]
