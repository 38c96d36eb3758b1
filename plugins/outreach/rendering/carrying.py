"""Whether a rendered variant shows all the resources that its readers will count as told of."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from outreach.domain import Resource
from outreach.errors import Fault
from outreach.providers.base import Content
from outreach.wording import shown_path

if TYPE_CHECKING:
    from outreach.campaigns import Campaign


def not_shown(
    campaign: Campaign, content: Content, resources: Sequence[Resource]
) -> tuple[Fault, ...]:
    """Return a Fault where a digest's copy leaves out some of what it brings."""
    rich, plain = "".join(content.html.literals), "".join(content.text.literals)
    lost = [
        one.title for one in resources if html.escape(one.url) not in rich or one.url not in plain
    ]
    if not lost:
        return ()
    said = (
        f"the copy does not link to {len(lost)} of the {len(resources)} resources it brings, such "
        f"as “{lost[0]}”: nobody would be told of them again. Print each with "
        "{% for resource in resources %}, and set max under digest to bring fewer"
    )
    return (Fault(said, shown_path(campaign.file), campaign.body_line),)
