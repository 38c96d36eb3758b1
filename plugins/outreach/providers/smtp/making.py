"""What makes the messages that leave."""

from __future__ import annotations

from collections.abc import Callable

from outreach.providers import mime
from outreach.providers.base import Handover, Recipient
from outreach.settings import Settings


def maker(handover: Handover, _settings: Settings) -> Callable[[Recipient], bytes]:
    """Return what makes each message of a batch as it leaves, whole."""
    return mime.maker(handover)
