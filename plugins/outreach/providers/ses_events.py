"""Amazon SES's events, as Amazon SNS posts them, turned into ours.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from outreach.domain import Event, EventType
from outreach.providers import sns
from outreach.providers.filling import without_addresses
from outreach.providers.mime import DELIVERY_HEADER
from outreach.providers.ses import DELIVERY_TAG
from outreach.settings import Settings, listed

E = EventType

TOPICS = "OUTREACH_SES_TOPICS"

TYPES: dict[str, EventType] = {
    "Send": E.PROCESSED,
    "Delivery": E.DELIVERED,
    "DeliveryDelay": E.DEFERRED,
    "Bounce": E.BOUNCED,
    "Complaint": E.COMPLAINED,
    "Reject": E.DROPPED,
    "Rendering Failure": E.DROPPED,
    "Open": E.OPENED,
    "Click": E.CLICKED,
    "Subscription": E.UNSUBSCRIBED,
}
"""SES's words and ours, before `_kind` looks closer; any other becomes `unknown` and is kept."""

_DETAILS = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}
_RECIPIENTS = ("bouncedRecipients", "complainedRecipients", "delayedRecipients", "recipients")
_REASONS = ("diagnosticCode", "smtpResponse", "reason", "errorMessage", "delayType")
_LISTED = "OnAccountSuppressionList"
_WITH_REASON = frozenset({E.BOUNCED, E.BLOCKED, E.DROPPED, E.DEFERRED})
_HELLO = "Successfully validated SNS topic"
_MAX_PEOPLE, _MAX_TEXT, _MAX_REASON = 1_000, 2_000, 200


class SesEvents:
    """How SES's events are trusted and read; its keys are the topics that they come by."""

    setting = TOPICS
    mend = "name the SNS topic that the configuration set publishes its events to"
    signed_by: tuple[str, ...] = (sns.TYPE_HEADER,)

    def __init__(self, service: sns.Sns | None = None) -> None:
        self._sns = service or sns.Sns()

    def keys(self, settings: Settings) -> tuple[str, ...]:
        """Return the topics whose posts are trusted."""
        return listed(settings.given.get(TOPICS, ""))

    def verify(self, headers: Mapping[str, str], body: bytes, keys: Sequence[str]) -> bool:
        """Whether SNS signed `body` for one of the topics.

        Raises NotSent where the certificate cannot be had now.
        """
        post = sns.read(body)
        return post is not None and post.topic in keys and self._sns.signed(post)

    def confirm(self, body: bytes) -> None:
        """Confirm a subscription of a topic that the settings name. Raises NotSent."""
        post = sns.read(body)
        if post is not None and post.kind == sns.CONFIRMATION:
            self._sns.confirm(post)

    def parse(self, body: bytes) -> list[Event | str]:
        """Events in their order; a malformed one becomes a text that says what is wrong.

        The texts hold no personal data.
        """
        post = sns.read(body)
        if post is None:
            return ["the post is none of SNS's that can be read"]
        message = post.said.get("Message", "")
        if post.kind != sns.NOTIFICATION or message.startswith(_HELLO):
            return []
        try:
            found = json.loads(message)
        except (ValueError, RecursionError):
            return ["the event is not JSON that can be read"]
        if not isinstance(found, dict):
            return ["the event is not an object"]
        return _read(found, post.said["MessageId"])


def _read(found: dict[str, Any], number: str) -> list[Event | str]:
    word = _text(found.get("eventType")) or _text(found.get("notificationType"))
    if not word:
        return ["the event does not say what happened (no `eventType`)"]
    mail = _object(found.get("mail"))
    detail = _object(found.get(_DETAILS.get(word, word.lower())))
    occurred_at = _time(detail.get("timestamp")) or _time(mail.get("timestamp"))
    if occurred_at is None:
        return ["the event has no time that can be read (`timestamp`)"]
    people = _people(detail, mail)
    if len(people) > _MAX_PEOPLE:
        return [f"the event is about {len(people):,} people; at most {_MAX_PEOPLE:,} are read"]
    about = _delivery(mail)
    return [
        _event(word, detail, person, occurred_at, about, f"{number[:180]}.{place}", mail)
        for place, person in enumerate(people)
    ]


