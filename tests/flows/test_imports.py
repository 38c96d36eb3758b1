"""Files on their way into the ledger, on both databases."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from outreach.clock import LONDON
from outreach.errors import InputError
from outreach.flows.exports import export
from outreach.flows.imports import ImportResult, import_file, pull_sources
from outreach.flows.intake import CHUNK
from outreach.flows.people import erase_person, suppress
from outreach.keys import Keys
from outreach.settings import ROOT, Settings
from outreach.workspace import Workspace
from tests.flows.importing import WHO, own_workspace, people_tables, rows_of, table

HEADINGS = ("Email", "First name", "Last name", "Sector")


@pytest.fixture
def ws(settings: Settings, keys: Keys, engine: sa.Engine, tmp_path: Path) -> Workspace:
    return own_workspace(settings, keys, engine, tmp_path)


def take(ws: Workspace, path: Path, kind: str = "contacts", **more: object) -> ImportResult:
    return import_file(ws, path, kind, **WHO, **more)  # type: ignore[arg-type]


def test_rows_are_taken_and_bad_ones_kept_whole_with_number_reason_and_advice(
    ws: Workspace, tmp_path: Path
) -> None:
    path = table(
        tmp_path / "list.csv",
        HEADINGS,
        (" Amara@Example.ORG ", "Amara", "Okafor", "GP practice"),
        (),
        ("nobody", "No", "Address", "Dental"),
        ("tom@example.org", "Tom", "Chen", "Podiatry"),
    )
    result = take(ws, path)
    assert (result.rows_read, result.accepted, result.created, result.quarantined) == (3, 1, 1, 2)
    assert result.quarantined_by_reason == {
        "email address is not valid": 1,
        "sector not recognised": 1,
    }
    (contact,) = rows_of(ws.engine, "contact")
    assert (contact["email"], contact["sector"]) == ("amara@example.org", "General Practice")
    bad = rows_of(ws.engine, "quarantined_row")
    assert [(b["row_number"], b["column_name"]) for b in bad] == [(4, "Email"), (5, "Sector")]
    assert bad[1]["row"]["Email"] == "tom@example.org"
    assert "Dentistry" in bad[1]["advice"]


def test_the_same_file_twice_is_already_taken_and_changes_nothing(
    ws: Workspace, tmp_path: Path
) -> None:
    path = table(tmp_path / "list.csv", HEADINGS, ("a@example.org", "A", "B", "GP"))
    first = take(ws, path)
    before = people_tables(ws.engine)
    again = take(ws, path)
    assert (again.state, again.import_id, again.created) == ("already taken", first.import_id, 0)
    assert people_tables(ws.engine) == before
    assert len(rows_of(ws.engine, "import")) == 1


@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(
                ["a@example.org", "A@example.org", "b@example.org", "x", "c@example.org"]
            ),
            st.text(max_size=8),
            st.text(max_size=8),
            st.sampled_from(["", "GP", "Dental", "Optician", "Nothing"]),
        ),
        max_size=12,
    )
)
def test_importing_the_same_rows_from_another_file_changes_nothing(
    ws: Workspace, tmp_path: Path, rows: list[tuple[str, str, str, str]]
) -> None:
    clean = [tuple(c.encode("utf-8", "ignore").decode() for c in row) for row in rows]
    take(ws, table(tmp_path / "one.csv", HEADINGS, *clean), allow_shrink=True, source="s")
    before = people_tables(ws.engine)
    padded = table(tmp_path / "two.csv", (*HEADINGS, "Colour"), *((*row, "x") for row in clean))
    again = take(ws, padded, allow_shrink=True, source="s")
    if again.state == "done":
        assert (again.created, again.changed) == (0, 0)
    assert people_tables(ws.engine) == before


def test_inside_one_file_the_first_row_wins_and_later_rows_fill_gaps_across_chunks(
    ws: Workspace, tmp_path: Path
) -> None:
    filler = [(f"p{n}@example.org", "P", str(n), "GP") for n in range(CHUNK)]
    path = table(
        tmp_path / "list.csv",
        HEADINGS,
        ("a@example.org", "Amara", "", ""),
        ("A@EXAMPLE.org", "Other", "Okafor", ""),
        *filler,
        ("a@example.org", "Third", "Third", "Dental"),
    )
    result = take(ws, path)
    contact = next(c for c in rows_of(ws.engine, "contact") if c["email"] == "a@example.org")
    assert (contact["first_name"], contact["last_name"]) == ("Amara", "Okafor")
    assert contact["sector"] == "Dentistry"
    assert (result.created, result.changed, result.unchanged) == (CHUNK + 1, 2, 0)


def test_a_later_file_updates_with_what_it_says_and_never_blanks(
    ws: Workspace, tmp_path: Path
) -> None:
    first = table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "Amara", "Okafor", "GP"))
    take(ws, first, source="list")
    later = table(tmp_path / "2.csv", HEADINGS, ("a@example.org", "", "Mensah", ""))
    result = take(ws, later, source="list")
    (contact,) = rows_of(ws.engine, "contact")
    assert (contact["first_name"], contact["last_name"]) == ("Amara", "Mensah")
    assert (contact["sector"], result.changed) == ("General Practice", 1)


def test_an_import_never_lifts_a_suppression(ws: Workspace, tmp_path: Path) -> None:
    suppress(ws, "A@example.org", reason="unsubscribed", **WHO)
    before = rows_of(ws.engine, "suppression")
    take(
        ws,
        table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "Amara", "Okafor", "GP")),
        constants={"basis": "consent", "evidence": "asked again"},
    )
    take(
        ws,
        table(tmp_path / "s.csv", ("Email", "Reason"), ("a@example.org", "manual")),
        "suppressions",
    )
    assert rows_of(ws.engine, "suppression")[0] == before[0]
    export(ws, "contacts", tmp_path / "out.csv")
    assert ",no,unsubscribed," in (tmp_path / "out.csv").read_text()


def test_an_erased_person_is_never_taken_in_again_and_nothing_of_the_row_is_kept(
    ws: Workspace, tmp_path: Path
) -> None:
    path = table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "Amara", "Okafor", "GP"))
    take(ws, path)
    erase_person(ws, "a@example.org", **WHO)
    result = take(ws, table(tmp_path / "2.csv", HEADINGS, ("A@example.org", "Amara", "X", "GP")))
    assert (result.accepted, result.quarantined) == (0, 1)
    assert "erased" in next(iter(result.quarantined_by_reason))
    (contact,) = rows_of(ws.engine, "contact")
    assert (contact["email"], contact["first_name"]) == (None, "")
    assert rows_of(ws.engine, "quarantined_row")[0]["row"] == {}


def test_a_kept_file_loses_the_rows_of_people_who_were_erased(ws: Workspace) -> None:
    erase_person(ws, "ann@example.org", **WHO)
    contacts = ws.settings.root / "contacts"
    table(
        contacts / "inbox" / "list.csv",
        HEADINGS,
        ("Ann@example.org", "Ann", "Secret", "GP"),
        ("joann@example.org", "Joann", "Kept", "GP"),
    )
    (contacts / "sources.yaml").write_text(
        "sources: [{name: inbox, kind: contacts, path: inbox/*, drop: true}]"
    )
    pull_sources(ws, **WHO)
    (kept,) = (contacts / "processed").iterdir()
    assert "Secret" not in kept.read_text()
    assert "joann@example.org" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_no_basis_is_taken_without_what_shows_it(ws: Workspace, tmp_path: Path) -> None:
    plain = table(tmp_path / "plain.csv", ("Email",), ("ann@example.org",))
    said = take(ws, plain, constants={"basis": "consent"})
    assert (said.state, "evidence=" in said.message) == ("refused", True)
    rows = (("ann@example.org", "consent", "form of 3 May"), ("bo@example.org", "consent", ""))
    told = take(ws, table(tmp_path / "told.csv", ("Email", "Basis", "Evidence"), *rows))
    assert (told.created, dict(told.quarantined_by_reason)) == (1, {"no evidence": 1})
    assert [b["evidence"] for b in rows_of(ws.engine, "basis")] == ["form of 3 May"]


def test_an_example_in_a_heading_is_not_taken_for_somebodys_address(
    ws: Workspace, tmp_path: Path
) -> None:
    heading = "What is your email address? (e.g. name@example.org)"
    path = table(tmp_path / "form.csv", (heading, "First name"), ("ann@example.org", "Ann"))
    assert take(ws, path).created == 1


@pytest.mark.parametrize("end", ["", 'dee@example.org,"Dee",Patel,GP\n'])
def test_people_behind_a_quotation_mark_that_is_never_closed_are_not_lost_unseen(
    ws: Workspace, tmp_path: Path, end: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        f"{','.join(HEADINGS)}\n"
        'ann@example.org,"Ann,Patel,GP\n'
        "bo@example.org,Bo,Chen,GP\n"
        "cy@example.org,Cy,Okafor,GP\n" + end
    )
    result = take(ws, path)
    assert result.created == 0
    (kept,) = rows_of(ws.engine, "quarantined_row")
    assert "quotation mark" in kept["advice"]
    assert "cy@example.org" in str(kept["row"])


def test_a_cell_of_several_lines_is_no_fault(ws: Workspace, tmp_path: Path) -> None:
    note = "Prefers mornings, not Mondays\nask at the desk\nor write to desk@example.org"
    row = ("ann@example.org", "Ann", note)
    assert take(ws, table(tmp_path / "l.csv", ("Email", "First name", "Note"), row)).created == 1


@pytest.mark.parametrize("name", ["liste-\udce9t\udce9.csv", "list.csv"])
@pytest.mark.parametrize("heading", ["Email", "E\0mail\0x"])
def test_a_file_is_taken_or_refused_whatever_letters_its_name_or_headings_have(
    ws: Workspace, name: str, heading: str
) -> None:
    inbox = ws.settings.root / "contacts" / "inbox"
    inbox.mkdir(parents=True)
    (inbox.parent / "sources.yaml").write_text(
        "sources: [{name: inbox, kind: contacts, path: inbox/*, drop: true}]"
    )
    (inbox / name).write_text(f"{heading},First name\nann@example.org,Ann\n")
    (result,) = pull_sources(ws, **WHO)
    assert result.state == ("done" if heading == "Email" else "refused")
    assert "csv" in result.message.encode().decode()
    assert not any(inbox.iterdir())


@pytest.mark.parametrize(
    "row",
    [
        ("ann@example.org", "Ann", "Secret", "Podiatry"),
        ("ann@example.org", "Ann", "Secret", "GP", "one cell too many"),
        ("Ann <ANN@example.org>", "Ann", "Secret", "GP"),
        ("ann\u200b@example.org;x", "Ann", "Secret", "GP"),
    ],
)
def test_nor_is_anything_kept_of_their_row_where_something_else_is_wrong_with_it(
    ws: Workspace, tmp_path: Path, row: tuple[str, ...]
) -> None:
    erase_person(ws, "ann@example.org", **WHO)
    other = ("bo@example.org", "Bo", "Kept", "Podiatry")
    result = take(ws, table(tmp_path / "again.csv", HEADINGS, row, other))
    assert sorted(result.quarantined_by_reason) == [
        "erased at the person's own request",
        "sector not recognised",
    ]
    anns, bos = rows_of(ws.engine, "quarantined_row")
    assert anns["row"] == {}
    assert anns["row_number"] == 2
    assert bos["row"]["Email"] == "bo@example.org"


def test_a_special_category_column_refuses_the_whole_file_and_keeps_nothing(
    ws: Workspace, tmp_path: Path
) -> None:
    path = table(tmp_path / "staff.csv", ("Email", "Ethnic group"), ("a@example.org", "secret"))
    result = take(ws, path)
    assert (result.state, result.special_category) == ("refused", True)
    assert "Ethnic group" in result.message
    assert rows_of(ws.engine, "contact") == []
    assert "secret" not in str(rows_of(ws.engine, "import") + rows_of(ws.engine, "quarantined_row"))


def test_a_file_that_shrank_is_refused_before_anything_changes(
    ws: Workspace, tmp_path: Path
) -> None:
    people = [(f"p{n}@example.org", "P", str(n), "GP") for n in range(30)]
    take(ws, table(tmp_path / "1.csv", HEADINGS, *people), source="list")
    before = people_tables(ws.engine)
    short = table(tmp_path / "2.csv", HEADINGS, ("p1@example.org", "New", "1", "GP"))
    refused = take(ws, short, source="list")
    assert refused.state == "refused"
    assert "had 30" in refused.message
    assert people_tables(ws.engine) == before
    assert take(ws, short, source="list", allow_shrink=True).changed == 1


def test_a_file_that_lost_a_column_is_refused(ws: Workspace, tmp_path: Path) -> None:
    take(ws, table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "A", "B", "GP")), source="l")
    lost = table(tmp_path / "2.csv", HEADINGS[:3], ("a@example.org", "A", "C"))
    assert "sector" in take(ws, lost, source="l").message


def test_a_basis_is_kept_once_with_its_evidence_and_wording(ws: Workspace, tmp_path: Path) -> None:
    path = table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "A", "B", "GP"))
    said = {"basis": "consent", "evidence": "form", "wording_version": "v1"}
    take(ws, path, constants=said)
    take(ws, path, constants={**said, "evidence": "another"})
    (basis,) = rows_of(ws.engine, "basis")
    assert (basis["kind"], basis["evidence"], basis["wording_version"]) == ("consent", "form", "v1")
    assert basis["source"] == "1"


def test_a_wrong_constant_or_column_is_refused_at_once_with_a_suggestion(
    ws: Workspace, tmp_path: Path
) -> None:
    path = table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "A", "B", "GP"))
    assert "did you mean" in take(ws, path, constants={"sector": "Dentistri"}).message
    assert "did you mean evidence" in take(ws, path, constants={"evidense": "x"}).message
    assert 'no column "Mail"' in take(ws, path, mapping={"Mail": "email"}).message
    with pytest.raises(InputError, match="no such file"):
        take(ws, tmp_path / "absent.csv")


def test_a_file_without_headings_is_refused_without_repeating_the_person(
    ws: Workspace, tmp_path: Path
) -> None:
    result = take(ws, table(tmp_path / "1.csv", ("canary@example.org", "Canary"), ("b", "c")))
    assert "headings" in result.message
    assert "canary" not in str(rows_of(ws.engine, "import")).lower()


def test_contacts_and_organisations_are_tied_whichever_comes_first(
    ws: Workspace, tmp_path: Path
) -> None:
    heads = ("Email", "ODS code")
    take(ws, table(tmp_path / "1.csv", heads, ("a@example.org", "f83004")))
    orgs = table(tmp_path / "o.csv", ("Code", "Name"), ("F83004", "Alder Medical Practice"))
    take(ws, orgs, "organisations", mapping={"Code": "ods_code"})
    take(ws, table(tmp_path / "2.csv", heads, ("b@example.org", "F83004")))
    (organisation,) = rows_of(ws.engine, "organisation")
    linked = [contact["organisation_id"] for contact in rows_of(ws.engine, "contact")]
    assert linked == [organisation["id"]] * 2


def test_a_pledge_makes_its_contact_and_is_recorded_once_per_time(
    ws: Workspace, tmp_path: Path
) -> None:
    heads = ("Completion time", "What is your email address?", "What is your full name?")
    one = ("14/03/2026 09:30", "a@example.org", "Dr Amara Okafor")
    result = take(ws, table(tmp_path / "1.csv", heads, one, one), "pledges")
    assert (result.created, result.unchanged, result.new_pledges) == (1, 1, 1)
    (pledge,) = rows_of(ws.engine, "pledge")
    assert pledge["pledged_at"] == datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
    (contact,) = rows_of(ws.engine, "contact")
    assert (contact["first_name"], contact["last_name"]) == ("Amara", "Okafor")


def test_hostile_cells_are_stored_inert_or_quarantined_and_stop_nothing(
    ws: Workspace, tmp_path: Path
) -> None:
    path = table(
        tmp_path / "1.csv",
        HEADINGS,
        ("a@example.org", "A\0m\u202eara\u2028x", "O'Brien", "GP"),
        ("b@example.org", "x" * 10_000, "B", "GP"),
        ("c@example.org", "C", "D", "GP", "stray"),
        ("d@example.org",),
        ("e\0@example.org", "E\0", "F", "GP"),
    )
    result = take(ws, path)
    assert (result.accepted, result.quarantined) == (2, 3)
    assert {c["first_name"] for c in rows_of(ws.engine, "contact")} == {"A mara x", ""}


def test_an_import_that_breaks_off_is_failed_and_can_be_taken_again(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "A", "B", "GP"))
    with sa.create_engine(ws.engine.url).begin() as connection:  # a wire that breaks, for real
        connection.execute(sa.text("ALTER TABLE basis RENAME TO gone"))
    with pytest.raises(sa.exc.DBAPIError):
        take(ws, path, constants={"basis": "consent", "evidence": "form"})
    with sa.create_engine(ws.engine.url).begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO basis"))
    assert [row["state"] for row in rows_of(ws.engine, "import")] == ["failed"]
    done = take(ws, path, constants={"basis": "consent", "evidence": "form"})
    assert (done.state, done.created) == ("done", 1)


def with_samples(root: Path) -> None:
    shutil.copytree(ROOT / "contacts" / "samples", root / "contacts" / "samples")
    shutil.copy(ROOT / "contacts" / "sources.yaml", root / "contacts" / "sources.yaml")


def test_the_shipped_sources_are_pulled_and_pulling_again_changes_nothing(
    ws: Workspace, tmp_path: Path
) -> None:
    with_samples(tmp_path)
    first = pull_sources(ws, **WHO)
    assert {result.state for result in first} == {"done"}
    before = people_tables(ws.engine)
    assert {result.state for result in pull_sources(ws, **WHO)} == {"already taken"}
    assert people_tables(ws.engine) == before
    assert 60 <= len(before["contact"]) <= 120
    assert all(c["email"].endswith("@example.org") for c in before["contact"])
    assert len({c["sector"] for c in before["contact"]} - {""}) == 4
    assert len({c["ics_area"] for c in before["contact"]} - {""}) == 5
    assert len({c["borough"] for c in before["contact"]} - {""}) == 5


def test_sample_pledges_are_recent_and_stay_put_when_their_file_is_edited(
    ws: Workspace, tmp_path: Path
) -> None:
    with_samples(tmp_path)
    pull_sources(ws, **WHO)
    before = rows_of(ws.engine, "pledge")
    yesterday = (datetime.now(LONDON) - timedelta(days=1)).date()
    assert max(p["pledged_at"] for p in before).astimezone(LONDON).date() == yesterday
    edited = tmp_path / "contacts" / "samples" / "pledges.csv"
    edited.write_text(edited.read_text().replace("My organisation", "My own organisation"))
    (again,) = [r for r in pull_sources(ws, **WHO) if r.state == "done"]
    assert (again.file_name, again.new_pledges) == ("pledges.csv", 0)
    assert rows_of(ws.engine, "pledge") == before


def test_files_in_a_drop_folder_are_put_away_and_forbidden_ones_deleted(
    ws: Workspace, tmp_path: Path
) -> None:
    contacts = tmp_path / "contacts"
    drop = contacts / "inbox" / "contacts"
    table(drop / "good.csv", ("Email",), ("a@example.org",))
    table(drop / "bad.csv", ("Colour",), ("blue",))
    table(drop / "forbidden.csv", ("Email", "Religion"), ("a@example.org", "secret"))
    table(drop / "~$lock.csv", ("Email",), ("b@example.org",))
    (contacts / "sources.yaml").write_text(
        "sources:\n  - {name: drop, kind: contacts, path: inbox/contacts/*, drop: true}\n"
    )
    states = {r.file_name: r.state for r in pull_sources(ws, **WHO)}
    assert states == {"good.csv": "done", "bad.csv": "refused", "forbidden.csv": "refused"}
    assert [p.name.split("-")[-1] for p in (contacts / "processed").iterdir()] == ["good.csv"]
    assert [p.name.split("-")[-1] for p in (contacts / "quarantine").iterdir()] == ["bad.csv"]
    assert [p.name for p in drop.iterdir()] == ["~$lock.csv"]


def test_who_imported_what_is_in_the_audit_log(ws: Workspace, tmp_path: Path) -> None:
    take(ws, table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "A", "B", "GP")))
    (entry,) = rows_of(ws.engine, "audit")
    assert (entry["who"], entry["via"], entry["action"]) == ("lee", "test", "import")
    assert "a@example.org" not in str(entry)


def test_the_quarantine_can_be_exported_mended_and_dropped_back_in(
    ws: Workspace, tmp_path: Path
) -> None:
    take(ws, table(tmp_path / "1.csv", HEADINGS, ("a@example.org", "=A1", "B", "Dentl")))
    out = tmp_path / "mend.csv"
    assert export(ws, "quarantine", out) == 1
    out.write_text(out.read_text().replace("Dentl", "Dental"))
    result = take(ws, out)
    assert (result.created, result.unrecognised_columns) == (1, ())
    assert rows_of(ws.engine, "contact")[0]["first_name"] == "=A1"
