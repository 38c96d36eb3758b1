"""Judging rendered variants before anybody is asked to approve them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outreach.errors import Fault
from outreach.hub import Hub
from outreach.providers.base import Content
from outreach.rendering.compose import Message, message, with_links
from outreach.rendering.images import is_asset
from outreach.rendering.page import Page, read_page
from outreach.rendering.placeholders import placeholder_faults
from outreach.wording import shown_path

if TYPE_CHECKING:
    from outreach.campaigns import Campaign

MAX_HTML = 102 * 1024
"""Octets; Gmail cuts a longer message off, the unsubscribe link with it."""

MAX_LINE = 998
"""Octets of one line (RFC 5322)."""

MAX_SLOT_BYTES = 4_000
"""Octets of one person's values, in plain and escaped form together."""

MAX_SUBJECT = 60
"""Characters of a subject that phones show whole."""

_UNSUBSCRIBE = "https://outreach.invalid/unsubscribe"
_VIEW = "https://outreach.invalid/view"

_VAGUE = frozenset(
    {
        "click",
        "click here",
        "download",
        "find out more",
        "go",
        "here",
        "learn more",
        "link",
        "more",
        "more information",
        "read more",
        "see more",
        "this",
        "this link",
        "this page",
    }
)

_URL = re.compile(r"(?:https?://|mailto:)\S*")

_WORDS = (
    (re.compile(r"\bB\.?A\.?M\.?E\b"), "“BAME” lumps people together; name the group you mean"),
    (re.compile(r"\bBME\b"), "“BME” lumps people together; name the group you mean"),
    (
        re.compile(r"\brace\b(?!\s+(?:in)?equalit)"),
        "write “ethnicity”, not “race”, outside proper names",
    ),
    (re.compile(r"\butili[sz]e", re.IGNORECASE), "write “use”, not “utilise”"),
    (re.compile(r"\bplease find attached\b", re.IGNORECASE), "emails here carry no attachments"),
)

Sample = tuple[str, Content, tuple[str, ...]]
"""A variant's label, its content, and one person's values."""


def check(
    campaign: Campaign, hub: Hub, contents: Sequence[Sample], missing: Mapping[str, int]
) -> tuple[Fault, ...]:
    """Return every fault of an edition's variants, the blocking ones first.

    `missing`: expression -> for how many people of the audience it prints nothing.
    A fault that several variants share is named once, with the first of them.
    """
    file = shown_path(campaign.file)
    found: dict[str, Fault] = {}
    for expression, people in missing.items():
        fault = _missing(campaign, file, expression, people)
        found[fault.message] = fault
    for label, content, values in contents:
        sample = message(content, with_links(values, _UNSUBSCRIBE, _VIEW))
        for said, blocking in _variant(hub, content, values, sample):
            place = f" (first seen for: {label})" if len(contents) > 1 else ""
            found.setdefault(said, Fault(said + place, file, blocking=blocking))
    for fault in placeholder_faults(campaign):
        found[f"{fault.line}: {fault.message}"] = fault
    if not campaign.preview.strip():
        said = "there is no preview; add one sentence that inboxes show beside the subject"
        found[said] = Fault(said, file, campaign.subject_line, blocking=False)
    return tuple(sorted(found.values(), key=lambda fault: not fault.blocking))


def slot_bytes(values: Sequence[str]) -> int:
    """Return the octets that one person's values need, plain and escaped together."""
    return sum(len(v.encode()) + len(html.escape(v).encode()) for v in values)


def link_problem(url: str) -> str:
    """Return why a link may not be sent, or ''. Only https and mailto may."""
    if not url.strip():
        return "a link leads nowhere"
    if not url.isprintable() or "\\" in url or " " in url.removeprefix("mailto:"):
        return f"the link “{url}” holds a space, a backslash or a hidden character"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return f"the link “{url}” is not an address"
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else f"the link “{url}” names no mailbox"
    if parts.scheme != "https":
        return f"the link “{url}” must begin with https:// or mailto:"
    if not host or "." not in host:
        return f"the link “{url}” names no website"
    if "@" in parts.netloc:
        return f"the link “{url}” holds a name or password before an @; take it out"
    return ""


