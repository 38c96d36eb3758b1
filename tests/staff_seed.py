"""A small ledger for the staff pages: made-up people, one edition in every kind of state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.keys import Keys
from outreach.ledger import editions as t
from outreach.ledger import people as p
from outreach.ledger import resources as r
from outreach.ledger.organisation_names import name_key

WRES = "what-is-wres@2026-11-17"
WAITING = "winter-news@2026-11-23"
SENT_AT = datetime(2026, 11, 17, 10, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
LONG = "=cmd \u202e" + "x" * 10_000

CONTENT = {
    "subject": {"literals": ["About WRES, ", ""], "slots": [2]},
    "text": {"literals": ["Dear ", ". Stop: ", ""], "slots": [2, 0]},
    "html": {"literals": ["<p>Dear ", "</p>"], "slots": [2]},
}

_SECTORS = ("General Practice", "Community Pharmacy", "Dentistry", "")


def seed(engine: sa.Engine, keys: Keys) -> None:
    """Fill an empty ledger with twelve contacts, two editions and two imports."""
    with engine.begin() as c:
        for number in range(1, 13):
            _contact(c, keys, number)
        _wres(c, keys)
        _waiting(c)
        _events(c)
        _imports(c)
        _said(c)
        _notices(c)
        _organisations(c)
        _resources(c)
        if engine.dialect.name == "postgresql":
            for table in t.metadata.sorted_tables:
                if "id" in table.c:
                    counter = sa.func.pg_get_serial_sequence(table.name, "id")
                    c.execute(sa.select(sa.func.setval(counter, 1000)))


def insert(connection: sa.Connection, table: sa.Table, **values: Any) -> int:
    """Insert one row; returns its key."""
    key = connection.execute(sa.insert(table).values(**values)).inserted_primary_key
    return int(key[0]) if key else 0


def _contact(c: sa.Connection, keys: Keys, number: int) -> None:
    email = f"person{number}@example.org"
    insert(
        c,
        p.contact,
        id=number,
        email=email,
        address_hash=keys.address_hash(email),
        domain_hash=keys.domain_hash(email),
        first_name=HOSTILE if number == 1 else "Amina",
        last_name=LONG if number == 1 else "",
        organisation_name="The Example Practice" if number < 4 else "",
        sector=_SECTORS[number % 4],
        ics_area="North Central London" if number % 2 else "",
        created_at=SENT_AT,
        updated_at=SENT_AT,
    )
    if number <= 9:
        insert(c, p.basis, contact_id=number, kind="public_task", recorded_at=SENT_AT)
    if number == 9:
        insert(
            c,
            p.suppression,
            address_hash=keys.address_hash(email),
            reason="unsubscribed",
            created_at=SENT_AT,
        )
    if number <= 3:
        insert(
            c,
            p.pledge,
            contact_id=number,
            address_hash=keys.address_hash(email),
            pledged_at=SENT_AT,
            recorded_at=SENT_AT,
        )


def _organisations(c: sa.Connection) -> None:
    """Three in two networks, the first with contacts 1 to 3, who pledged; one closed; one doubt."""
    for number, name, borough, pcn in (
        (1, f"Alder Medical Practice {HOSTILE}", "Barnet", "U10001"),
        (2, "Birchwood Surgery", "Camden", "U10001"),
        (3, "Cedar Surgery", "Camden", "U10002"),
        (4, "Dogwood Surgery", "Camden", ""),
    ):
        insert(
            c,
            p.organisation,
            id=number,
            ods_code=f"F8300{number}",
            name=name,
            name_key=name_key(name),
            sector="General Practice",
            ics_area="North Central London",
            borough=borough,
            postcode=f"N{number} 1AA",
            pcn_code=pcn,
            pcn_name=f"Network {pcn[-1]}" if pcn else "",
            closed_at=SENT_AT if number == 4 else None,
            updated_at=SENT_AT,
        )
    here = p.contact.c.id.in_((1, 2, 3))
    c.execute(sa.update(p.contact).where(here).values(organisation_id=1, organisation_how="code"))
    insert(
        c,
        p.organisation_match,
        id=1,
        name=f"Birchwood {HOSTILE}",
        name_key=name_key(f"Birchwood {HOSTILE}"),
        state="doubtful",
        candidates=[[2, 96]],
        people=1,
        judged_at=SENT_AT,
    )
    who = sa.update(p.contact).where(p.contact.c.id == 4)
    c.execute(who.values(organisation_name=f"Birchwood {HOSTILE}"))


def _said(c: sa.Connection) -> None:
    """What two sources said of the first person, one of them hostile; and a choice of theirs."""
    for source, at, said in (
        ("Pledge form", SENT_AT, {"first_name": HOSTILE, "job_role": LONG}),
        ("Staff list", SENT_AT - timedelta(days=9), {"first_name": "Amina", "job_role": "GP"}),
    ):
        insert(
            c,
            p.statement,
            contact_id=1,
            source=source,
            import_id=2,
            stated_at=at,
            said=json.dumps(said),
        )
    insert(c, p.tracking_choice, contact_id=1, given=True, evidence=HOSTILE, at=SENT_AT)


def edition(c: sa.Connection, number: int, slug: str, occurrence: str, **values: Any) -> None:
    """Insert a campaign (number = its id) and one edition of it."""
    insert(c, t.campaign, id=number, slug=slug)
    row: dict[str, Any] = {
        "purpose": "public_task",
        "provider": "outbox",
        "sender": {"address": "hub@example.org", "name": "NCL Training Hub"},
        "owner": "amy",
        "created_by": "amy",
        "created_at": SENT_AT - timedelta(hours=2),
    }
    insert(
        c,
        t.edition,
        id=number,
        campaign_id=number,
        occurrence=occurrence,
        name=f"{slug}@{occurrence}",
        **{**row, **values},
    )


def _resources(c: sa.Connection) -> None:
    """Two: a hostile one that everybody of the first variant was brought, and a withdrawn one."""
    common = {"recorded_at": SENT_AT, "published_at": SENT_AT, "source": "news list"}
    url = "https://example.org/"
    for number, title, more in (
        (1, f"Toolkit {HOSTILE}", {"summary": LONG, "sectors": ["Dentistry"], "kind": "guide"}),
        (2, "Old guide", {"withdrawn_at": SENT_AT, "withdrawn_by": "amy"}),
    ):
        about = {"resource_key": str(number), "title": title, "url": f"{url}{number}", **more}
        insert(c, r.resource, id=number, **about, **common)
    c.execute(sa.insert(r.variant_resource).values(variant_id=1, resource_id=1, place=1))


def _wres(c: sa.Connection, keys: Keys) -> None:
    edition(
        c,
        1,
        "what-is-wres",
        "2026-11-17",
        title="What WRES is",
        state="sending",
        segment="everyone",
        intended=10,
        excluded=2,
        content_hash="c" * 32,
        audience_hash="a" * 32,
        approval_hash="cccccccccccccccc-aaaaaaaaaaaaaaaa",
        approved_by="lee",
        approved_via="airflow",
        approved_at=SENT_AT - timedelta(hours=1),
        started_at=SENT_AT,
    )
    for number in (1, 2):
        insert(
            c,
            t.variant,
            id=number,
            edition_id=1,
            number=number,
            label=f"variant {number}",
            content=CONTENT,
            size=(6, 4)[number - 1],
        )
    for number, state in enumerate(("accepted", "unknown", "planned"), start=1):
        insert(
            c,
            t.batch,
            id=number,
            edition_id=1,
            variant_id=1 if number == 1 else 2,
            number=number,
            size=(5, 2, 2)[number - 1],
            state=state,
            reason="the reply was lost" if state == "unknown" else "",
            message_id="msg-1" if state == "accepted" else "",
            recorded_at=None if state == "planned" else SENT_AT,
            claimed_at=None if state == "planned" else SENT_AT,
        )
    own: Mapping[int, dict[str, Any]] = {
        1: {"state": "delivered", "delivered_at": SENT_AT, "opened_at": SENT_AT},
        2: {
            "state": "delivered",
            "delivered_at": SENT_AT + timedelta(hours=14, minutes=30),
            "machine_opened_at": SENT_AT + timedelta(hours=15),
        },
        3: {"state": "bounced", "reason": "mailbox full", "bounced_at": SENT_AT},
        5: {"state": "failed", "reason": '=HYPERLINK("http://x")'},
        10: {"state": "suppressed", "reason": "no basis"},
    }
    batches = {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 2, 7: 2, 8: 3, 9: 3, 10: None}
    for number, batch_id in batches.items():
        email = f"person{number}@example.org"
        insert(
            c,
            t.delivery,
            edition_id=1,
            contact_id=number,
            campaign_id=1,
            address_hash=keys.address_hash(email),
            occasion=WRES,
            email=email,
            slot_values=["", "", HOSTILE if number == 1 else "Amina"],
            batch_id=batch_id,
            **own.get(number, {}),
        )
    for number in (11, 12):
        insert(c, t.exclusion, edition_id=1, contact_id=number, reason="outside the audience")
    insert(
        c, t.audit, at=SENT_AT, who="lee", via="airflow", action="approve", subject=WRES, detail=""
    )


def _waiting(c: sa.Connection) -> None:
    edition(
        c,
        2,
        "winter-news",
        "2026-11-23",
        title=f"Sign the pledge {HOSTILE}",
        checked_at=SENT_AT,
        faults=[
            {
                "message": "the subject has 80 characters",
                "file": "winter-news.md",
                "line": 4,
                "blocking": False,
                "check": "subject-length",
                "variants": [1],
            },
        ],
    )


def _notices(c: sa.Connection) -> None:
    for number, (edition_id, text) in enumerate(
        ((1, f"{WRES} paused itself: {HOSTILE} was refused"), (None, "it comes near its limit")), 1
    ):
        insert(
            c,
            t.notice,
            id=number,
            at=SENT_AT,
            kind="refused",
            once=str(number),
            text=text,
            owner="amy",
            campaign_id=1,
            edition_id=edition_id,
        )


def _events(c: sa.Connection) -> None:
    for number, kind in enumerate(("delivered", "opened"), start=1):
        insert(
            c,
            t.event,
            edition_id=1,
            contact_id=1,
            type=kind,
            occurred_at=SENT_AT,
            fact_key=bytes([number] * 16),
            simulated=kind == "opened",
            recorded_at=SENT_AT,
        )
    insert(
        c, t.event, type="delivered", occurred_at=SENT_AT, fact_key=b"?" * 16, recorded_at=SENT_AT
    )


def _imports(c: sa.Connection) -> None:
    for number, bad in ((1, 0), (2, 2)):
        insert(
            c,
            p.import_,
            id=number,
            source="Pledge form",
            kind="pledges",
            file_name="pledges.csv",
            state="done",
            started_at=SENT_AT,
            finished_at=SENT_AT,
            rows_read=5,
            accepted=5 - bad,
            quarantined=bad,
        )
    for row in (3, 5):
        insert(
            c,
            p.quarantined_row,
            import_id=2,
            row_number=row,
            column_name="email",
            reason="not an address",
            advice="Ask the person for their address.",
            row={"Email": f"nobody{row}", "Name": HOSTILE},
        )
