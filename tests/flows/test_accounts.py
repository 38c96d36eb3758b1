"""A message shown again is what left, byte for byte, whatever changed since."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.domain import Mailbox
from outreach.errors import NotFound, Refused, TokenError
from outreach.flows import editions, people
from outreach.flows.accounts import message_to, messages_of, sent_message
from outreach.flows.recovery import recover
from outreach.flows.viewing import view
from outreach.keys import Keys
from outreach.ledger.editions import batch, delivery
from outreach.workspace import Workspace
from tests.fakes.running import FakeSendGrid
from tests.ledger.seeds import add_contact, suppress

NAME = "news@one"
NAMES = ("Zoë & <b>", "<%asm_group_unsubscribe_raw_url%> [unsubscribe]", "O'Neill 中文", "*Bob*")

CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News for {{ contact.first_name or 'you' }}
preview: What is new.
trigger: manual
approval: person
owner: amy
---
Dear {{ contact.first_name or 'colleague' }},

{% if contact.borough == 'Camden' %}Come to Camden.{% else %}Stay in touch.{% endif %}
"""

Sent = Callable[..., Workspace]


@pytest.fixture
def sent(ws: Workspace, tmp_path: Path) -> Sent:
    """Prepare, approve and send an edition to people with awkward names."""

    def sending(**settings: object) -> Workspace:
        folder = tmp_path / "campaigns"
        folder.mkdir()
        (folder / "news.md").write_text(CAMPAIGN)
        with ws.engine.begin() as connection:
            for number, name in enumerate(NAMES):
                borough = "Camden" if number % 2 else "Barnet"
                address = f"person{number}@example.org"
                add_contact(connection, ws.keys, address, first_name=name, borough=borough)
            add_contact(connection, ws.keys, "no@example.org")
            suppress(connection, ws.keys, "no@example.org")
        known = replace(ws.settings, campaigns=(folder,), reply_to=Mailbox("to@example.org"))
        opened = replace(ws, settings=replace(known, **settings))
        editions.prepare(opened, "news", "one", by="amy", via="test")
        editions.approve(opened, NAME, by="lee", via="airflow")
        editions.send(opened, NAME)
        return opened

    return sending


def changed_since(ws: Workspace) -> Workspace:
    """The deployment after a year: new key in front, moved, its campaign gone, a new hub."""
    shutil.rmtree(ws.settings.campaigns[0])
    settings = replace(
        ws.settings, public_url="https://moved.example.org", sender=Mailbox("new@example.org")
    )
    keys = Keys(ws.keys.address, {"k2": b"x" * 32, **ws.keys.tokens})
    hub = replace(ws.hub, name="Another hub", identity="Elsewhere")
    return Workspace(settings, keys, hub, ws.engine)


def files(ws: Workspace) -> dict[str, bytes]:
    return {one.stem: one.read_bytes() for one in ws.settings.home.glob("outbox/**/*.eml")}


def test_the_file_that_the_outbox_wrote_is_made_again_byte_for_byte(sent: Sent) -> None:
    ws = sent()
    wrote = files(ws)
    assert len(wrote) == len(NAMES)
    for later in (ws, changed_since(ws)):
        for delivery_id, raw in wrote.items():
            found = sent_message(later, NAME, delivery_id)
            assert (found.raw, found.exact, found.why_not) == (raw, True, "")
            assert f"\r\nSubject: {found.subject}".encode() in raw or not found.subject.isascii()


def test_what_sendgrid_composed_is_made_again_byte_for_byte(
    sent: Sent, sendgrid_server: FakeSendGrid
) -> None:
    ws = sent(
        provider="sendgrid",
        sendgrid_api_key=sendgrid_server.api_key,
        sendgrid_base_url=sendgrid_server.address,
    )
    took = sendgrid_server.accepted()
    assert len(took) == len(NAMES)
    for later in (ws, changed_since(ws)):
        for one in took:
            found = sent_message(later, NAME, one["delivery"])
            assert (found.subject, found.text) == (one["subject"], one["text"])
            assert found.html == one["html"]
            headers = dict(found.headers)
            assert {name: headers[name] for name in one["headers"]} == one["headers"]
            assert headers["To"] == one["to"][0]
            assert headers["From"] == f"{one['from']['name']} <{one['from']['email']}>"
            assert headers["Reply-To"] == one["reply_to"]["email"]
            assert (found.message_id, found.exact) == (one["message_id"], True)


