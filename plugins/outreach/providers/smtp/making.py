"""What makes the messages that leave: whole, and signed where a key is configured."""

from __future__ import annotations

from collections.abc import Callable

from outreach.providers import mime
from outreach.providers.base import Handover, Recipient


def maker(
    handover: Handover, sign: Callable[[bytes], bytes] | None
) -> Callable[[Recipient], bytes]:
    """Return what makes each message of a batch as it leaves, with DKIM where `sign` is given."""
    make = mime.maker(handover)
    if sign is None:
        return make
    return lambda recipient: sign(make(recipient))
