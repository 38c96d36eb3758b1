"""The fault points, each with what shows that it is survived: scenarios, and tests elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.scenarios import SCENARIOS


@dataclass(frozen=True)
class Point:
    """One fault point. `elsewhere` are tests that show it besides, or instead of, scenarios."""

    number: int
    words: str
    elsewhere: tuple[str, ...] = ()

    @property
    def scenarios(self) -> list[str]:
        """The names of the scenarios that stand for it."""
        return [name for name, one in SCENARIOS.items() if self.number in one.points]


_SENDGRID = "tests/providers/test_sendgrid.py::"
_DRAIN = "tests/engagement/test_drain.py::"
_PUBLIC = "tests/web/test_public.py::"
_EDITIONS = "tests/flows/test_editions.py::"
_IMPORTS = "tests/flows/test_imports.py::"
_TIMES = "tests/scheduling/test_timetable.py::"
_AIRFLOW = "tests/airflow/scenarios.py::"
_OUTAGES = "tests/airflow/outages.py::"

POINTS = (
    Point(1, "A sender is killed before its claim is committed"),
    Point(2, "Killed after the claim, before handing over"),
    Point(3, "Killed before it connects"),
    Point(4, "No such name, connection refused, TLS fails"),
    Point(5, "The connection is reset in the middle of the request"),
    Point(6, "The reply is lost, and the batch was taken"),
    Point(7, "The reply is lost, and the batch was not taken"),
    Point(8, "The reply was read, and the sender killed before it was recorded"),
    Point(9, "202 without a message id"),
    Point(10, "The database is gone when the outcome is to be recorded"),
    Point(11, "429: too many requests"),
    Point(12, "401 or 403 in the middle of an edition"),
    Point(13, "400 because of one person"),
    Point(14, "413: the request is too large"),
    Point(15, "5xx although the batch was taken"),
    Point(16, "An event comes before the receipt was recorded"),
    Point(17, "The same event twice"),
    Point(18, "The same event under a new id"),
    Point(
        19,
        "Events out of order",
        (_DRAIN + "test_the_order_in_which_events_arrive_does_not_matter",),
    ),
    Point(20, "An event a day late, or never", (_DRAIN + "test_an_event_a_day_late_still_counts",)),
    Point(
        21,
        "One malformed event among good ones",
        (_DRAIN + "test_an_event_that_the_database_refuses_costs_only_itself",),
    ),
    Point(
        22,
        "The webhook is down for 23 hours, then everything comes at once",
        (_PUBLIC + "test_when_the_ledger_is_away_the_post_must_come_again",),
    ),
    Point(23, "Two senders claim at once"),
    Point(24, "A sender that seemed dead comes back"),
    Point(
        25,
        "A task is retried, a run cleared, a backfill asked for",
        (
            "tests/e2e/test_demo.py::test_nobody_gets_an_edition_twice_even_when_it_runs_again",
            "tests/dags/test_loading.py::test_no_campaign_can_be_backfilled_or_catches_up",
            _AIRFLOW + "both_senders_are_killed",
            _AIRFLOW + "send_is_cleared_while_it_runs_and_then_everything",
            _AIRFLOW + "running_senders_are_marked_done_and_failed",
            _AIRFLOW + "both_senders_are_marked_done",
            _AIRFLOW + "nobody_can_backfill",
            _OUTAGES + "supervisors_triggerer_and_dag_processor",
            _OUTAGES + "scheduler_alone_and_with_all_under_it",
        ),
    ),
    Point(
        26,
        "Two runs of one edition",
        (
            _EDITIONS + "test_the_same_occurrence_again_changes_nothing_and_says_so",
            _AIRFLOW + "the_same_edition_is_triggered_three_times",
        ),
    ),
    Point(27, "Somebody unsubscribes between prepare and claim"),
    Point(28, "Somebody unsubscribes between claim and hand-over"),
    Point(
        29,
        "People are imported again, in other case or twice",
        (_IMPORTS + "test_importing_the_same_rows_from_another_file_changes_nothing",),
    ),
    Point(
        30,
        "The campaign's file is edited while it is sent",
        (
            _EDITIONS + "test_a_campaign_edited_while_it_is_sent_goes_as_it_was_approved",
            _AIRFLOW + "its_text_is_edited_and_then_broken_while_it_is_sent",
            _AIRFLOW + "its_file_is_renamed_while_it_is_sent",
        ),
    ),
    Point(
        31,
        "A clock is set, or goes forward or back for summer time",
        (
            _TIMES + "test_a_time_lost_when_the_clocks_go_forward_runs_an_hour_later",
            _TIMES + "test_a_time_that_happens_twice_runs_once",
            "tests/test_senders.py::test_a_clock_that_is_set_makes_nobody_dead",
        ),
    ),
    Point(
        32,
        "A source is cut short, stale, or 90% smaller than last time",
        (
            _IMPORTS + "test_a_file_that_shrank_is_refused_before_anything_changes",
            _IMPORTS + "test_a_file_that_lost_a_column_is_refused",
            _IMPORTS
            + "test_people_behind_a_quotation_mark_that_is_never_closed_are_not_lost_unseen",
        ),
    ),
    Point(
        33,
        "The database is restored to before a send",
        ("tests/faults/test_drill.py::test_back_up_send_restore_recover_and_send_again",),
    ),
    Point(
        34,
        "A signing key is changed while an edition is sent",
        (
            "tests/providers/test_sendgrid_events.py::"
            "test_any_of_several_keys_is_enough_so_that_keys_can_be_changed",
            "tests/test_keys.py::test_a_token_survives_rotation_and_ends_with_its_key",
        ),
    ),
    Point(
        35,
        "The disk is full",
        (
            "tests/test_journal.py::"
            "test_a_disk_that_fills_up_in_the_middle_of_a_line_means_nothing_was_sent",
        ),
    ),
)


def table() -> str:
    """The points as a table in Markdown, as docs/faults.md has it."""
    rows = ["| | What goes wrong | Played by `make faults` | Tests besides |", "|---|---|---|---|"]
    for point in POINTS:
        played = "; ".join(point.scenarios)
        tests = ", ".join(
            f"`{one.rpartition('::')[2].removeprefix('test_').replace('_', ' ')}`"
            for one in point.elsewhere
        )
        rows.append(f"| {point.number} | {point.words} | {played} | {tests} |")
    return "\n".join(rows)
