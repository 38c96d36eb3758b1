"""The `outreach` command as people's scripts rely on it: arguments, JSON, exit status."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from outreach.cli import build_parser, main
from outreach.settings import ROOT, load_settings
from outreach.web.public.app import create_public_app
from outreach.workspace import open_to_halt

SAMPLES = ROOT / "contacts" / "samples"
EDITION = "what-is-wres@one"

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OUTREACH_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with --json; returns its exit status and its result."""

    def runner(*words: str) -> tuple[int, Any]:
        status = main([*words, "--json"])
        return status, json.loads(capsys.readouterr().out)

    return runner


@pytest.fixture
def filled(run: Run) -> Run:
    """A ledger with the sample people."""
    for kind, file in (
        ("organisations", "organisations.csv"),
        ("contacts", "contacts-general-practice.csv"),
        ("pledges", "pledges.csv"),
        ("pledges", "pledges-forms.xlsx"),
        ("suppressions", "suppressions.csv"),
    ):
        more = (
            ["--set", "basis=public_task", "--set", "evidence=sample"]
            if kind in ("contacts", "pledges")
            else []
        )
        status, result = run("import", str(SAMPLES / file), "--kind", kind, *more)
        assert (status, result["state"]) == (0, "done")
    return run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_fixed_command_is_there() -> None:
    for words in (
        "import x --kind contacts --map A=email --set basis=consent",
        "export contacts --out f",
        "export deliveries --out f --edition e",
        "export events --out f",
        "export pledges --out f",
        "export quarantine --out f",
        "campaigns list",
        "campaigns check",
        "check x",
        "check x@one --reach",
        "check --all",
        "campaigns new x",
        "campaigns preview x",
        "prepare x --occurrence one",
        "approve e --by lee",
        "send e",
        "pause e",
        "resume e",
        "cancel e",
        "settle e",
        "settle e --failed d1 d2 --by lee --reason r",
        "settle e --all-in-batch 3 --by lee --reason r",
        "settle e --ask-provider",
        "resend e d1 d2 --by lee --reason r",
        "test-send x --to lee --to jo --variant 2",
        "let-pass e --by lee --reason r",
        "deputies list",
        "deputies name jo --by lee --from 2026-12-01 --to 2026-12-05",
        "deputies end 1 --by lee",
        "standing list",
        "standing withdraw 1 --by lee --reason r",
        "certificate e",
        "certificate e --out f",
        "person a@example.org",
        "person a@example.org --export f",
        "person a@example.org --erase",
        "person a@example.org --message e --out f",
        "suppress a@example.org --reason r",
        "unsuppress a@example.org --reason r",
        "organisations list --search alder --not-pledged",
        "organisations doubtful --settled",
        "organisations settle 1 --as F83004 --by lee --reason r",
        "organisations settle 1 --none --by lee --reason r",
        "organisations match",
        "organisations type F83004 corporate --by lee --reason r",
        "organisations coverage --by borough --out f.csv",
        "events drain",
        "events drain --follow",
        "recover",
        "serve public --port 1",
        "doctor",
    ):
        assert callable(build_parser().parse_args(words.split()).run)