_Judgement = tuple[str, bool]
"""What is wrong, and whether it stops the edition."""


def _variant(
    hub: Hub, content: Content, values: Sequence[str], sample: Message
) -> Iterator[_Judgement]:
    page = read_page(sample.html)
    yield from _subject(sample.subject)
    yield from _links(page, sample, content)
    yield from _sizes(values, sample)
    yield from _access(page, sample.subject)
    yield from _identity(hub, page, sample)
    yield from _wording(content, page)


def _subject(subject: str) -> Iterator[_Judgement]:
    if not subject.strip():
        yield "the subject is empty", True
    elif len(subject) > MAX_SUBJECT:
        said = f"the subject has {len(subject)} characters; phones show about {MAX_SUBJECT}"
        yield said, False


def _links(page: Page, sample: Message, content: Content) -> Iterator[_Judgement]:
    hrefs = [anchor.href for anchor in page.anchors]
    if _UNSUBSCRIBE not in hrefs or _UNSUBSCRIBE not in sample.text:
        yield "there is no unsubscribe link; the layout must print {{ links.unsubscribe }}", True
    images = (image.src for image in page.images if not is_asset(image.src))
    for url in dict.fromkeys([*hrefs, *images]):
        if said := link_problem(url):
            yield said, True
    for literal in content.text.literals:
        for broken in re.findall(r"\[[^\]\n]*\]\([^)\n]*\)?", literal):
            yield f"“{broken}” is not a link that may be sent; use https:// or mailto:", True


def _sizes(values: Sequence[str], sample: Message) -> Iterator[_Judgement]:
    body = ("\n" + sample.text).partition("\n--\n")[0]
    if not body.strip():
        yield "the plain-text part is empty", True
    size = len(sample.html.encode())
    if size > MAX_HTML:
        yield f"the HTML has {size // 1024} KB; over {MAX_HTML // 1024} KB is cut off", True
    for name, text in (("HTML", sample.html), ("plain text", sample.text)):
        longest = max(len(line.encode()) for line in text.split("\n"))
        if longest > MAX_LINE:
            said = f"a line of the {name} has {longest} octets, over {MAX_LINE}"
            yield f"{said}; break its paragraph in two", True
    size = slot_bytes(values)
    if size > MAX_SLOT_BYTES:
        said = f"one person's values need {size} octets, over {MAX_SLOT_BYTES}"
        yield f"{said}; print less about the reader", True


def _access(page: Page, subject: str) -> Iterator[_Judgement]:
    if page.lang in {"", "und"}:
        yield "the layout does not say its language: <mjml lang=...>", True
    if subject.strip() and not page.title.strip():
        yield "the layout has no title", True
    for image in page.images:
        if not (image.alt or "").strip():
            yield f"the image {image.src} has no text for people who cannot see it", True
    for before, after in zip(page.headings, page.headings[1:], strict=False):
        if after > before + 1:
            yield f"a heading of level {after} follows one of level {before}", False


def _identity(hub: Hub, page: Page, sample: Message) -> Iterator[_Judgement]:
    if hub.identity not in page.text or hub.identity not in sample.text:
        yield "the message does not say who writes; the layout must print {{ hub.identity }}", True


def _wording(content: Content, page: Page) -> Iterator[_Judgement]:
    for anchor in page.anchors:
        if not anchor.text:
            yield f"the link to {anchor.href} has no text", True
        elif anchor.text.lower().strip(" .:>»→") in _VAGUE:
            yield f"the link text “{anchor.text}” does not say where it leads", False
    copy = _URL.sub(" ", " ".join((*content.subject.literals, *content.text.literals)))
    for pattern, advice in _WORDS:
        if pattern.search(copy):
            yield advice, False


def _missing(campaign: Campaign, file: str, expression: str, people: int) -> Fault:
    who = "1 person" if people == 1 else f"{people:,} people"
    said = (
        f"{{{{ {expression} }}}} prints nothing for {who}; "
        f"write {{{{ {expression} or 'colleague' }}}}, or put {{% if %}} round it"
    )
    lines = campaign.source.split("\n")
    places = (n for n, text in enumerate(lines, 1) if "{{" in text and expression in text)
    return Fault(said, file, next(places, 0))
