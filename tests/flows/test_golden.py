"""A year later, under new code: messages frozen in an old format are still the same bytes.

The files in tests/golden/ were written once and are never written again. Where one of these
fails, the program has forgotten how to show what it sent: mend the program.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.flows.accounts import SentMessage, sent_message
from outreach.ledger.editions import batch, campaign, delivery, edition, variant
from outreach.ledger.people import contact
from outreach.rendering.frozen import READERS
from outreach.settings import load_settings
from outreach.workspace import Workspace, open_workspace

GOLDEN = Path(__file__).parents[1] / "golden"
FORMATS = sorted(GOLDEN.glob("format-*.json"))


def number_of(file: Path) -> int:
    return int(file.stem.partition("-")[2])


def deployment(tmp_path: Path, kept: dict[str, object]) -> Workspace:
    return open_workspace(
        load_settings(
            {
                "OUTREACH_HOME": str(tmp_path),
                "OUTREACH_TOKEN_KEYS": f"new:{'n' * 20},{kept['token_keys']}",
                "OUTREACH_ADDRESS_KEY": str(kept["address_key"]),
                "OUTREACH_PUBLIC_URL": "https://elsewhere.example.org",
            }
        )
    )


def shown(tmp_path: Path, kept: dict[str, object], provider: str) -> SentMessage:
    """Put the stored edition into an empty ledger, and show its one message."""
    ws = deployment(tmp_path, kept)
    at = datetime.fromisoformat(str(kept["claimed_at"]))
    rows = dict(kept["rows"])
    address_hash = ws.keys.address_hash(rows["delivery"]["email"])
    person = {"address_hash": address_hash, "domain_hash": b"", "created_at": at, "updated_at": at}
    with ws.engine.begin() as connection:
        connection.execute(sa.insert(contact).values(id=7, **person))
        connection.execute(sa.insert(campaign).values(id=3, slug="news"))
        made = {"id": 5, "campaign_id": 3, "provider": provider, "created_at": at}
        connection.execute(sa.insert(edition).values(**made, **rows["edition"]))
        connection.execute(sa.insert(variant).values(id=9, edition_id=5, **rows["variant"]))
        claimed = {"id": 11, "edition_id": 5, "variant_id": 9, "claimed_at": at}
        connection.execute(sa.insert(batch).values(**claimed, **rows["batch"]))
        connection.execute(
            sa.insert(delivery).values(
                edition_id=5,
                contact_id=7,
                campaign_id=3,
                batch_id=11,
                address_hash=address_hash,
                **rows["delivery"],
            )
        )
    found = sent_message(ws, "news@2026-11-24", ws.keys.delivery_id(5, 7))
    ws.engine.dispose()
    return found


def test_every_format_that_can_be_read_has_a_golden_file() -> None:
    assert [number_of(file) for file in FORMATS] == sorted(READERS)


@pytest.mark.parametrize("file", FORMATS, ids=lambda file: file.stem)
def test_an_outbox_message_is_still_what_it_was(file: Path, tmp_path: Path) -> None:
    found = shown(tmp_path, json.loads(file.read_text()), "outbox")
    assert found.exact
    assert found.raw == (GOLDEN / f"outbox-{number_of(file)}.eml").read_bytes()


@pytest.mark.parametrize("file", FORMATS, ids=lambda file: file.stem)
def test_a_sendgrid_message_is_still_what_it_was(file: Path, tmp_path: Path) -> None:
    found = shown(tmp_path, json.loads(file.read_text()), "sendgrid")
    kept = json.loads((GOLDEN / f"sendgrid-{number_of(file)}.json").read_text())
    assert found.exact
    assert {
        "subject": found.subject,
        "text": found.text,
        "html": found.html,
        "headers": [list(pair) for pair in found.headers],
    } == kept
