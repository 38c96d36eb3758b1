"""What makes the messages that leave: whole, and signed where a key is configured."""

from __future__ import annotations

from collections.abc import Callable

from outreach.providers import mime
from outreach.providers.base import Handover
from outreach.providers.smtp.lines import PLAIN, Form, form_of


def maker(
    handover: Handover, sign: Callable[[bytes], bytes] | None
) -> Callable[[int], tuple[bytes, Form]]:
    """Return what makes each message of a batch, by its person's place, as it leaves.

    With DKIM where `sign` is given.
    What the quick way makes has a known form; anything else is looked through.
    """
    quick = mime.quick_maker(handover)

    def make(index: int) -> tuple[bytes, Form]:
        raw = quick(index)
        if raw is not None and sign is None:
            return raw, PLAIN
        raw = raw or mime.build(handover, handover.recipients[index])
        raw = sign(raw) if sign else raw
        return raw, form_of(raw)

    return make
