"""A message shown inside a page: in a frame that can run, load and submit nothing."""

from __future__ import annotations

import re

from outreach.reports.proofs import Proof

_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_FIRST = (
    # A link would replace the message in its frame; sent to a new window, the sandbox stops it.
    '<base target="_blank">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:\">"
)


def framed(proof: Proof) -> str:
    """Return the message's HTML for an `<iframe sandbox="" srcdoc>`, with a policy of its own.

    The page's policy holds inside the frame too; this one keeps holding if that is ever eased.
    """
    head = _HEAD.search(proof.html)
    place = head.end() if head else 0
    return proof.html[:place] + _FIRST + proof.html[place:]
