"""Start a campaign file: whole, valid and with a word on each field."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from outreach.domain import Purpose
from outreach.errors import InputError, Refused
from outreach.workspace import Workspace

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

TRIGGERS = {
    "manual": "when somebody starts it",
    "timetable": "by a timetable, such as Tuesdays at 10:00",
    "new_pledges": "as pledges arrive",
    "after_pledge": "so many days after a pledge, as one step of a journey",
    "new_resources": "as new resources arrive: a digest, to each reader what is new to them",
}
PURPOSES = {
    Purpose.PUBLIC_TASK.value: "it is part of our task to tell the workforce this",
    Purpose.DIRECT_MARKETING.value: "it asks people to take part in something of ours",
}
LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True)
class Start:
    """What a new campaign is begun with; '' leaves a field to its placeholder."""

    slug: str
    title: str = ""
    trigger: str = "manual"
    purpose: str = Purpose.PUBLIC_TASK.value
    subject: str = ""
    owner: str = ""


def slug_problem(slug: str) -> str:
    """Return what is wrong with a campaign's name, or ''."""
    if SLUG.fullmatch(slug) and len(slug) <= LONGEST_SLUG:
        return ""
    near = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")[:LONGEST_SLUG] or "my-campaign"
    said = f"{slug!r}: a campaign's name is small letters, digits and hyphens"
    return f"{said}, {LONGEST_SLUG} at most; call it {near}"


def new_campaign(ws: Workspace, start: Start) -> Path:
    """Write a campaign file to start from; returns where.

    Raises Refused where there is one already, InputError for a name, trigger or purpose that
    cannot be.
    """
    if wrong := slug_problem(start.slug):
        raise InputError(wrong)
    for given, choice in ((start.trigger, TRIGGERS), (start.purpose, PURPOSES)):
        if given not in choice:
            raise InputError(f"{given!r} cannot be; choose from: {', '.join(choice)}")
    folder = next((p for p in ws.settings.campaigns if not p.suffix), ws.settings.campaigns[0])
    file = folder / f"{start.slug}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text_of(start, ws.hub.wres_url))
    except FileExistsError:
        raise Refused(f"{file} exists already; choose another name") from None
    return file


def text_of(start: Start, url: str) -> str:
    """Return the whole file as text."""
    title = start.title.strip() or start.slug.replace("-", " ").capitalize()
    owner = start.owner if re.fullmatch(r"[A-Za-z0-9._-]+", start.owner) else "comms"
    subject = start.subject.strip() or re.sub(r"[{}]", "", title)
    lines = [
        "---",
        "# What each field means stands in docs/writing.md. A line that begins with # is a note.",
        f"title: {_quoted(title)}",
        "# Your user name in Airflow. Whoever owns a campaign cannot approve it.",
        f"owner: {_quoted(owner)}",
        "",
        "# Why it is right and lawful to send this. Approvers read it, and it is kept.",
        f"purpose: {start.purpose}",
        "basis_reason: >-",
        "  [[Say in a sentence or two why we may send this, and to whom it matters.]]",
        "",
        "# Phones show about 60 characters of a subject.",
        f"subject: {_quoted(subject)}",
        "preview: '[[One sentence that inboxes show beside the subject.]]'",
        "",
        *_when(start.trigger),
        "",
        "# person: somebody approves each edition. standing: once, until the text changes.",
        f"approval: {'standing' if start.trigger == 'after_pledge' else 'person'}",
        "",
        "# More, where you need it: take the # away. The page above has every field.",
        *(f"# {line}" for line in MORE),
        "---",
        *_copy(title, url, _RESOURCES if start.trigger == "new_resources" else _CALLOUT),
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    # JSON's strings are YAML's too: a colon, a quote or a # in a title does no harm.
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 _.-]*[A-Za-z0-9_.-]", text)
    bare = plain and text.lower() not in {"yes", "no", "on", "off", "true", "false", "null"}
    return text if bare else json.dumps(text, ensure_ascii=False)


def _when(trigger: str) -> list[str]:
    return [f"# Sent {TRIGGERS[trigger]}.", f"trigger: {trigger}", *_WHEN[trigger]]


_EVERYONE = (
    "# Who gets it; without this, everyone. docs/segments.md has every word.",
    "# segment: >-",
    '#   sector is "Dentistry" and not pledged and not written to in the last 14 days',
)
_WHEN: dict[str, tuple[str, ...]] = {
    "manual": _EVERYONE,
    "timetable": (
        "# London time. docs/scheduling.md has every form.",
        "timetable: every Tuesday 10:00",
        "working_days_only: true",
        *_EVERYONE,
    ),
    "new_pledges": ("occasion: pledge", "segment: pledged in the last 14 days"),
    "after_pledge": (
        "# docs/scheduling.md says what holds for the steps of a journey.",
        "after_pledge: 7 days",
        'at: "10:00"',
        "journey: after-the-pledge",
    ),
    "new_resources": (
        "# docs/digest.md says what is new to whom.",
        "digest:",
        "  max: 10",
        *_EVERYONE,
    ),
}
MORE = (
    "reply_to: Replies <replies@example.org>",
    "audience_limit: 30",
    "frequency: exempt",
    "seeds: []",
    "arms: [{name: plain, share: 50}, {name: question, share: 50, subject: Have you heard?}]",
)
"""Fields that are there to be switched on."""


def _copy(title: str, url: str, middle: Sequence[str]) -> list[str]:
    return [
        "Dear {{ contact.first_name or 'colleague' }},",
        "",
        f"# {re.sub(r'[{}<>]', '', title)}",
        "",
        "[[Say in two sentences what this is about and why it matters to the reader.]]",
        "",
        "{% if contact.pledged %}",
        "[[What those read who have pledged.]]",
        "{% else %}",
        "[[What everybody else reads.]]",
        "{% endif %}",
        "",
        *middle,
        "",
        f"[Read more on our page about race equality]({url}){{.button}}",
        "",
        "{{ hub.short_name }}",
        "",
    ]


_CALLOUT = (
    "{# A box that stands out; docs/writing.md shows the other components. #}",
    "::: callout note",
    "[[One thing to remember.]]",
    ":::",
)
_RESOURCES = (
    "## What is new",
    "",
    "[[One thing to know about this list.]]",
    "",
    "::: resources",
    ":::",
)
