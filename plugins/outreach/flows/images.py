"""The images that an edition shows: where they are served, and what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outreach.campaigns import Campaign
from outreach.ledger.assets import Asset, find_asset
from outreach.ledger.engine import reading

if TYPE_CHECKING:
    from outreach.workspace import Workspace


def assets_url(ws: Workspace) -> str:
    """Return where the public app serves images, with no slash at its end."""
    return f"{ws.settings.public_url}/assets"


def kept_images(campaign: Campaign) -> tuple[Asset, ...]:
    """Return a campaign's images as the ledger keeps them, each once."""
    found = {image.name: image for image in campaign.images}
    return tuple(Asset(i.name, i.kind, i.width, i.height, i.data) for i in found.values())


def image(ws: Workspace, name: str) -> tuple[str, bytes] | None:
    """Return the media type and the bytes of a kept image, or None."""
    with reading(ws.engine) as connection:
        return find_asset(connection, name)