def test_links_whose_key_was_withdrawn_are_shown_as_such(sent: Sent) -> None:
    ws = sent()
    keys = Keys(ws.keys.address, {"k2": b"x" * 32})
    [one, *_] = files(ws)
    found = sent_message(replace(ws, keys=keys), NAME, one)
    assert not found.exact
    assert f"the key {ws.keys.signing_kid} that signed its links" in found.why_not
    assert "/unsubscribe/withdrawn" in found.text
    assert "/unsubscribe/k2." not in found.text


def test_one_sent_before_the_links_were_kept_says_what_is_not_exact(sent: Sent) -> None:
    ws = sent()
    with ws.engine.begin() as connection:
        connection.execute(sa.update(batch).values(link_base=""))
    [one, *_] = files(ws)
    found = sent_message(ws, NAME, one)
    assert not found.exact
    assert "OUTREACH_PUBLIC_URL" in found.why_not


def test_a_message_is_found_by_address_and_says_where_none_was_sent(sent: Sent) -> None:
    ws = sent()
    [one] = messages_of(ws, " Person1@Example.org ")
    assert (one.edition, one.state) == (NAME, "accepted")
    assert message_to(ws, NAME, "person1@example.org").delivery_id == one.delivery_id
    with pytest.raises(Refused, match=r"nothing was handed over.*suppressed: unsubscribed"):
        message_to(ws, NAME, "no@example.org")
    with pytest.raises(NotFound, match="no delivery of"):
        message_to(ws, NAME, "stranger@example.org")
    with pytest.raises(NotFound, match="has no delivery"):
        sent_message(ws, NAME, ws.keys.delivery_id(1, 999))
    with pytest.raises(TokenError):
        sent_message(ws, NAME, "a" * 26)
    people.erase_person(ws, "person1@example.org", by="amy", via="t")
    with pytest.raises(NotFound, match="erased"):
        sent_message(ws, NAME, one.delivery_id)


def test_the_last_of_several_claims_counts(sent: Sent, sendgrid_server: FakeSendGrid) -> None:
    sendgrid_server.fail(
        {"kind": "429", "seconds": 1}, {"kind": "bad row", "email": "person1@example.org"}
    )
    ws = sent(
        provider="sendgrid",
        sendgrid_api_key=sendgrid_server.api_key,
        sendgrid_base_url=sendgrid_server.address,
    )
    for one in sendgrid_server.accepted():
        found = sent_message(ws, NAME, one["delivery"])
        assert (found.text, found.html) == (one["text"], one["html"])
    assert message_to(ws, NAME, "person1@example.org").note.startswith("the provider refused it")


def test_what_only_the_journal_knew_is_said_to_be_so(sent: Sent) -> None:
    ws = sent()
    ids = list(files(ws))
    with ws.engine.begin() as connection:
        connection.execute(sa.update(batch).values(state="planned", epoch=0, claimed_at=None))
    recover(ws, by="amy", via="t")
    found = sent_message(ws, NAME, ids[0])
    assert not found.exact
    assert "claim journal" in found.why_not
    assert found.claimed_at is None
    with ws.engine.begin() as connection:
        connection.execute(sa.update(delivery).values(batch_id=None))
    with pytest.raises(NotFound, match="what stood in it is not kept"):
        sent_message(ws, NAME, ids[0])


def test_the_message_in_a_browser_is_the_same_and_its_links_work_after_a_move(sent: Sent) -> None:
    ws = sent()
    [one, *_] = files(ws)
    found = sent_message(ws, NAME, one)
    token = found.html.partition("/view/")[2].partition('"')[0]
    assert view(ws, token) == found.html
    later = changed_since(ws)
    there = found.html.replace(ws.settings.public_url, "https://moved.example.org")
    assert view(later, token) == there
