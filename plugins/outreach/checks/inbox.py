"""What an inbox shows: the sender, the subject, the preview."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.checks.sample import Finding, Rendered
from outreach.domain import Mailbox
from outreach.providers.base import Content
from outreach.rendering.compose import join

MAX_SUBJECT = 60
"""Characters of a subject that phones show whole."""

MAX_PREVIEW = 130
"""Characters of a preview; hardly any inbox shows more."""

_PREVIEW = re.compile(r"<div style=\"display:\s*none[^>]*>(.*?)</div>", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d+|\w+);")
_MARK = re.compile("\x01(\\d+)\x01")
_NO_REPLY = re.compile(r"(?:do[-_.]?not|no)[-_.]?reply", re.IGNORECASE)


def measured_slots(content: Content) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the slots of the subject and those of the preview: of both the length matters."""
    html, slots = content.html, range(max(content.html.slots, default=-1) + 1)
    marked = join(html, [f"\x01{slot}\x01" for slot in slots])
    found = _PREVIEW.search(marked)
    preview = _MARK.findall(found[1]) if found else []
    return tuple(sorted(set(content.subject.slots))), tuple(sorted({int(n) for n in preview}))


def check_inbox(rendered: Rendered) -> Iterator[Finding]:
    """Judge sender, subject and preview; lengths with the longest values too."""
    yield from _sender(rendered)
    yield from _subject(rendered)
    yield from _preview(rendered)


def _sender(rendered: Rendered) -> Iterator[Finding]:
    campaign, hub = rendered.campaign, rendered.hub
    sender = campaign.sender or hub.sender
    if not sender.name.strip():
        said = "the sender has no name; write sender: Name <address>, a name that readers know"
        yield Finding("sender", said, ("sender:",))
    asked: tuple[Mailbox | None, ...] = (sender, campaign.reply_to or hub.reply_to)
    if any(mailbox and _NO_REPLY.search(mailbox.address) for mailbox in asked):
        said = "the address says that nobody reads answers; use a mailbox that somebody reads"
        yield Finding("sender", said, ("sender:", "reply_to:"))


def _subject(rendered: Rendered) -> Iterator[Finding]:
    line = rendered.campaign.subject_line
    if any(not real.subject.strip() for real in rendered.real):
        yield Finding("subject-empty", "the subject is empty; write one", line=line)
    longest = max(len(real.subject) for real in rendered.real)
    if longest > MAX_SUBJECT:
        said = f"the subject has {longest} characters{_grown(rendered, longest)}; "
        said += f"phones show about {MAX_SUBJECT}, so put what matters first or shorten it"
        yield Finding("subject-length", said, line=line)


def _grown(rendered: Rendered, longest: int) -> str:
    usual = len(rendered.real[0].subject)
    return " for the reader with the longest values" if longest > usual else ""


def _preview(rendered: Rendered) -> Iterator[Finding]:
    campaign = rendered.campaign
    line = campaign.preview_line or campaign.subject_line
    if not campaign.preview.strip():
        said = "there is no preview; add one sentence that inboxes show beside the subject"
        yield Finding("preview", said, line=campaign.subject_line)
        return
    if rendered.page.preview == rendered.shown.subject.strip():
        said = "the preview says the same as the subject; say something more"
        yield Finding("preview", said, line=line)
    longest = max(_preview_length(real.html) for real in rendered.real)
    if longest > MAX_PREVIEW:
        said = (
            f"the preview has {longest} characters; inboxes show {MAX_PREVIEW} at most: shorten it"
        )
        yield Finding("preview", said, line=line)


def _preview_length(html: str) -> int:
    found = _PREVIEW.search(html)
    return len(" ".join(_ENTITY.sub("x", found[1]).split())) if found else 0
