"""A campaign of amy's that lee approves, colleagues with addresses, and people to write to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from outreach.flows import editions
from outreach.workspace import Workspace
from tests.ledger.seeds import add_contact

SLUG, NAME, TWO = "news", "news@one", "news@two"
LEE = {"by": "lee", "via": "test"}

CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News for {{ contact.first_name or 'you' }}
preview: What is new.
owner: amy
segment:
  sectors: [Dentistry]
---
Dear {{ contact.first_name or 'colleague' }},

{% if contact.ics_area == 'North Central London' %}Come to us.{% else %}Stay in touch.{% endif %}
"""

COLLEAGUES = {who: f"{who}@example.org" for who in ("amy", "lee", "jo", "kim")}


def deployed(ws: Workspace, folder: Path, people: int = 4, **hub: Any) -> Workspace:
    """Return a deployment with the campaign in `folder`, and so many dentists."""
    folder.mkdir(exist_ok=True)
    (folder / f"{SLUG}.md").write_text(CAMPAIGN)
    add_dentists(ws, range(people))
    found = replace(ws.hub, **{"colleagues": COLLEAGUES, **hub})
    return replace(ws, settings=replace(ws.settings, campaigns=(folder,)), hub=found)


def prepared(ws: Workspace, occurrence: str, by: str = "amy") -> str:
    """Prepare an edition of the campaign; return its name."""
    return editions.prepare(ws, SLUG, occurrence, by=by, via="test").edition


def stops(ws: Workspace, edition: str) -> list[str]:
    """Return what stops an edition."""
    return [one.message for one in editions.blocking(editions.check(ws, edition))]


def answer(by: str | None, option: str = "Approve") -> dict[str, Any]:
    """Return an answer as Airflow hands it over."""
    user = {"id": by, "name": by} if by else None
    return {"chosen_options": [option], "params_input": {}, "responded_by_user": user}


def add_dentists(ws: Workspace, numbers: range) -> None:
    """Add people whom the campaign writes to."""
    with ws.engine.begin() as connection:
        for number in numbers:
            add_contact(
                connection,
                ws.keys,
                f"person{number}@example.org",
                first_name="Amina",
                sector="Dentistry",
                ics_area="North Central London" if number % 2 else "South East London",
                borough="Camden" if number % 2 else "",
            )


def edit(ws: Workspace, old: str, new: str) -> None:
    """Edit the campaign's file."""
    file = ws.settings.campaigns[0] / f"{SLUG}.md"
    file.write_text(file.read_text().replace(old, new))


def sent(ws: Workspace, occurrence: str = "one") -> None:
    """Prepare, approve and send an edition."""
    editions.prepare(ws, SLUG, occurrence, by="amy", via="test")
    editions.approve(ws, f"{SLUG}@{occurrence}", by="lee", via="airflow")
    editions.send(ws, f"{SLUG}@{occurrence}")
    editions.settle(ws, f"{SLUG}@{occurrence}")


def letters(ws: Workspace) -> Iterator[EmailMessage]:
    """Yield what went to colleagues, in the order of its names."""
    for file in sorted(ws.settings.home.glob("outbox/outreach-aside@*/*.eml")):
        yield BytesParser(policy=policy.default).parsebytes(file.read_bytes())  # type: ignore[arg-type]
