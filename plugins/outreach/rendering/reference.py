"""The reference: the whole pipeline for one person alone, as slow and as plain as can be.

It shares Markdown, layout and inlining with the compiled way, and nothing of its taking apart:
Jinja renders the unmodified template with its own conditions and loops. Tests require both ways
to be equal byte for byte; nothing else uses this.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.domain import Reader
from outreach.hub import Hub
from outreach.rendering.components.written import written_out
from outreach.rendering.compose import Message
from outreach.rendering.layout import load_layout
from outreach.rendering.pipeline import Marked, assemble
from outreach.rendering.sandbox import copy_environment
from outreach.rendering.sentinels import Sentinels
from outreach.rendering.values import ContactView, EditionContext, Link, to_text

if TYPE_CHECKING:
    from outreach.campaigns import Campaign


@dataclass(frozen=True, slots=True)
class _Links:
    unsubscribe: Link
    view: Link


def render_for(
    campaign: Campaign,
    hub: Hub,
    layouts: Path,
    reader: Reader,
    edition: EditionContext,
    unsubscribe_url: str,
    view_url: str,
) -> Message:
    """Return one person's message, its values entering last and inert."""
    sentinels = Sentinels()
    env = copy_environment(finalize=lambda value: sentinels.mark(to_text(value)))
    names = {
        "contact": ContactView(reader),
        "hub": hub,
        "edition": edition,
        "links": _Links(Link(unsubscribe_url), Link(view_url)),
        "resources": campaign.resources,
        "arm": reader.arm,
    }
    arm = next((arm for arm in campaign.arms if arm.name == reader.arm), None)
    texts = (
        (arm and arm.subject) or campaign.subject,
        (arm and arm.preview) or campaign.preview,
        written_out(campaign.body).text,
    )
    marked = Marked(*(env.from_string(text).render(names) for text in texts))
    layout = load_layout(layouts, campaign.layout)
    links = (unsubscribe_url, view_url)
    images = campaign.placing(edition.assets)
    content = assemble(marked, sentinels, layout, hub, campaign.why, links, images)
    subject, text, rich = (p.literals[0] for p in (content.subject, content.text, content.html))
    return Message(subject, text, rich)
