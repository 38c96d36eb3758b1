"""Who gets which arm: by its share, the same again, and not by who they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach.campaigns import Arm
from outreach.domain import Reader
from outreach.flows import editions, following
from outreach.flows.arms import NOBODY, in_arms
from outreach.keys import Keys
from outreach.ledger.audience import Candidate
from outreach.ledger.editions import batch, delivery, edition, variant
from outreach.reports.editions import edition as report
from outreach.workspace import Workspace
from tests.ledger.seeds import add_contact

HALVES = (Arm("a", 50), Arm("b", 50))
UNEVEN = (Arm("a", 1), Arm("b", 2), Arm("c", 7))


def people(number: int) -> list[Candidate]:
    return [
        Candidate(n, "", n.to_bytes(16), "one", Reader("Ada"), "left" if n % 10 == 9 else "")
        for n in range(number)
    ]


def drawn(
    keys: Keys, arms: tuple[Arm, ...], edition: str, number: int, kept: Mapping[bytes, str] = NOBODY
) -> dict[int, str]:
    return {p.contact_id: p.reader.arm for p in in_arms(keys, arms, edition, people(number), kept)}


@pytest.mark.parametrize("arms", [HALVES, UNEVEN], ids=["halves", "uneven"])
def test_each_arm_has_its_share_to_the_person(keys: Keys, arms: tuple[Arm, ...]) -> None:
    counts = Counter(drawn(keys, arms, "news@one", 10_000).values())
    assert counts.pop("") == 1_000  # those whom we do not write to are in none
    whole = sum(arm.share for arm in arms)
    for arm in arms:
        assert abs(counts[arm.name] - 9_000 * arm.share / whole) <= 1


def test_the_same_edition_again_draws_the_same(keys: Keys) -> None:
    assert drawn(keys, HALVES, "news@one", 500) == drawn(keys, HALVES, "news@one", 500)


def test_one_edition_s_arms_say_nothing_about_another_s(keys: Keys) -> None:
    one = drawn(keys, HALVES, "news@one", 10_000)
    two = drawn(keys, HALVES, "other@one", 10_000)
    both = sum(one[n] == two[n] for n in one if one[n])
    assert 0.47 < both / 9_000 < 0.53


def test_editions_of_one_person_reach_every_arm(keys: Keys) -> None:
    found = Counter(drawn(keys, UNEVEN, f"thanks@{day}", 1)[0] for day in range(400))
    assert 10 < found["a"] < 80
    assert found["c"] > 200


def test_whose_arm_is_known_keeps_it(keys: Keys) -> None:
    kept = {n.to_bytes(16): "b" for n in range(20)}
    again = drawn(keys, HALVES, "news@two", 100, kept)
    assert {again[n] for n in range(20) if n % 10 != 9} == {"b"}
    assert set(drawn(keys, HALVES, "news@two", 100, {bytes(16): "gone"}).values()) == {"", "a", "b"}


CAMPAIGN = """---
title: News
purpose: public_task
basis_reason: It is our task.
subject: News
preview: What is new.
owner: amy
arms:
  - name: plain
    share: 1
  - name: question
    share: 1
    subject: Have you heard?
---
Dear {{ contact.first_name or 'colleague' }},

{% if arm == 'question' %}Have you heard?{% else %}Here is the news.{% endif %}
"""


@pytest.fixture
def written(ws: Workspace, tmp_path: Path) -> Workspace:
    """A deployment with one campaign of two arms and ten people."""
    (tmp_path / "news.md").write_text(CAMPAIGN)
    with ws.engine.begin() as connection:
        for number in range(10):
            add_contact(connection, ws.keys, f"person{number}@example.org")
    return replace(ws, settings=replace(ws.settings, campaigns=(tmp_path,)))


def test_an_edition_freezes_its_arms_and_shows_them_to_the_approver(written: Workspace) -> None:
    done = editions.prepare(written, "news", "one", by="amy", via="test")
    assert (done.planned, done.variants) == (10, 2)
    with written.engine.connect() as connection:
        rows = connection.execute(sa.select(variant.c.arm, variant.c.label, variant.c.size))
        assert sorted(tuple(row) for row in rows) == [
            ("plain", "arm is plain", 5),
            ("question", "arm is question", 5),
        ]
    asked = editions.approval_request(written, "news@one").body
    assert "Its arms: plain to 5 people; question to 5 people." in asked
    shown = report(written, "news@one").engagement.arms
    assert {arm: figures["intended"] for arm, figures in shown.items()} == {
        "plain": 5,
        "question": 5,
    }


def test_a_dry_run_counts_the_arms_as_variants(written: Workspace) -> None:
    from outreach.flows.previewing import preview

    assert preview(written, "news").variants == 2


def arms_of(ws: Workspace, name: str) -> dict[bytes, str]:
    found = (
        sa.select(delivery.c.address_hash, variant.c.arm)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .join(batch, batch.c.id == delivery.c.batch_id)
        .join(variant, variant.c.id == batch.c.variant_id)
        .where(edition.c.name == name)
    )
    with ws.engine.connect() as connection:
        return {bytes(row.address_hash): row.arm for row in connection.execute(found)}


def test_a_follow_up_tells_everybody_in_the_arm_they_were_in(
    written: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "mended.md").write_text(CAMPAIGN.replace("News", "Correction"))
    editions.prepare(written, "news", "one", by="amy", via="test")
    editions.approve(written, "news@one", by="lee", via="airflow")
    editions.send(written, "news@one")
    editions.settle(written, "news@one")
    follows = following.following("news@one", "accepted")
    made = following.follow_up(written, follows, "mended", by="amy", via="test")
    assert len(arms_of(written, made.edition)) == 10
    assert arms_of(written, made.edition) == arms_of(written, "news@one")
