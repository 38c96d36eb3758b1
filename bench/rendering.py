"""Tailor an email to each person, against rendering it for each person.

Ours compiles the campaign, walks every reader through its conditions, renders each variant that
occurs once, and joins each message from its pieces: all of that is timed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import css_inline
import mjml
from jinja2 import Environment
from markdown_it import MarkdownIt
from markupsafe import Markup

from bench.deployment import CAMPAIGN
from bench.measure import Comparison, Options, Result, Sample, timed, timed_ours
from bench.mime_peers import email_message
from bench.people import Person, people
from outreach.campaigns import Campaign, load_library
from outreach.domain import Mailbox, Organisation, Reader
from outreach.hub import Hub, load_hub
from outreach.providers.base import Content, Handover, Recipient
from outreach.providers.sendgrid_payload import payload
from outreach.rendering import EditionContext, compile_campaign, compose
from outreach.rendering.components.written import written_out
from outreach.rendering.compose import Message, with_links
from outreach.rendering.values import thousands
from outreach.settings import ROOT

PEOPLE = 10_000
WHOLE_PIPELINE = 100
MIME = 1_000
BATCH = 1_000
LAYOUTS = ROOT / "templates" / "layouts"
UNSUBSCRIBE = "https://public.example.org/unsubscribe/k1.0.{}.aaaaaaaaaaaaaaaaaaaaaa"
VIEW = "https://public.example.org/view/k1.0.{}.aaaaaaaaaaaaaaaaaaaaaa"


@dataclass(frozen=True, slots=True)
class _Tailored:
    content: Content
    values: tuple[str, ...]
    number: int


def run(options: Options) -> Result:
    """Compare with the whole pipeline per person, and with EmailMessage per person."""
    hub = load_hub(ROOT / "hub.yaml")
    campaign = load_library((ROOT / "templates" / "campaigns",), hub).campaigns[CAMPAIGN]
    everyone = list(people(options.people or PEOPLE))
    few = everyone[: options.peer_people or WHOLE_PIPELINE]
    some = everyone[: 10 * options.peer_people or MIME]
    ours = Sample("Outreach: variants rendered, each message joined", len(everyone))
    peer = Sample("Jinja + Markdown + MJML + css-inline per person", len(few))
    requests = Sample("Outreach: SendGrid requests of 1,000 people, ready to post", len(everyone))
    messages = Sample("EmailMessage per person, ready to post", len(some))
    for _ in range(options.rounds):
        with timed_ours() as seconds:
            tailored = tailor(campaign, hub, everyone)
            made = [compose.message(one.content, one.values) for one in tailored]
        ours.add_rate(seconds())
        pipeline = Pipeline(campaign, hub)
        with timed() as seconds:
            theirs = [pipeline.message(one) for one in few]
        peer.add_rate(seconds())
        _must_agree(made, theirs, few)
        requests.add_rate(_requests(tailored))
        messages.add_rate(_messages(tailored[: len(some)]))
    return Result(
        (
            Comparison("rendering-vs-pipeline", "messages/s", ours, peer),
            Comparison("rendering-vs-emailmessage", "messages/s", requests, messages),
        )
    )


def reader_of(one: Person) -> Reader:
    """Return a made-up person as campaign copy sees them; 1 in 10 has pledged."""
    return Reader(
        first_name=one.first_name,
        last_name=one.last_name,
        job_role=one.job_role,
        sector=one.sector,
        ics_area=one.ics_area,
        borough=one.borough,
        organisation=Organisation("", one.practice),
        pledged_on=date(2026, 11, 20) if one.number % 10 == 0 else None,
    )


def batches(tailored: list[_Tailored], size: int) -> list[Handover]:
    """Return everybody in batches of at most `size`, one variant in each."""
    by_content: dict[int, list[_Tailored]] = {}
    for one in tailored:
        by_content.setdefault(id(one.content), []).append(one)
    return [
        _handover(some[start : start + size])
        for some in by_content.values()
        for start in range(0, len(some), size)
    ]


def tailor(campaign: Campaign, hub: Hub, everyone: list[Person]) -> list[_Tailored]:
    """Return everybody with their variant's content and their own values."""
    compiled = compile_campaign(campaign, hub, LAYOUTS)
    context = EditionContext("2026-11-23", date(2026, 11, 23))
    contents: dict[object, Content] = {}
    tailored = []
    for one in everyone:
        key, values = compiled.assess(reader_of(one))
        if key not in contents:
            contents[key] = compiled.render(key, context)
        filled = with_links(values, UNSUBSCRIBE.format(one.number), VIEW.format(one.number))
        tailored.append(_Tailored(contents[key], filled, one.number))
    return tailored


class Pipeline:
    """Everything for each person anew; only templates and parsers are made once."""

    def __init__(self, campaign: Campaign, hub: Hub) -> None:
        self._hub = hub
        self._why = campaign.why or hub.why
        self._preview = campaign.preview
        env, rich = Environment(autoescape=False), Environment(autoescape=True)
        self._subject = env.from_string(campaign.subject)
        env.filters["thousands"] = thousands
        self._body = env.from_string(written_out(campaign.body).text)
        self._html = rich.from_string((LAYOUTS / f"{campaign.layout}.mjml").read_text())
        self._text = env.from_string((LAYOUTS / f"{campaign.layout}.txt").read_text())
        self._markdown = MarkdownIt()
        self._inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)

    def message(self, one: Person) -> Message:
        """Return one person's message; its text part is the copy's Markdown as it stands."""
        names = {"contact": reader_of(one), "hub": self._hub}
        body = self._body.render(names)
        subject = self._subject.render(names)
        parts = {
            "hub": self._hub,
            "subject": subject,
            "preview": self._preview,
            "why": self._why,
            "links": {
                "unsubscribe": UNSUBSCRIBE.format(one.number),
                "view": VIEW.format(one.number),
            },
        }
        document = mjml.mjml2html(
            self._html.render(**parts, body=Markup(self._markdown.render(body))),
            disable_comments=False,
            fonts={},
        )
        return Message(
            subject,
            self._text.render(**parts, body=body),
            self._inliner.inline(document),
        )


def _must_agree(ours: list[Message], peer: list[Message], few: list[Person]) -> None:
    """Both greet the same person and lead to the same unsubscribe link."""
    for mine, theirs, one in zip(ours, peer, few, strict=False):
        told = (f"Dear {one.first_name} {one.last_name}", UNSUBSCRIBE.format(one.number))
        if not all(words in made.text for words in told for made in (mine, theirs)):
            raise RuntimeError("the two did not make the same message")


def _requests(tailored: list[_Tailored]) -> float:
    with timed() as seconds:
        for whole in batches(tailored, BATCH):
            payload(whole)
    return seconds()


def _messages(tailored: list[_Tailored]) -> float:
    with timed() as seconds:
        for one in tailored:
            handover = _handover([one])
            email_message(handover, handover.recipients[0])
    return seconds()


def _handover(some: list[_Tailored]) -> Handover:
    return Handover(
        reference="bench",
        campaign=CAMPAIGN,
        occurrence="2026-11-23",
        sender=Mailbox("hub@example.org", "NCL Training Hub"),
        reply_to=None,
        content=some[0].content,
        recipients=tuple(
            Recipient(f"d{o.number}", f"person{o.number}@example.org", o.values, o.values[0])
            for o in some
        ),
        at=datetime.now(UTC),
    )
