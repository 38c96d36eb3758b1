"""What people read about a campaign wherever it is listed: what starts it, and who gets it."""

from __future__ import annotations

from outreach.campaigns import Campaign

_BY_ITSELF = {
    "new_pledges": "when new pledges arrive",
    "new_resources": "when new resources arrive",
}


def starts(campaign: Campaign) -> str:
    """Return in words what makes an edition of this campaign."""
    if campaign.after is not None:
        step = f"{campaign.after.words} after a pledge"
        return f"{step}, at {campaign.at} on a working day, London time"
    if campaign.slots is not None:
        return campaign.slots.in_words()
    return _BY_ITSELF.get(campaign.trigger, "when a person starts it")


def whom(campaign: Campaign) -> str:
    """Return in words who gets it: its segment, and what else must hold for a reader."""
    segment = campaign.segment.described()
    if campaign.after is not None:
        step = f"pledged {campaign.after.words} before"
        return step if segment == "everyone" else f"{step}; {segment}"
    if campaign.digest is not None:
        news = "has something new to read"
        return news if segment == "everyone" else f"{segment}; {news}"
    return segment
