"""Who may get a test, how many, and with whose details."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from outreach.errors import InputError, Refused
from outreach.flows import control, editions
from outreach.flows.side_messages import send_test, testing
from outreach.workspace import Workspace
from tests.flows.approving import NAME, SLUG, deployed, edit, letters
from tests.ledger.seeds import suppress

WHO = {"by": "amy", "via": "test"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """These rules stand before any query."""
    return sqlite_url


@pytest.fixture
def once(ws: Workspace, tmp_path: Path) -> Workspace:
    return deployed(ws, tmp_path / "campaigns")


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (["person1@example.org"], "that address is not among the colleagues"),
        (["leee"], "did you mean “lee”"),
        ([], "choose who gets"),
    ],
    ids=["a reader", "misspelt", "nobody"],
)
def test_only_colleagues_of_hub_yaml_get_a_test(once: Workspace, to: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why) as told:
        send_test(once, SLUG, to=to, **WHO)
    assert "person1@" not in str(told.value)
    with pytest.raises(InputError, match="names no colleagues"):
        send_test(replace(once, hub=replace(once.hub, colleagues={})), SLUG, to=["lee"], **WHO)
    assert not [*letters(once)]


def test_a_suppressed_colleague_gets_none_and_it_says_why(once: Workspace) -> None:
    with once.engine.begin() as connection:
        suppress(connection, once.keys, "jo@example.org")
    report = send_test(once, SLUG, to=["jo", "lee"], variant=1, **WHO)
    assert report.sent == 1
    assert "address of jo is suppressed" in report.words


def test_tests_are_few_and_stand_still_while_all_sending_is_stopped(
    once: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "AT_ONCE", 1)
    with pytest.raises(Refused, match="1 at once is the most"):
        send_test(once, SLUG, to=["jo", "lee"], **WHO)
    monkeypatch.setattr(testing, "AN_HOUR", 1)
    send_test(once, SLUG, to=["jo"], variant=1, **WHO)
    with pytest.raises(Refused, match="in the last hour"):
        send_test(once, SLUG, to=["jo"], variant=1, **WHO)
    control.stop_all(once, **WHO, reason="wrong key")
    with pytest.raises(Refused, match="stopped by amy"):
        send_test(once, SLUG, to=["jo"], variant=1, **WHO)


def test_of_more_variants_than_go_at_once_the_others_are_said_to_be_left_out(
    once: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them = send_test(once, SLUG, to=["jo"], **WHO)
    assert (all_of_them.sent, all_of_them.left_out) == (2, 0)
    monkeypatch.setattr(testing, "AT_ONCE", 3)
    report = send_test(once, SLUG, to=["jo", "lee"], **WHO)
    assert (report.sent, report.left_out) == (2, 1)
    assert "1 further variants were left out" in report.words


def test_the_allow_list_holds_for_tests_too(once: Workspace) -> None:
    settings = replace(
        once.settings,
        provider="sendgrid",
        sendgrid_api_key="key",
        sendgrid_base_url="http://127.0.0.1:9",
        allowed_recipients=("*@elsewhere.example",),
    )
    report = send_test(replace(once, settings=settings), SLUG, to=["lee"], variant=1, **WHO)
    assert "outside the allow-list" in report.words


def test_an_edited_file_shows_places_instead_of_somebodys_values(once: Workspace) -> None:
    editions.prepare(once, SLUG, "one", by="amy", via="test")
    edit(once, "Stay in touch.", "Keep in touch.")
    assert send_test(once, NAME, to=["lee"], variant=1, **WHO).sent == 1
    (letter,) = letters(once)
    assert "[value 2]" in str(letter["Subject"])
    assert "Amina" not in letter.as_string()