def test_check_judges_a_file_an_edition_or_all_and_says_why(
    filled: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled("check", "--all") == (0, {"faults": [], "sound": True})
    filled("prepare", "what-is-wres", "--occurrence", "one", "--by", "amy")
    assert filled("check", EDITION)[1]["sound"]
    assert "name one campaign or edition" in filled("check")[1]["error"]
    assert "name one campaign or edition" in filled("check", "x", "--all")[1]["error"]
    source = (ROOT / "templates" / "campaigns" / "what-is-wres.md").read_text()
    (tmp_path / "bad.md").write_text(
        source.replace("https://future.nhs.uk/about", "https://bit.ly/a")
    )
    monkeypatch.setenv("OUTREACH_CAMPAIGNS", str(tmp_path))
    status, found = filled("check", "bad")
    assert (status, {fault["check"] for fault in found["faults"]}) == (1, {"link-known-bad"})
    assert main(["check", "bad"]) == 1
    assert (
        "Why it matters:\n- No shortened or known bad links: A shortener" in capsys.readouterr().out
    )


def test_from_import_to_certificate(filled: Run, home: Path) -> None:
    status, prepared = filled("prepare", "what-is-wres", "--occurrence", "one", "--by", "amy")
    assert (status, prepared["edition_id"], prepared["created"]) == (0, EDITION, True)
    assert filled("approve", EDITION, "--by", "amy")[0] == 1
    assert filled("send", EDITION)[0] == 1
    assert filled("approve", EDITION, "--by", "lee") == (
        0,
        filled("approve", EDITION, "--by", "lee")[1],
    )
    status, account = filled("send", EDITION)
    assert status == 0
    assert account["balanced"]
    assert (
        account["accepted"]
        == prepared["planned"]
        == len(list((home / "home").glob("outbox/**/*.eml")))
    )
    status, again = filled("prepare", "what-is-wres", "--occurrence", "one")
    assert (status, again["created"]) == (0, False)
    assert filled("certificate", EDITION)[1]["accepted"] == account["accepted"]
    assert filled("settle", EDITION)[1]["doubts"] == []


def test_exports_have_the_promised_columns_and_values(filled: Run, home: Path) -> None:
    filled("prepare", "what-is-wres", "--occurrence", "one", "--by", "amy")
    filled("approve", EDITION, "--by", "lee")
    filled("send", EDITION)
    out = home / "out.csv"
    status, told = filled("export", "contacts", "--out", str(out))
    contacts = rows(out)
    assert (status, told["rows"]) == (0, len(contacts))
    wanted = "contact_id email first_name last_name organisation ods_code sector ics_area borough job_role pledged mailable not_mailable_reason"
    assert set(wanted.split()) <= set(contacts[0])
    assert {c["pledged"] for c in contacts} == {c["mailable"] for c in contacts} == {"yes", "no"}
    assert all(bool(c["not_mailable_reason"]) == (c["mailable"] == "no") for c in contacts)
    assert {c["sector"] for c in contacts} <= {
        "General Practice",
        "Community Pharmacy",
        "Dentistry",
        "Optometry",
        "",
    }
    filled("export", "deliveries", "--out", str(out), "--edition", EDITION)
    deliveries = rows(out)
    assert list(deliveries[0]) == [
        "delivery_id",
        "edition_id",
        "campaign",
        "variant",
        "contact_id",
        "email",
        "status",
        "reason",
        "provider_message_id",
        "accepted_at",
    ]
    assert {d["edition_id"] for d in deliveries} == {EDITION}
    sent = {file.stem for file in (home / "home").glob("outbox/**/*.eml")}
    assert {d["delivery_id"] for d in deliveries if d["status"] == "accepted"} == sent
    for what in ("pledges", "events", "quarantine"):
        assert filled("export", what, "--out", str(out))[0] == 0


def test_a_person_is_answered_suppressed_and_erased(filled: Run, home: Path) -> None:
    out = home / "contacts.csv"
    filled("export", "contacts", "--out", str(out))
    address = next(c["email"] for c in rows(out) if c["mailable"] == "yes")
    assert filled("suppress", address, "--reason", "asked by phone") == (
        0,
        {"suppressed": True, "added": True},
    )
    assert filled("suppress", address, "--reason", "again")[1]["added"] is False
    filled("export", "contacts", "--out", str(out))
    assert next(c["mailable"] for c in rows(out) if c["email"] == address) == "no"
    assert filled("unsuppress", address, "--reason", "asked to come back")[0] == 0
    assert filled("person", address)[1]["known"] is True
    assert filled("person", address, "--export", str(home / "person.json"))[0] == 0
    assert address in (home / "person.json").read_text()
    assert filled("person", address, "--erase")[0] == 0
    assert filled("person", address)[1]["known"] is False or address not in str(
        filled("person", address)[1]["facts"]
    )


def test_an_edition_is_accounted_for_in_files_and_a_message_is_shown_as_it_left(
    filled: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled("prepare", "what-is-wres", "--occurrence", "one", "--by", "amy")
    filled("approve", EDITION, "--by", "lee")
    status, account = filled("send", EDITION)
    told = filled("certificate", EDITION, "--out", str(home / "c.csv"))[1]
    assert told["facts"]["approved_by"] == "lee"
    people = rows(home / "c.csv")
    assert len(people) == account["intended"] + account["excluded"]
    file = next((home / "home").glob("outbox/**/*.eml"))
    filled("export", "deliveries", "--out", str(home / "d.csv"), "--edition", EDITION)
    address = next(one["email"] for one in rows(home / "d.csv") if one["delivery_id"] == file.stem)
    asked = ["person", address, "--message", EDITION]
    assert filled(*asked, "--out", str(home / "m.eml"))[1]["exact"] is True
    assert (home / "m.eml").read_bytes() == file.read_bytes()
    assert main(asked) == 0
    assert "List-Unsubscribe: <" in capsys.readouterr().out
    assert main(["person", address]) == 0
    assert "outbox took it" in capsys.readouterr().out
    status, told = filled("settle", EDITION, "--failed", file.stem, "--by", "lee", "--reason", "r")
    assert (status, "accepted, not in doubt" in told["error"]) == (1, True)
    status, told = filled("resend", EDITION, file.stem, "--by", "lee", "--reason", "r")
    assert (status, "only a delivery that failed" in told["error"]) == (1, True)
    assert filled("resend", EDITION, file.stem)[0] == 1
    assert "counts nothing" in filled("settle", EDITION, "--ask-provider")[1]["evidence"]["looks"]


def test_authoring_from_a_new_file_to_a_preview(
    filled: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_CAMPAIGNS", str(home / "campaigns"))
    assert filled("campaigns", "new", "spring-news", "--title", "Spring news")[0] == 0
    assert filled("campaigns", "new", "spring-news")[0] == 1
    assert [c["slug"] for c in filled("campaigns", "list")[1]["campaigns"]] == ["spring-news"]
    written = home / "campaigns" / "spring-news.md"
    assert filled("campaigns", "check", "spring-news")[1]["sound"] is False
    written.write_text(re.sub(r"\[\[.*?\]\]", "Words.", written.read_text()))
    assert filled("campaigns", "check", "spring-news")[1]["sound"] is True
    files = filled("campaigns", "preview", "spring-news")[1]["files"]
    assert len(files) == 4
    assert "Spring news" in Path(files[0]).read_text()
    status, told = filled("test-send", "spring-news", "--to", "me@example.org")
    assert (status, "hub.yaml names no colleagues" in told["error"]) == (1, True)
    (home / "campaigns" / "spring-news.md").write_text("---\nnonsense: 1\n---\n")
    assert filled("campaigns", "check")[0] == 1


def test_errors_are_words_and_a_status(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["send", "nothing@one"],
        ["prepare", "nothing"],
        ["import", "/nowhere.csv", "--kind", "contacts"],
        ["certificate", "x"],
        ["import", str(SAMPLES / "pledges.csv"), "--kind", "pledges", "--map", "nonsense"],
    ):
        status, told = run(*words)
        assert status == 1
        assert told["error"] or told["message"]
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])
    assert stopped.value.code == 2


def test_a_ledger_that_cannot_be_opened_is_words_and_a_status(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_DATABASE_URL", f"sqlite:///{home}")
    status, told = run("certificate", EDITION)
    assert status == 1
    assert "unable to open database file" in told["error"]
    assert "outreach doctor" in told["error"]


def test_a_file_that_is_no_ledger_is_words_and_a_status(run: Run, home: Path) -> None:
    (home / "home").mkdir()
    (home / "home" / "outreach.db").write_text("a text that somebody saved under this name")
    for words in (["notices"], ["progress", EDITION], ["stop-all", "--by", "a", "--reason", "b"]):
        status, told = run(*words)
        assert status == 1
        assert "file is not a database" in told["error"]


def test_a_place_where_no_file_can_be_written_is_words_and_a_status(
    filled: Run, home: Path
) -> None:
    filled("prepare", "what-is-wres", "--occurrence", "one", "--by", "amy")
    (home / "file").write_text("")
    status, told = filled("certificate", EDITION, "--out", str(home / "file" / "x.csv"))
    assert status == 1
    assert "could not be read or written" in told["error"]


_REFUSED = (
    (["cancel", EDITION], "--reason TEXT"),
    (["pause", EDITION], "--reason TEXT"),
    (["pause", "what-is-wres"], "--reason TEXT"),
    (["pause", "what-is-wres@ones", "--reason", "x"], "did you mean “what-is-wres@one”"),
    (["pause", "what-is-wress", "--reason", "x"], "did you mean “what-is-wres”"),
    (["resume", "what-is-wres"], "is not held"),
    (["stop-all", "--by", "amy"], "--reason"),
    (["stop-all", "--reason", "x"], "--by"),
    (["start-all", "--by", "amy"], "not stopped"),
    (["settle", EDITION, "--failed", "x", "--by", "amy", "--reason", "y"], "no delivery 'x'"),
    (["settle", EDITION, "--all-in-batch", "0", "--by", "amy", "--reason", "y"], "batch 0"),
    (["resend", EDITION, "x"], "--by and --reason"),
    (["resend", EDITION, "x", "--by", "amy", "--reason", "y"], "no delivery 'x'"),
    (["certificate", EDITION, "--out", "x.pdf"], ".html (to print)"),
    (["notices", "--seen", "0", "--by", "amy"], "no notice 0"),
    (["notices", "--seen", "1"], "--by"),
    (["person", "a@example.org", "--out", "x.html"], "--message"),
    (["person", "a@example.org", "--message", "no@edition"], "no edition 'no@edition'"),
    (["progress", "no@edition"], "no edition 'no@edition'"),
)
"""What somebody may well type, and what they are told."""


def test_what_makes_no_sense_is_refused_with_what_to_do(filled: Run) -> None:
    filled("prepare", "what-is-wres", "--occurrence", "one", "--by", "amy")
    for words, said in _REFUSED:
        status, told = filled(*words)
        assert (status, said in told["error"]) == (1, True), (words, told)


def test_doctor_is_content_with_the_defaults_and_names_what_production_lacks(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("doctor")[1]["ready"] is True
    monkeypatch.setenv("OUTREACH_ENV", "production")
    monkeypatch.setenv("OUTREACH_PROVIDER", "sendgrid")
    status, told = run("doctor")
    missing = {f["what"]: f["advice"] for f in told["findings"] if f["level"] == "missing"}
    assert status == 1
    assert "OUTREACH_SENDGRID_API_KEY" in missing["provider"]
    assert "OUTREACH_ADDRESS_KEY" in missing["keys"]
    assert "OUTREACH_PUBLIC_URL" in missing["public address"]


def test_drain_and_recover_work_without_anything_to_do(run: Run) -> None:
    assert run("events", "drain")[0] == 0
    assert run("recover")[1]["doubted"] == 0


def test_plain_prepare_prints_the_editions_id_alone(
    filled: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", "what-is-wres", "--occurrence", "plain"]) == 0
    assert capsys.readouterr().out == "what-is-wres@plain\n"


@pytest.mark.parametrize("command", [["outreach"], [sys.executable, "-m", "outreach"]])
def test_the_command_is_installed_under_both_names(command: list[str], home: Path) -> None:
    where = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [*command, "campaigns", "list"],
        capture_output=True,
        text=True,
        env=where,
        cwd=home,
        check=False,
    )
    assert (done.returncode, "what-is-wres" in done.stdout) == (0, True), done.stderr


def test_organisations_are_listed_matched_typed_and_counted(filled: Run, home: Path) -> None:
    status, found = filled("organisations", "list", "--search", "alder med", "--pledged")
    assert (status, [o["row"]["ods_code"] for o in found["organisations"]]) == (0, ["Z8301"])
    who = ("--by", "lee", "--reason", "rang them")
    assert filled("organisations", "type", "z8301", "corporate", *who)[0] == 0
    assert filled("organisations", "type", "z8301", "corporate")[0] == 1
    people = home / "people.csv"
    people.write_text("Email,Organisation\nnew@example.org,ALDER Med Surgery\n")
    assert filled("import", str(people), "--kind", "contacts")[0] == 0
    _, doubts = filled("organisations", "doubtful")
    (one,) = [doubt for doubt in doubts if doubt["name"] == "ALDER Med Surgery"]
    assert [c["row"]["ods_code"] for c in one["candidates"]] == ["Z8301"]
    settled = filled("organisations", "settle", str(one["id"]), "--as", "Z8301", *who)
    assert settled == (0, {"match": one["id"], "contacts": 1})
    assert filled("organisations", "match")[1]["tied"] == 0
    out = home / "coverage.csv"
    assert filled("organisations", "coverage", "--out", str(out))[0] == 0
    assert {line["grouped_by"] for line in rows(out)} >= {"Borough", "Primary Care Network"}


def test_objections_are_honoured_while_hub_yaml_is_broken(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(load_settings(), root=home / "checkout")
    (home / "checkout").mkdir()
    (home / "checkout" / "hub.yaml").write_text("name: [\n")
    (home / "checkout" / "templates").symlink_to(ROOT / "templates")
    monkeypatch.setattr("outreach.workspace.load_settings", lambda: broken)
    someone = ("someone@example.org", "--by", "amy", "--reason", "Objected by phone")
    assert run("suppress", *someone) == (0, {"suppressed": True, "added": True})
    status, found = run("person", "someone@example.org")
    assert (status, "never to be written to" in found["summary"]) == (0, True)
    assert run("events", "drain")[0] == 0
    assert run("person", "someone@example.org", "--erase")[0] == 0
    page = TestClient(create_public_app(open_to_halt(broken))).get("/unsubscribe/nobody")
    assert "Our team" in page.text


def test_a_rule_is_explained_counted_and_sampled_without_naming_anybody(filled: Run) -> None:
    status, found = filled("segments", "explain", "PLEDGED and sector is 'dentistry'", "--sample")
    assert (status, found["words"]) == (0, "has pledged; sector is Dentistry")
    assert found["rule"] == 'pledged and sector is "Dentistry"'
    assert found["selected"] == found["written_to"] + sum(found["why_not"].values()) > 0
    assert {one["sector"] for one in found["sample"]} == {"Dentistry"}
    assert "@" not in json.dumps(found)
    status, found = filled("segments", "explain", "what-is-wres")
    assert (status, found["purpose"], "sample" in found) == (0, "public_task", False)


def test_a_rule_with_a_fault_is_marked_at_its_column(
    filled: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = filled("segments", "explain", "pledged and sectr is 'x'")
    assert status == 1
    marked = "  pledged and sectr is 'x'\n              ^"
    assert found["error"].startswith("column 13: there is nothing called “sectr”")
    assert found["error"].endswith(marked)


def test_an_edition_is_followed_up_once_after_a_look(filled: Run, home: Path) -> None:
    filled("prepare", "what-is-wres", "--occurrence", "one", "--by", "amy")
    order = ("follow-up", EDITION, "--campaign", "pledge-thank-you", "--to", "accepted")
    status, found = filled(*order)
    assert (status, "not clear yet" in found["error"]) == (1, True)
    filled("approve", EDITION, "--by", "lee")
    sent = filled("send", EDITION)[1]
    status, look = filled(*order, "--dry-run")
    assert (status, look["followed"]) == (0, sent["accepted"])
    status, made = filled(*order, "--by", "amy")
    assert (status, made["edition_id"]) == (0, look["name"])
    assert (made["planned"], made["created"]) == (sent["accepted"], True)
    assert filled(*order)[1]["created"] is False
    account = filled("certificate", made["edition_id"])[1]
    assert account["facts"]["follows"] == f"everyone who was accepted in {EDITION}"


def test_the_calendar_says_what_is_due_as_words_json_and_csv(
    filled: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = filled("calendar", "--weeks", "2")
    (line, *_) = found["days"][0]["lines"]
    assert (status, line["campaign"], line["approval"]) == (0, "what-is-wres", "asks lee")
    assert line["people"] > 10
    assert main(["calendar", "--csv"]) == 0
    (first, *_) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert (first["campaign"], first["people"]) == ("what-is-wres", str(line["people"]))
    assert main(["calendar"]) == 0
    said = capsys.readouterr().out
    assert "Not by the clock: pledge-thank-you, When new pledges arrive" in said
    assert "Not by the clock: new-framework-resources, When new resources arrive" in said


def test_resources_are_listed_withdrawn_and_restored(run: Run) -> None:
    file = str(SAMPLES / "resources.csv")
    assert run("import", file, "--kind", "resources")[1]["created"] == 3
    status, found = run("resources", "list", "--sector", "Dentistry")
    assert (status, len(found["resources"])) == (0, 3)
    assert len(run("resources", "list", "--sector", "General Practice")[1]["resources"]) == 2
    number = str(found["resources"][0]["row"]["id"])
    assert run("resources", "withdraw", number)[0] == 1, "a reason is needed"
    who = ("--by", "amy", "--reason", "out of date")
    assert run("resources", "withdraw", number, *who) == (
        0,
        {"resource": int(number), "editions": []},
    )
    assert len(run("resources", "list")[1]["resources"]) == 2
    assert len(run("resources", "list", "--withdrawn")[1]["resources"]) == 1
    assert run("resources", "restore", number, *who)[0] == 0
    assert len(run("resources", "list")[1]["resources"]) == 3