def _event(
    word: str,
    detail: dict[str, Any],
    person: dict[str, Any],
    occurred_at: datetime,
    delivery_id: str,
    fingerprint: str,
    mail: dict[str, Any],
) -> Event:
    kind = _kind(word, detail, person)
    return Event(
        type=kind,
        occurred_at=occurred_at,
        delivery_id=delivery_id,
        address=_text(person.get("emailAddress")),
        fingerprint=fingerprint,
        link=_text(detail.get("link")) if kind is E.CLICKED else "",
        reason=_reason(kind, detail, person),
        hard=kind is E.BOUNCED,
        message_id=_text(mail.get("messageId"))[:200],
        provider_word=word[:50],
    )


def _kind(word: str, detail: dict[str, Any], person: dict[str, Any]) -> EventType:
    if word == "Bounce":
        return _bounce(detail, person)
    if word == "Complaint":
        if detail.get("complaintSubType") == _LISTED:
            return E.DROPPED
        return E.UNKNOWN if detail.get("complaintFeedbackType") == "not-spam" else E.COMPLAINED
    if word == "Subscription":
        wish = _object(detail.get("newTopicPreferences"))
        return E.UNSUBSCRIBED if wish.get("unsubscribeAll") is True else E.UNKNOWN
    return TYPES.get(word, E.UNKNOWN)


def _bounce(detail: dict[str, Any], person: dict[str, Any]) -> EventType:
    """Permanent is hard, anything else soft; what SES itself held back never bounced.

    An out-of-office answer comes as a transient bounce without a server's status: it shows no
    more than that the message arrived somewhere.
    """
    if detail.get("bounceSubType") == _LISTED:
        return E.DROPPED
    if detail.get("bounceType") == "Permanent":
        return E.BOUNCED
    answered = detail.get("bounceType") == "Transient" and not person.get("status")
    return E.PROCESSED if answered and detail.get("bounceSubType") == "General" else E.BLOCKED


def _people(detail: dict[str, Any], mail: dict[str, Any]) -> list[dict[str, Any]]:
    """Return whom an event is about, one object each; those of the message where it is silent."""
    for name in _RECIPIENTS:
        if isinstance(detail.get(name), list) and detail[name]:
            return [_person(one) for one in detail[name]]
    to = mail.get("destination")
    return [_person(one) for one in to] if isinstance(to, list) and to else [{}]


def _person(one: Any) -> dict[str, Any]:
    return one if isinstance(one, dict) else {"emailAddress": one}


def _delivery(mail: dict[str, Any]) -> str:
    """Return our opaque id; '' where the message has several recipients: it is none of ours."""
    to = mail.get("destination")
    if isinstance(to, list) and len(to) > 1:
        return ""
    tags = _object(mail.get("tags")).get(DELIVERY_TAG)
    if isinstance(tags, list) and tags:
        return _text(tags[0])
    headers = mail.get("headers")
    named = [_object(one) for one in headers] if isinstance(headers, list) else []
    values = (h.get("value") for h in named if _text(h.get("name")) == DELIVERY_HEADER)
    return _text(next(values, ""))


def _reason(kind: EventType, detail: dict[str, Any], person: dict[str, Any]) -> str:
    """What the receiving server said, on one line and without the address it often quotes."""
    if kind not in _WITH_REASON:
        return ""
    words = next((w for n in _REASONS for d in (person, detail) if (w := _text(d.get(n)))), "")
    parts = (_text(detail.get(n)) for n in ("bounceType", "bounceSubType", "complaintSubType"))
    said = words or " ".join(part for part in parts if part)
    return " ".join(without_addresses(said).split())[:_MAX_REASON]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    # NUL and lone surrogates are legal JSON that PostgreSQL cannot store.
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "")[:_MAX_TEXT].encode("utf-8", "ignore").decode()


def _time(value: Any) -> datetime | None:
    """Return a time as SES writes it, such as 2016-10-14T05:02:16.645Z."""
    try:
        found = datetime.fromisoformat(_text(value))
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
