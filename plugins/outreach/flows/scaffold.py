"""Start a campaign file: whole, valid and with a word on each field."""

from __future__ import annotations

import json
import re
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
        "approval: person",
        "---",
        *_copy(title, url),
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    # JSON's strings are YAML's too: a colon, a quote or a # in a title does no harm.
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 _.-]*[A-Za-z0-9_.-]", text)
    bare = plain and text.lower() not in {"yes", "no", "on", "off", "true", "false", "null"}
    return text if bare else json.dumps(text, ensure_ascii=False)


def _when(trigger: str) -> list[str]:
    about = f"# Sent {TRIGGERS[trigger]}."
    if trigger == "timetable":
        return [
            about,
            "trigger: timetable",
            "# Minute, hour, day of the month, month, weekday; London time. Tuesdays at 10:00:",
            'timetable: "0 10 * * 2"',
            "working_days_only: true",
            *_EVERYONE,
        ]
    if trigger == "new_pledges":
        return [
            about,
            "trigger: new_pledges",
            "occasion: pledge",
            "segment:",
            "  pledged_within_days: 14",
        ]
    return [about, "trigger: manual", *_EVERYONE]


_EVERYONE = (
    "# Who gets it. Take the # away before what you need; every rule must hold.",
    "# segment:",
    "#   sectors: [General Practice, Dentistry]",
    "#   ics_areas: [North Central London]",
    "#   pledged: true",
)


def _copy(title: str, url: str) -> list[str]:
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
        "{# A box that stands out; docs/writing.md shows the other components. #}",
        "::: callout note",
        "[[One thing to remember.]]",
        ":::",
        "",
        f"[Read more on our page about race equality]({url}){{.button}}",
        "",
        "{{ hub.short_name }}",
        "",
    ]
