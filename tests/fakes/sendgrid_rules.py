"""What SendGrid refuses in a request, and what it makes of one that it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RESERVED = {
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
}
KNOWN = {
    "personalizations",
    "from",
    "reply_to",
    "subject",
    "content",
    "categories",
    "tracking_settings",
    "mail_settings",
    "custom_args",
    "headers",
}
ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

Errors = list[dict[str, Any]]


def error(message: str, field: str | None = None) -> dict[str, Any]:
    """One error as SendGrid words it."""
    return {"message": message, "field": field, "help": None}


def check(body: Mapping[str, Any]) -> Errors:
    """Everything that SendGrid would refuse in a request's body."""
    found: Errors = [error("unknown property", key) for key in body if key not in KNOWN]
    people = body.get("personalizations")
    if not isinstance(people, list) or not 1 <= len(people) <= 1000:
        return [*found, error("personalizations: 1 to 1000 are needed", "personalizations")]
    for place, person in enumerate(people):
        found += _check_person(person, f"personalizations.{place}")
    if not ADDRESS.fullmatch(str((body.get("from") or {}).get("email", ""))):
        found.append(error("The from email does not contain a valid address.", "from.email"))
    if not body.get("subject"):
        found.append(error("The subject is required.", "subject"))
    return found + _check_content(body.get("content")) + _check_categories(body)


def _check_person(person: Any, where: str) -> Errors:
    found: Errors = []
    to = [one.get("email", "") for one in person.get("to", [])]
    if not to or len({one.lower() for one in to}) != len(to):
        found.append(error("Each email address must be unique; one is needed.", f"{where}.to"))
    found += [
        error(f"Does not contain a valid address: {one}", f"{where}.to")
        for one in to
        if not ADDRESS.fullmatch(one)
    ]
    for name, value in (person.get("headers") or {}).items():
        if name.lower() in RESERVED or not isinstance(value, str) or not value.isascii():
            found.append(error(f"The header {name} is reserved or bad.", f"{where}.headers"))
    for value in (person.get("custom_args") or {}).values():
        if not isinstance(value, str) or not value:
            found.append(error("Custom args must be strings.", f"{where}.custom_args"))
    tags = person.get("substitutions") or {}
    if any(not isinstance(value, str) for value in tags.values()):
        found.append(error("Substitutions must be strings.", f"{where}.substitutions"))
    elif sum(len(k.encode()) + len(v.encode()) for k, v in tags.items()) > 10_000:
        found.append(error("Substitutions may not exceed 10000 bytes.", f"{where}.substitutions"))
    return found


def _check_content(content: Any) -> Errors:
    kinds = [part.get("type") for part in content or []]
    if kinds != ["text/plain", "text/html"]:
        return [error("text/plain must come first, then text/html.", "content")]
    if any(not part.get("value") for part in content):
        return [error("The content value must be a string at least one character.", "content")]
    return []


def _check_categories(body: Mapping[str, Any]) -> Errors:
    names = body.get("categories") or []
    good = len(names) <= 10 and len(set(names)) == len(names)
    if good and all(one.isascii() and 0 < len(one) <= 255 for one in names):
        return []
    return [error("At most 10 unique ASCII categories.", "categories")]


def composed(body: Mapping[str, Any], person: Mapping[str, Any]) -> dict[str, Any]:
    """One personalization's message after substitutions, tag by tag as SendGrid does."""

    def fill(text: str) -> str:
        for tag, value in (person.get("substitutions") or {}).items():
            text = text.replace(tag, value)
        return text

    return {
        "delivery": (person.get("custom_args") or {}).get("outreach_delivery", ""),
        "to": [one["email"] for one in person["to"]],
        "headers": {**(body.get("headers") or {}), **(person.get("headers") or {})},
        "subject": fill(body["subject"]),
        "text": fill(body["content"][0]["value"]),
        "html": fill(body["content"][1]["value"]),
        "from": body["from"],
        "reply_to": body.get("reply_to"),
        "categories": body.get("categories"),
        "tracking_settings": body.get("tracking_settings"),
    }
