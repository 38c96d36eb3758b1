"""Amazon SES's events turned into ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.sns import TOPIC, FakeSns

from outreach.domain import Event, EventType
from outreach.providers.registry import event_source
from outreach.providers.ses_events import TYPES
from outreach.settings import load_settings

SOURCE = event_source("ses")
E = EventType

MAIL = {
    "timestamp": "2026-11-23T10:00:00.123Z",
    "source": "hub@example.org",
    "messageId": "ses-1",
    "destination": ["amy@example.org"],
    "tags": {"outreach_delivery": ["abc"], "ses:configuration-set": ["outreach"]},
}
AMY = {"emailAddress": "amy@example.org"}
WHOLE = {**AMY, "status": "5.1.1", "diagnosticCode": "smtp; 550 <amy@example.org>\r\n unknown"}


def post(message: Any) -> bytes:
    said = message if isinstance(message, str) else json.dumps(message)
    envelope = {"Type": "Notification", "MessageId": "m1", "TopicArn": TOPIC, "Message": said}
    return json.dumps(envelope).encode()


def parsed(word: str, mail: dict[str, Any] = MAIL, **details: Any) -> Event:
    (one,) = SOURCE.parse(post({"eventType": word, "mail": mail, **details}))
    assert isinstance(one, Event)
    return one


@pytest.mark.parametrize(("word", "kind"), TYPES.items())
def test_each_word_has_its_type(word: str, kind: EventType) -> None:
    bounce = {"bounceType": "Permanent", "bouncedRecipients": [WHOLE]}
    wish = {"newTopicPreferences": {"unsubscribeAll": True}}
    one = parsed(word, bounce=bounce, subscription=wish)
    assert (one.type, one.delivery_id, one.provider_word) == (kind, "abc", word)


def test_a_whole_bounce_is_read() -> None:
    bounce = {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [WHOLE],
        "timestamp": "2026-11-23T10:00:02.669Z",
    }
    assert parsed("Bounce", bounce=bounce) == Event(
        type=E.BOUNCED,
        occurred_at=datetime(2026, 11, 23, 10, 0, 2, 669000, UTC),
        delivery_id="abc",
        address="amy@example.org",
        fingerprint="m1.0",
        reason="smtp; 550 <(an address)> unknown",
        hard=True,
        message_id="ses-1",
        provider_word="Bounce",
    )


@pytest.mark.parametrize(
    ("word", "detail", "kind"),
    [
        ("Bounce", {"bounceType": "Permanent", "bounceSubType": "Suppressed"}, E.BOUNCED),
        ("Bounce", {"bounceType": "Permanent", "bounceSubType": "NoEmail"}, E.BOUNCED),
        (
            "Bounce",
            {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"},
            E.DROPPED,
        ),
        ("Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}, E.BLOCKED),
        (
            "Bounce",
            {"bounceType": "Transient", "bounceSubType": "General", "bouncedRecipients": [WHOLE]},
            E.BLOCKED,
        ),
        ("Bounce", {"bounceType": "Transient", "bounceSubType": "General"}, E.PROCESSED),
        ("Bounce", {"bounceType": "Undetermined"}, E.BLOCKED),
        ("Bounce", {}, E.BLOCKED),
        ("Complaint", {"complaintFeedbackType": "abuse"}, E.COMPLAINED),
        ("Complaint", {"complaintFeedbackType": "not-spam"}, E.UNKNOWN),
        ("Complaint", {"complaintSubType": "OnAccountSuppressionList"}, E.DROPPED),
        ("Subscription", {"newTopicPreferences": {"unsubscribeAll": False}}, E.UNKNOWN),
        ("Something new", {}, E.UNKNOWN),
    ],
)
def test_a_closer_look_decides(word: str, detail: dict[str, Any], kind: EventType) -> None:
    one = parsed(word, **{word.lower(): detail})
    assert (one.type, one.hard) == (kind, kind is E.BOUNCED)


def test_a_click_has_its_link_and_an_open_its_own_time() -> None:
    click = {"link": "https://example.org/a", "timestamp": "2026-11-23T11:00:00Z"}
    assert parsed("Click", click=click).link == "https://example.org/a"
    opened = parsed("Open", open={"timestamp": "2026-11-23T12:30:00.000+01:00"})
    assert (opened.link, opened.occurred_at) == ("", datetime(2026, 11, 23, 11, 30, tzinfo=UTC))


def test_a_delay_says_why() -> None:
    people = [{**AMY, "diagnosticCode": "421 try later"}]
    delayed = {"delayType": "MailboxFull", "delayedRecipients": people}
    assert parsed("DeliveryDelay", deliveryDelay=delayed).reason == "421 try later"
    bare = parsed("DeliveryDelay", deliveryDelay={"delayType": "MailboxFull"})
    assert (bare.reason, bare.address) == ("MailboxFull", "amy@example.org")


def test_an_event_about_several_people_is_one_for_each_and_none_is_ours_by_its_tag() -> None:
    both = ["amy@example.org", "lee@example.org"]
    found = SOURCE.parse(
        post(
            {
                "eventType": "Delivery",
                "mail": {**MAIL, "destination": both},
                "delivery": {"recipients": both, "timestamp": "2026-11-23T10:00:01Z"},
            }
        )
    )
    assert [(one.address, one.fingerprint, one.delivery_id) for one in found] == [
        ("amy@example.org", "m1.0", ""),
        ("lee@example.org", "m1.1", ""),
    ]


def test_without_tags_the_message_s_own_header_names_the_delivery() -> None:
    headers = [{"name": "To", "value": "x"}, {"name": "X-Outreach-Delivery", "value": "abc"}]
    found = SOURCE.parse(
        post(
            {
                "notificationType": "Complaint",
                "mail": {**MAIL, "tags": None, "headers": headers},
                "complaint": {"complainedRecipients": [AMY]},
            }
        )
    )
    assert [(one.type, one.delivery_id) for one in found] == [(E.COMPLAINED, "abc")]


@pytest.mark.parametrize(
    "body",
    [
        post("Successfully validated SNS topic for Amazon SES event publishing."),
        json.dumps({"Type": "SubscriptionConfirmation", "MessageId": "1"}).encode(),
        json.dumps({"Type": "UnsubscribeConfirmation", "MessageId": "1"}).encode(),
    ],
)
def test_what_is_said_about_the_subscription_is_no_event(body: bytes) -> None:
    assert SOURCE.parse(body) == []


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"nonsense", b"\xff", b"7", b"[" * 100_000, b"{}", post("nonsense"), post([])),
        post({"mail": MAIL}),
        post({"eventType": "Open"}),
        post({"eventType": "Open", "mail": {"timestamp": "soon"}}),
        post({"eventType": "Send", "mail": {**MAIL, "destination": ["a"] * 1_001}}),
    ],
)
def test_what_cannot_be_read_is_one_fault_without_an_address(body: bytes) -> None:
    (one,) = SOURCE.parse(body)
    assert isinstance(one, str)
    assert "@" not in one


odd = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
        st.sampled_from(["2026-11-23T10:00:00Z", "0001-01-01T00:00:00+23:59", *TYPES]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *("timestamp", "destination", "tags", "headers", "name", "value", "link"),
                    *("outreach_delivery", "bouncedRecipients", "emailAddress", "bounceType"),
                    *("newTopicPreferences", "status", "diagnosticCode", "messageId"),
                ]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=10,
)


@given(
    st.sampled_from([*TYPES, "x"]),
    st.dictionaries(st.sampled_from(["mail", *(w.lower() for w in TYPES)]), odd, max_size=4),
)
def test_nothing_that_is_json_breaks_the_reader(word: str, said: dict[str, Any]) -> None:
    assert SOURCE.parse(post({"eventType": word, **said}))


def test_the_topics_of_the_settings_are_what_posts_are_held_against() -> None:
    settings = load_settings({"OUTREACH_SES_TOPICS": f"{TOPIC}, {TOPIC}2"})
    assert SOURCE.keys(settings) == (TOPIC, f"{TOPIC}2")
    assert SOURCE.keys(load_settings({})) == ()


def test_a_post_as_sns_signs_it_is_read() -> None:
    body = FakeSns().post({"eventType": "Send", "mail": MAIL})
    assert [one.type for one in SOURCE.parse(body)] == [E.PROCESSED]
