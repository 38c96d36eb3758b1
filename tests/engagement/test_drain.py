"""Posts become facts: once each, in any order, whoever drains."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.fakes.ledger import SENT_AT, Ledger, happened, post, states

from outreach.domain import DeliveryState
from outreach.flows.events import drain, follow, store_raw, waiting
from outreach.ledger.editions import raw_event
from outreach.ledger.people import suppression

S = DeliveryState


def take(ledger: Ledger, *events: object) -> object:
    store_raw(ledger.ws, "sendgrid", post(*events))
    return drain(ledger.ws)


def faults(ledger: Ledger) -> list[str]:
    with ledger.ws.engine.connect() as c:
        found = c.execute(sa.select(raw_event.c.faults).order_by(raw_event.c.id)).scalars()
        return [fault for row in found for fault in row or []]


def test_events_move_their_deliveries_and_set_their_times(ledger: Ledger) -> None:
    edition = ledger.edition(people=4)
    ids = [ledger.delivery_id(edition, n) for n in range(4)]
    report = take(
        ledger,
        happened("delivered", ids[0]),
        happened("open", ids[0], 600),
        happened("click", ids[0], 660, url="https://example.org/a"),
        happened("bounce", ids[1], type="bounce", reason="550 no such user"),
        happened("deferred", ids[2], response="try later"),
    )
    assert (report.raw, report.events, report.added, report.unmatched) == (1, 5, 5, 0)
    assert states(ledger, edition, range(4)) == ["delivered", "bounced", "deferred", None]
    first = ledger.row(edition, 0)
    assert first.delivered_at == SENT_AT + timedelta(seconds=60)
    assert first.opened_at == SENT_AT + timedelta(seconds=600)
    assert first.clicked_at == SENT_AT + timedelta(seconds=660)
    assert first.machine_opened_at is None
    assert ledger.row(edition, 1).reason == "550 no such user"


def test_the_same_event_twice_counts_once_under_either_id(ledger: Ledger) -> None:
    edition = ledger.edition()
    one = happened("open", ledger.delivery_id(edition, 0), sg_event_id="a")
    take(ledger, one, one)
    report = take(ledger, one, {**one, "sg_event_id": "a new id"})
    assert (report.added, report.duplicates) == (0, 2)
    assert len(ledger.events()) == 1


def test_a_known_provider_id_is_a_duplicate_whatever_it_says(ledger: Ledger) -> None:
    edition = ledger.edition()
    one = happened("open", ledger.delivery_id(edition, 0), sg_event_id="a")
    take(ledger, one)
    assert take(ledger, {**one, "timestamp": one["timestamp"] + 5}).duplicates == 1


def test_draining_again_adds_nothing(ledger: Ledger) -> None:
    edition = ledger.edition()
    take(ledger, happened("delivered", ledger.delivery_id(edition, 0)))
    assert drain(ledger.ws).raw == 0
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(raw_event).values(drained_at=None, events=0))
    report = drain(ledger.ws)
    assert (report.raw, report.added, report.duplicates) == (1, 0, 1)


ARRIVAL = [("delivered", 30, {}), ("open", 34, {})]
CONTRARY = [*ARRIVAL, ("processed", 1, {}), ("dropped", 3, {"reason": "why"})]
LATE_BOUNCE = [
    *ARRIVAL,
    ("click", 900, {"url": "https://example.org/"}),
    ("bounce", 950, {"type": "bounce", "reason": "late"}),
]


@pytest.mark.parametrize(("story", "ends"), [(CONTRARY, "delivered"), (LATE_BOUNCE, "bounced")])
def test_the_order_in_which_events_arrive_does_not_matter(
    ledger: Ledger, story: list[tuple[str, int, dict]], ends: str
) -> None:
    seen = set()
    for number, order in enumerate(itertools.permutations(story)):
        edition = ledger.edition(people=1, slug=f"news{number}")
        one = ledger.delivery_id(edition, 0)
        for word, after, more in order:
            store_raw(ledger.ws, "sendgrid", post(happened(word, one, after, **more)))
        drain(ledger.ws)
        row = ledger.row(edition, 0)
        seen.add((row.state, row.delivered_at, row.opened_at, row.machine_opened_at))
    assert len(seen) == 1
    state, delivered_at, opened_at, machine_opened_at = seen.pop()
    assert state == ends
    assert delivered_at == SENT_AT + timedelta(seconds=30)
    assert opened_at is None
    assert machine_opened_at == SENT_AT + timedelta(seconds=34)


@pytest.mark.parametrize("state", [S.CLAIMED, S.UNKNOWN, S.FAILED])
@pytest.mark.parametrize(("word", "becomes"), [("processed", "accepted"), ("open", "accepted")])
def test_an_event_with_our_id_settles_a_doubt(
    ledger: Ledger, state: DeliveryState, word: str, becomes: str
) -> None:
    edition = ledger.edition(state=state)
    take(ledger, happened(word, ledger.delivery_id(edition, 0)))
    assert states(ledger, edition, range(2)) == [becomes, None]


def test_an_event_before_our_own_commit_is_kept_when_the_receipt_comes(ledger: Ledger) -> None:
    edition = ledger.edition(state=S.CLAIMED)
    take(ledger, happened("delivered", ledger.delivery_id(edition, 0)))
    ledger.set_batch(edition, S.ACCEPTED)
    take(ledger, happened("processed", ledger.delivery_id(edition, 0), 1))
    assert states(ledger, edition, range(2)) == ["delivered", None]


@pytest.mark.parametrize("forgotten", [S.PLANNED, S.CANCELLED])
def test_a_delivery_that_was_forgotten_by_a_restore_is_not_planned_any_more(
    ledger: Ledger, forgotten: S
) -> None:
    edition = ledger.edition(state=forgotten)
    take(ledger, happened("delivered", ledger.delivery_id(edition, 1)))
    assert states(ledger, edition, range(3)) == [None, "delivered", None]


def test_an_event_for_a_suppressed_delivery_is_kept_and_told(ledger: Ledger) -> None:
    edition = ledger.edition(state=S.SUPPRESSED)
    report = take(ledger, happened("delivered", ledger.delivery_id(edition, 0)))
    assert report.added == 1
    assert states(ledger, edition, [0]) == [None]
    assert "never handed over" in faults(ledger)[0]


@pytest.mark.parametrize(
    ("event", "reason", "column"),
    [
        ({"event": "bounce", "type": "bounce"}, "hard bounce", "bounced_at"),
        ({"event": "spamreport"}, "complained", "complained_at"),
        ({"event": "unsubscribe"}, "unsubscribed", "unsubscribed_at"),
        ({"event": "group_unsubscribe"}, "unsubscribed", "unsubscribed_at"),
    ],
)
def test_a_hard_bounce_a_complaint_and_an_unsubscribe_suppress_once(
    ledger: Ledger, event: dict, reason: str, column: str
) -> None:
    edition = ledger.edition()
    one = ledger.delivery_id(edition, 0)
    take(ledger, {**happened("", one, 60), **event}, {**happened("", one, 90), **event})
    (row,) = ledger.suppressions()
    assert (row.reason, row.scope, row.origin) == (reason, "all", "event")
    assert bytes(row.address_hash) == ledger.hash(0)
    assert getattr(ledger.row(edition, 0), column) == SENT_AT + timedelta(seconds=60)


def test_a_block_suppresses_nobody_and_a_resubscribe_lifts_nothing(ledger: Ledger) -> None:
    edition = ledger.edition()
    take(ledger, happened("bounce", ledger.delivery_id(edition, 0), type="blocked", reason="busy"))
    assert ledger.suppressions() == []
    assert ledger.row(edition, 0).reason == "blocked: busy"
    take(ledger, happened("unsubscribe", ledger.delivery_id(edition, 1)))
    take(ledger, happened("group_resubscribe", ledger.delivery_id(edition, 1), 999))
    assert [row.lifted_at for row in ledger.suppressions()] == [None]


def test_a_bounce_does_not_hide_an_unsubscribe(ledger: Ledger) -> None:
    edition = ledger.edition()
    one = ledger.delivery_id(edition, 0)
    take(ledger, happened("unsubscribe", one), happened("bounce", one, 90, type="bounce"))
    assert [row.reason for row in ledger.suppressions(0)] == ["unsubscribed", "hard bounce"]


def test_a_late_event_does_not_undo_what_a_person_lifted_since(ledger: Ledger) -> None:
    edition = ledger.edition()
    one = ledger.delivery_id(edition, 0)
    take(ledger, happened("unsubscribe", one, 60))
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(suppression).values(lifted_at=SENT_AT + timedelta(days=1)))
    take(ledger, happened("unsubscribe", one, 90))
    assert len(ledger.suppressions()) == 1
    take(ledger, happened("unsubscribe", one, 2 * 86_400))
    assert [row.lifted_at is None for row in ledger.suppressions()] == [False, True]


def test_a_complaint_marks_what_is_in_flight_as_crossed(ledger: Ledger) -> None:
    old = ledger.edition(slug="old")
    flying = ledger.edition(slug="flying", state=S.CLAIMED)
    take(ledger, happened("spamreport", ledger.delivery_id(old, 0)))
    assert ledger.row(flying, 0).crossed_at is not None
    assert ledger.row(flying, 1).crossed_at is None
    assert ledger.row(old, 0).crossed_at is None


def test_machines_and_people_are_told_apart(ledger: Ledger) -> None:
    edition = ledger.edition(people=3)
    ids = [ledger.delivery_id(edition, n) for n in range(3)]
    take(
        ledger,
        *(happened("delivered", one, 10) for one in ids),
        happened("open", ids[0], 3600, sg_machine_open=True),
        happened("click", ids[1], 12, url="https://example.org/"),
        happened("open", ids[2], 12),
        happened("open", ids[2], 3600),
    )
    rows = [ledger.row(edition, n) for n in range(3)]
    assert [bool(row.opened_at) for row in rows] == [False, False, True]
    assert [bool(row.machine_opened_at) for row in rows] == [True, False, True]
    assert [bool(row.clicked_at) for row in rows] == [False] * 3
    assert [bool(row.machine_clicked_at) for row in rows] == [False, True, False]


def test_a_bounce_without_our_id_is_matched_by_its_address(ledger: Ledger) -> None:
    old = ledger.edition(slug="old", claimed_at=SENT_AT - timedelta(days=40))
    last = ledger.edition(slug="last")
    bounce = happened("bounce", "", 3600, type="bounce", email="Person0@example.org")
    assert take(ledger, bounce).unmatched == 0
    assert states(ledger, last, [0]) == ["bounced"]
    assert states(ledger, old, [0]) == [None]
    late = happened("bounce", "", 40 * 86_400, type="bounce", email="person1@example.org")
    assert take(ledger, late).unmatched == 1
    assert len(ledger.suppressions(1)) == 1


def test_an_open_without_our_id_is_not_matched_by_address(ledger: Ledger) -> None:
    edition = ledger.edition()
    assert take(ledger, happened("open", "", email="person0@example.org")).unmatched == 1
    assert ledger.row(edition, 0).opened_at is None


@pytest.mark.parametrize("delivery_id", ["forged", "a" * 26, "é", "x" * 5000])
def test_an_id_that_is_not_ours_matches_nothing(ledger: Ledger, delivery_id: str) -> None:
    ledger.edition()
    assert take(ledger, happened("delivered", delivery_id)).unmatched == 1


def test_one_malformed_event_costs_only_itself(ledger: Ledger) -> None:
    edition = ledger.edition()
    report = take(
        ledger,
        happened("delivered", ledger.delivery_id(edition, 0)),
        {"event": "open"},
        happened("delivered", ledger.delivery_id(edition, 1)),
    )
    assert (report.added, report.faults) == (2, 1)
    assert faults(ledger) == ["event 2 has no time that can be read (`timestamp`)"]
    assert states(ledger, edition, range(3)) == ["delivered", "delivered", None]


def test_an_event_that_the_database_refuses_costs_only_itself(ledger: Ledger) -> None:
    edition = ledger.edition()
    # It opens with our key, and its contact number is too large for any column.
    huge = ledger.ws.keys.delivery_id(edition, 2**63 + 5)
    report = take(
        ledger,
        happened("delivered", ledger.delivery_id(edition, 0)),
        happened("delivered", huge),
        happened("delivered", ledger.delivery_id(edition, 1)),
    )
    assert (report.added, report.faults) == (2, 1)
    assert "cannot be stored" in faults(ledger)[0]
    assert states(ledger, edition, range(2)) == ["delivered", "delivered"]


@pytest.mark.parametrize("body", [b"nonsense", b"", b"[]"])
def test_a_post_that_cannot_be_read_is_finished_all_the_same(ledger: Ledger, body: bytes) -> None:
    store_raw(ledger.ws, "sendgrid", body)
    assert drain(ledger.ws).raw == 1
    assert waiting(ledger.ws) == 0


def test_a_large_post_is_taken_in_by_short_transactions(ledger: Ledger) -> None:
    edition = ledger.edition(people=2)
    one = ledger.delivery_id(edition, 0)
    report = take(
        ledger, *(happened("click", one, n, url=f"https://e.org/{n}") for n in range(700))
    )
    assert (report.raw, report.added) == (1, 700)
    with ledger.ws.engine.connect() as c:
        row = c.execute(sa.select(raw_event)).one()
    assert (row.events, row.added) == (700, 700)


def test_a_drain_that_was_cut_short_goes_on_where_it_stopped(ledger: Ledger) -> None:
    edition = ledger.edition(people=1)
    one = ledger.delivery_id(edition, 0)
    raw = store_raw(
        ledger.ws, "sendgrid", post(*(happened("click", one, n, url="u") for n in range(300)))
    )
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(raw_event).where(raw_event.c.id == raw).values(events=250, added=250))
    assert drain(ledger.ws).added == 50


def test_two_drainers_at_once_count_everything_once(ledger: Ledger) -> None:
    edition = ledger.edition(people=20)
    ids = [ledger.delivery_id(edition, n) for n in range(20)]
    for number in range(30):
        # Every post overlaps with others: the same facts under new ids.
        events = [
            happened(word, one, number % 3, sg_event_id=f"{number}-{word}-{one}")
            for one in ids
            for word in ("delivered", "open")
        ]
        store_raw(ledger.ws, "sendgrid", post(*events))
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(drain(ledger.ws))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.raw for report in reports) == 30
    assert sum(report.events for report in reports) == 1200
    assert sum(report.added for report in reports) == len(ledger.events()) == 120


def test_following_takes_in_what_comes_until_it_is_stopped(ledger: Ledger) -> None:
    edition = ledger.edition()
    stop = threading.Event()
    follower = threading.Thread(target=follow, args=(ledger.ws, stop, 0.02))
    follower.start()
    store_raw(ledger.ws, "sendgrid", post(happened("delivered", ledger.delivery_id(edition, 0))))
    for _ in range(200):
        if states(ledger, edition, [0]) == ["delivered"]:
            break
        threading.Event().wait(0.02)
    stop.set()
    follower.join(10)
    assert not follower.is_alive()
    assert states(ledger, edition, [0]) == ["delivered"]


def test_no_address_is_kept_among_the_facts(ledger: Ledger) -> None:
    ledger.edition()
    take(
        ledger,
        happened("bounce", "", email="canary@example.org", type="bounce", reason="canary@x.org no"),
        {"event": "open", "email": "canary@example.org"},
    )
    kept = json.dumps([[str(value) for value in row] for row in ledger.events()])
    assert "canary" not in kept + json.dumps(faults(ledger))
    assert "canary" not in str(ledger.suppressions())


def test_an_event_a_day_late_still_counts(ledger: Ledger) -> None:
    edition = ledger.edition(claimed_at=datetime(2026, 1, 1, tzinfo=UTC))
    take(ledger, happened("delivered", ledger.delivery_id(edition, 0), 86_400))
    assert states(ledger, edition, [0]) == ["delivered"]
