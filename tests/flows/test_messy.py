"""Messy lists, of which everything is known, come to exactly what is true of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from bench.messy import Messy
from bench.messy_check import differences
from bench.messy_files import FORMS, Form, file_name, fits_all, write

from outreach.flows.imports import ImportResult, import_file
from outreach.keys import Keys
from outreach.ledger.schema import metadata
from outreach.settings import Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, rows_of

ROWS = 1_000
NOT_OF_PEOPLE = ("import", "quarantined_row", "audit", "fact")
"""Each import has rows of its own in these, or says when it last saw a source's columns."""


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    return own_workspace(settings, keys, engine, tmp_path)


def take(ws: Workspace, file: Path, kind: str = "contacts") -> ImportResult:
    basis = {"basis": "public_task", "evidence": "made up"}
    return import_file(ws, file, kind, constants=basis, source="list", **WHO)


def everything_but_imports(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    return {name: rows_of(engine, name) for name in metadata.tables if name not in NOT_OF_PEOPLE}


@pytest.mark.parametrize(("seed", "form"), [*enumerate(FORMS.values())], ids=[*FORMS])
def test_a_list_of_contacts_comes_to_what_is_true_of_it(
    ws: Workspace, tmp_path: Path, seed: int, form: Form
) -> None:
    truth = write(tmp_path, Messy(ROWS, seed), form)
    assert differences(ws.engine, take(ws, tmp_path / file_name(form)), truth) == []


@pytest.mark.parametrize("form", ["cp1252", "xlsx"])
def test_a_list_of_pledges_comes_to_what_is_true_of_it(
    ws: Workspace, tmp_path: Path, form: str
) -> None:
    truth = write(tmp_path, Messy(ROWS, 7, pledges=True), FORMS[form])
    done = take(ws, tmp_path / file_name(FORMS[form]), "pledges")
    assert differences(ws.engine, done, truth) == []


@pytest.mark.parametrize("kind", ["contacts", "pledges"])
def test_the_same_rows_again_change_nothing_however_they_are_saved_or_mixed(
    ws: Workspace, tmp_path: Path, kind: str
) -> None:
    messy = Messy(ROWS // 2, 11, pledges=kind == "pledges")
    for mix, form in enumerate(FORMS.values()):
        write(tmp_path, messy, form, fits=fits_all, mix=mix)
    files = [tmp_path / file_name(form, mix) for mix, form in enumerate(FORMS.values())]
    take(ws, files[0], kind)
    before = everything_but_imports(ws.engine)
    for file in files[1:]:
        again = take(ws, file, kind)
        assert (again.state, again.created, again.changed) == ("done", 0, 0)
    assert take(ws, files[0], kind).state == "already taken"
    assert everything_but_imports(ws.engine) == before
