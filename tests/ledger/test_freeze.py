"""Audiences and freezing: who is in, who is out and why, and that nothing repeats."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.domain import Purpose
from outreach.keys import Keys
from outreach.ledger.audience import Rule
from outreach.ledger.certificate import certificate
from outreach.ledger.editions import delivery, exclusion
from outreach.ledger.people import contact, organisation, pledge
from outreach.segments import Segment
from tests.ledger.seeds import (
    EVERYONE,
    NOW,
    add_contact,
    add_people,
    add_pledge,
    candidates,
    make_edition,
    suppress,
)


def why_not(engine: sa.Engine, rule: Rule = EVERYONE) -> dict[str, str]:
    return {one.address: one.why_not for one in candidates(engine, rule)}


def exclusions(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as c:
        rows = c.execute(sa.select(contact.c.email, exclusion.c.reason).join(contact)).all()
    return dict(rows)


def test_each_rule_of_a_segment_selects_and_names_whom_it_leaves_out(
    engine: sa.Engine, keys: Keys
) -> None:
    with engine.begin() as c:
        fields = {
            "sector": "Dentistry",
            "ics_area": "North Central London",
            "borough": "Camden",
            "job_role": "Dental nurse",
        }
        add_contact(c, keys, "in@example.org", **fields)
        add_contact(c, keys, "sector@example.org", **{**fields, "sector": "Optometry"})
        add_contact(c, keys, "area@example.org", **{**fields, "ics_area": "South East London"})
        add_contact(c, keys, "borough@example.org", **{**fields, "borough": "Barnet"})
        add_contact(c, keys, "role@example.org", **{**fields, "job_role": "Dentist"})
        pledged = add_contact(c, keys, "pledged@example.org", **fields)
        add_pledge(c, keys, pledged, "pledged@example.org", 3)
    rule = replace(
        EVERYONE,
        segment=Segment.of(
            sectors=("Dentistry",),
            ics_areas=("North Central London",),
            boroughs=("Camden",),
            job_roles=("dental nurse",),
            pledged=False,
        ),
    )
    made = make_edition(engine, rule=rule)
    assert made
    assert list(why_not(engine, rule)) == ["in@example.org"]
    assert exclusions(engine) == {
        "sector@example.org": "outside the audience: sector",
        "area@example.org": "outside the audience: area",
        "borough@example.org": "outside the audience: borough",
        "role@example.org": "outside the audience: role",
        "pledged@example.org": "outside the audience: has pledged",
    }
    with engine.connect() as c:
        account = certificate(c, "news@one")
    assert (account.intended, account.excluded, account.balanced) == (1, 5, True)


def test_each_ground_not_to_write_is_named(engine: sa.Engine, keys: Keys) -> None:
    with engine.begin() as c:
        add_contact(c, keys, "fine@example.org")
        add_contact(c, keys, "none@example.org", bases=())
        add_contact(c, keys, "left@example.org", left_at=NOW)
        add_contact(c, keys, "objected@example.org")
        suppress(c, keys, "objected@example.org", "objected")
        add_contact(c, keys, "scope@example.org")
        suppress(c, keys, "scope@example.org", scope="direct_marketing")
        add_contact(c, keys, "lifted@example.org")
        suppress(c, keys, "lifted@example.org", lifted_at=NOW)
        add_contact(c, keys, "any@closed.example.org")
        from outreach.ledger.people import suppression

        c.execute(
            sa.insert(suppression).values(
                domain_hash=keys.domain_hash("closed.example.org"), reason="manual", created_at=NOW
            )
        )
    assert why_not(engine) == {
        "fine@example.org": "",
        "none@example.org": "no basis",
        "left@example.org": "left",
        "objected@example.org": "objected",
        "scope@example.org": "",
        "lifted@example.org": "",
        "any@closed.example.org": "domain suppressed",
    }


def test_direct_marketing_needs_consent_or_a_corporate_subscriber(
    engine: sa.Engine, keys: Keys
) -> None:
    with engine.begin() as c:
        ids = {
            kind: c.execute(
                sa.insert(organisation)
                .values(ods_code=kind, subscriber_type=kind, updated_at=NOW)
                .returning(organisation.c.id)
            ).scalar_one()
            for kind in ("corporate", "individual", "unknown")
        }
        for kind, made in ids.items():
            add_contact(c, keys, f"task-{kind}@example.org", organisation_id=made)
            add_contact(
                c, keys, f"consent-{kind}@example.org", bases=["consent"], organisation_id=made
            )
    found = why_not(engine, replace(EVERYONE, purpose=Purpose.DIRECT_MARKETING))
    assert {a for a, why in found.items() if why} == {
        "task-individual@example.org",
        "task-unknown@example.org",
    }
    assert found["task-unknown@example.org"] == "no basis for this purpose"
    assert not any(why_not(engine).values())


def test_whoever_may_not_be_written_to_is_kept_as_suppressed(engine: sa.Engine, keys: Keys) -> None:
    add_people(engine, keys, 4)
    with engine.begin() as c:
        suppress(c, keys, "person0@example.org", "hard bounce")
    make_edition(engine)
    with engine.connect() as c:
        account = certificate(c, "news@one")
    assert (account.intended, account.planned, account.suppressed) == (4, 3, 1)
    assert account.reasons["suppressed"] == {"hard bounce": 1}
    assert account.balanced


def test_the_same_occurrence_again_is_nothing(engine: sa.Engine, keys: Keys) -> None:
    add_people(engine, keys, 2)
    assert make_edition(engine) is not None
    assert make_edition(engine) is None


PLEDGED = Rule("thanks", Purpose.PUBLIC_TASK, Segment.of(pledged_within_days=14), per_pledge=True)


def test_a_pledge_is_thanked_once_whatever_the_edition(engine: sa.Engine, keys: Keys) -> None:
    with engine.begin() as c:
        for name, days in (("new", 1), ("old", 30)):
            made = add_contact(c, keys, f"{name}@example.org")
            add_pledge(c, keys, made, f"{name}@example.org", days)
        add_contact(c, keys, "none@example.org")
    make_edition(engine, rule=PLEDGED)
    assert exclusions(engine) == {
        "old@example.org": "outside the audience: has not pledged in the last 14 days"
    }
    make_edition(engine, rule=PLEDGED, occurrence="two")
    with engine.connect() as c:
        assert certificate(c, "thanks@one").intended == 1
        assert certificate(c, "thanks@two").intended == 0
        assert (
            "had this already for the same pledge"
            in certificate(c, "thanks@two").excluded_by_reason
        )


def test_a_second_pledge_is_thanked_again_and_a_withdrawn_one_is_not(
    engine: sa.Engine, keys: Keys
) -> None:
    with engine.begin() as c:
        made = add_contact(c, keys, "amy@example.org")
        add_pledge(c, keys, made, "amy@example.org", 10)
    make_edition(engine, rule=PLEDGED)
    with engine.begin() as c:
        add_pledge(c, keys, made, "amy@example.org", 2)
    assert len(candidates(engine, PLEDGED, "thanks@two")) == 1
    with engine.begin() as c:
        c.execute(sa.update(pledge).values(withdrawn_at=NOW))
    assert candidates(engine, PLEDGED, "thanks@two") == []


def test_the_ledger_itself_refuses_a_second_delivery_for_an_occasion(
    engine: sa.Engine, keys: Keys
) -> None:
    with engine.begin() as c:
        made = add_contact(c, keys, "amy@example.org")
        add_pledge(c, keys, made, "amy@example.org", 1)
        other = add_contact(c, keys, "bob@example.org")
    make_edition(engine, rule=PLEDGED)
    with engine.connect() as c:
        row = c.execute(sa.select(delivery)).one()._mapping
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as c:
        c.execute(sa.insert(delivery).values(**{**row, "contact_id": other}))


def test_batches_hold_one_variant_each_and_everyone_once(engine: sa.Engine, keys: Keys) -> None:
    from outreach.ledger.editions import batch

    add_people(engine, keys, 11)
    made = make_edition(engine, variants=2, batch_size=4)
    with engine.connect() as c:
        sizes = c.execute(
            sa.select(batch.c.variant_id, batch.c.size).order_by(batch.c.number)
        ).all()
        held = c.execute(
            sa.select(delivery.c.batch_id, sa.func.count())
            .where(delivery.c.edition_id == made)
            .group_by(delivery.c.batch_id)
        ).all()
    assert [row.size for row in sizes] == [4, 2, 4, 1]
    assert sorted(count for _, count in held) == [1, 2, 4, 4]
