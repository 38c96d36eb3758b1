"""The receipt of an erasure: what was removed, sealed so that it cannot be altered unseen.

It names nobody. The seal is made with the address key, which never changes.
"""

from __future__ import annotations

import hmac
import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outreach.clock import london
from outreach.errors import InputError, Refused
from outreach.flows.erasing import Erasure
from outreach.flows.person_files import write_private
from outreach.flows.who import address_of

if TYPE_CHECKING:
    from outreach.workspace import Workspace

_INSIDE = re.compile(r'<pre id="receipt">(.*?)</pre>', re.DOTALL)


def write_receipt(ws: Workspace, done: Erasure, file: Path | str) -> Path:
    """Write the receipt of an erasure, as .json or as .html to read. Returns the path.

    Raises InputError for another extension.
    """
    path = Path(file)
    if path.suffix.lower() not in (".json", ".html"):
        raise InputError("name the receipt .json (for a machine) or .html (to read)")
    body = json.dumps(_sealed(ws, done), indent=2)
    write_private(path, body if path.suffix.lower() == ".json" else _page(done, body))
    return path


def check_receipt(ws: Workspace, address: str, file: Path | str) -> int:
    """Return the number of the erasure that a receipt of this address proves.

    Raises InputError where the file is no receipt, and Refused where it was altered, or is
    another deployment's or another person's.
    """
    found = _read(Path(file))
    seal = str(found.pop("seal", ""))
    if not hmac.compare_digest(seal.encode(), ws.keys.seal(_canonical(found)).encode()):
        raise Refused("this receipt was altered, or another deployment made it")
    if found.get("person") != ws.keys.address_hash(address_of(address)).hex():
        raise Refused("this receipt is about another address")
    return int(found["erasure"])


def _sealed(ws: Workspace, done: Erasure) -> dict[str, Any]:
    said: dict[str, Any] = {
        "erasure": done.number,
        "at": done.at.isoformat() if done.at else "",
        "by": done.by,
        "via": done.via,
        "person": done.person,
        "removed": dict(done.counts),
    }
    return {**said, "seal": ws.keys.seal(_canonical(said))}


def _canonical(said: dict[str, Any]) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        inside = _INSIDE.search(text)
        found = json.loads(html.unescape(inside.group(1)) if inside else text)
    except (OSError, ValueError):
        raise InputError(f"{path.name} is not a receipt of an erasure") from None
    if not isinstance(found, dict) or "erasure" not in found:
        raise InputError(f"{path.name} is not a receipt of an erasure")
    return found


def _page(done: Erasure, body: str) -> str:
    rows = "".join(
        f'<tr><th scope="row">{html.escape(place)}</th><td>{count}</td></tr>'
        for place, count in done.counts.items()
    )
    when = london(done.at) if done.at else ""
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Receipt of an erasure</title>'
        "<style>body{font:1.1rem/1.5 Arial,sans-serif;max-width:60rem;margin:2rem auto;"
        "padding:0 1rem;color:#212b32;background:#fff}th,td{text-align:left;padding:.3rem 1rem "
        ".3rem 0;border-bottom:1px solid #aeb7bd}pre{overflow-x:auto}</style></head><body><main>"
        f"<h1>Receipt of an erasure</h1><p>Erasure {done.number}, {html.escape(when)}, by "
        f'{html.escape(done.by)}.</p><table><thead><tr><th scope="col">Place</th>'
        f'<th scope="col">Removed</th></tr></thead><tbody>{rows}</tbody></table>'
        "<h2>For checking</h2><p>Keep this file. <code>outreach person ADDRESS --erased --receipt "
        "FILE</code> says whether it is genuine, and that nothing is left.</p>"
        f'<pre id="receipt">{html.escape(body)}</pre></main></body></html>\n'
    )
