"""Quiet hours and freezes hold mail, say so beforehand, and let it go on by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach.errors import Refused
from outreach.flows import editions, opening
from outreach.flows.notices import notices
from outreach.flows.progress import progress
from outreach.ledger.certificate import Certificate
from outreach.ledger.editions import edition
from outreach.scheduling.closing import Closings, Freeze
from outreach.workspace import Workspace
from tests.fakes.deployment import BATCH, CONTENT, EDITION, PEOPLE
from tests.ledger.seeds import add_people, make_edition

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Deployment:
    """One approved edition for `PEOPLE` people, which goes to the outbox."""

    ws: Workspace

    def certificate(self) -> Certificate:
        return editions.certificate(self.ws, EDITION)

    def recipients(self) -> list[str]:
        files = self.ws.settings.home.glob("outbox/**/*.eml")
        return [line for f in files for line in f.read_text().splitlines() if line[:3] == "To:"]


@pytest.fixture
def deployed(ws: Workspace) -> Deployment:
    add_people(ws.engine, ws.keys, PEOPLE)
    assert make_edition(ws.engine, batch_size=BATCH, content=CONTENT)
    return Deployment(ws)


def freeze(begins: timedelta, ends: timedelta, *besides: str) -> Freeze:
    now = datetime.now(UTC)
    return Freeze(now + begins, now + ends, "election", besides)


def during(ws: Workspace, *freezes: Freeze) -> Workspace:
    return replace(ws, hub=replace(ws.hub, closings=Closings(freezes=freezes)))


NOW = (-HOUR, HOUR)


def set_times(ws: Workspace, **values: object) -> None:
    with ws.engine.begin() as connection:
        connection.execute(sa.update(edition).values(**values))


def test_nothing_begins_during_a_freeze_and_all_goes_after_it(deployed: Deployment) -> None:
    ws = deployed.ws
    closed = during(ws, freeze(*NOW))
    report = editions.send(closed, EDITION)
    assert (report.handed_over, report.finished) == (0, False)
    assert report.why.startswith("a freeze (election), until")
    assert report.wait_until == closed.hub.closings.freezes[0].ends
    assert deployed.certificate().state == "approved"
    assert "a freeze (election)" in progress(closed, EDITION).words
    assert editions.send(during(ws, freeze(*NOW, "news")), EDITION).handed_over == PEOPLE


def test_a_sender_under_way_stops_when_a_freeze_begins_and_the_rest_goes_after_it(
    deployed: Deployment,
) -> None:
    ws = deployed.ws
    freezes: list[Freeze] = []
    falling = replace(ws, hub=replace(ws.hub, closings=Closings(freezes=freezes)))

    def after_the_first_batch(_: object) -> None:
        freezes.append(freeze(*NOW))

    report = editions.send(falling, EDITION, progress=after_the_first_batch)
    assert (report.handed_over, report.wait_until) == (BATCH, freezes[0].ends)
    assert deployed.certificate().state == "sending"
    assert editions.send(falling, EDITION).handed_over == 0
    # Nobody ordered a halt, so that standing still for its length is not late.
    set_times(ws, late_after_hours=1)
    assert editions.send(ws, EDITION).handed_over == PEOPLE - BATCH
    assert len(set(deployed.recipients())) == PEOPLE


def test_what_is_too_late_by_the_end_of_a_freeze_is_cancelled_with_the_reason(
    deployed: Deployment,
) -> None:
    ws = deployed.ws
    over = during(ws, freeze(-3 * HOUR, -HOUR))
    late = datetime.now(UTC) - 2 * HOUR
    set_times(ws, state="sending", late_after=late, seen_at=late)
    with pytest.raises(Refused, match=r"17 people\) was cancelled, too late: a freeze"):
        editions.send(over, EDITION)
    account = deployed.certificate()
    assert (account.cancelled, account.balanced) == (PEOPLE, True)
    assert next(iter(account.reasons["cancelled"])).startswith("too late: a freeze (election)")
    assert "too late: a freeze" in notices(ws, edition=EDITION)[0].text
    assert deployed.recipients() == []


def test_what_a_person_let_go_on_after_a_freeze_is_not_cancelled(deployed: Deployment) -> None:
    ws = deployed.ws
    over = during(ws, freeze(-3 * HOUR, -HOUR))
    late = datetime.now(UTC) - 2 * HOUR
    set_times(ws, state="sending", late_after=late, seen_at=datetime.now(UTC))
    assert editions.send(over, EDITION).handed_over == PEOPLE


def test_an_approved_edition_that_a_freeze_made_too_late_says_so(deployed: Deployment) -> None:
    late = datetime.now(UTC) - 2 * HOUR
    set_times(deployed.ws, late_after=late)
    with pytest.raises(Refused, match=r"too late: a freeze \(election\)"):
        editions.send(during(deployed.ws, freeze(-3 * HOUR, -HOUR)), EDITION)
    assert deployed.certificate().cancelled == PEOPLE


def test_a_time_to_send_or_a_slot_in_a_freeze_is_refused_with_when_it_may_go(
    ws: Workspace,
) -> None:
    closed = during(ws, freeze(*NOW))
    soon = datetime.now(UTC) + HOUR / 2
    for given in ({"send_at": soon}, {"due": soon}):
        with pytest.raises(Refused, match=r"nothing is sent at .*freeze.* Choose a time from"):
            editions.prepare(closed, "what-is-wres", "one", by="amy", via="test", **given)
    with ws.engine.connect() as connection:
        assert connection.execute(sa.select(edition.c.id)).first() is None


def test_a_slot_in_a_freeze_is_left_out_and_its_owner_told_once(ws: Workspace) -> None:
    slot = datetime.now(UTC)
    assert opening.slot_is_closed(ws, "what-is-wres", slot, "one") == ""
    closed = during(ws, freeze(*NOW))
    for _ in range(2):
        said = opening.slot_is_closed(closed, "what-is-wres", slot, "one")
        assert "was left out: a freeze" in said
    (told,) = notices(ws, campaign="what-is-wres")
    assert "Trigger it yourself" in told.text


def test_an_edition_prepared_before_a_freeze_was_ordered_stays_when_its_run_is_cleared(
    deployed: Deployment,
) -> None:
    closed = during(deployed.ws, freeze(*NOW))
    assert opening.slot_is_closed(closed, "news", datetime.now(UTC), "one") == ""


@pytest.mark.parametrize(
    ("begins", "ends", "late", "said"),
    [
        (-1, 1, None, "It waits first: a freeze"),
        (-1, 9, 4, "It will not go"),
        (2, 3, 4, "goes on by itself afterwards"),
        (2, 9, 4, "is cancelled, as it would be too late"),
        (30, 40, None, ""),
        (-9, -8, None, ""),
    ],
)
def test_an_approver_is_told_of_closings_ahead(
    deployed: Deployment, begins: int, ends: int, late: int | None, said: str
) -> None:
    ws = during(deployed.ws, freeze(begins * HOUR, ends * HOUR))
    set_times(ws, late_after=datetime.now(UTC) + late * HOUR if late else None)
    body = editions.approval_request(ws, EDITION).body
    assert said in body
    assert ("a freeze" in body) is bool(said)
