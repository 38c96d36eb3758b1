"""A message shown inside a page: in a frame that can run, load and submit nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outreach.reports.proofs import Proof, with_images

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_FIRST = (
    # A link would replace the message in its frame; sent to a new window, the sandbox stops it.
    '<base target="_blank">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)


def framed(ws: Workspace, proof: Proof) -> str:
    """Return the message's HTML for an `<iframe sandbox="" srcdoc>`, with a policy of its own.

    Our images stand in it as they are, and no other is loaded: reading a proof tells nobody.
    The page's policy holds inside the frame too; this one keeps holding if that is ever eased.
    """
    shown = with_images(ws, proof.html)
    head = _HEAD.search(shown)
    place = head.end() if head else 0
    return shown[:place] + _FIRST + shown[place:]
