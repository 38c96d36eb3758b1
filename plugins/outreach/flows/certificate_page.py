"""A certificate as one page to print and sign, which reads without any other file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from outreach.clock import london
from outreach.ledger.certificate import Certificate

_STYLE = (
    "body{font:1rem/1.5 Arial,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;"
    "color:#212b32;background:#fff}table{border-collapse:collapse;width:100%}"
    "caption{text-align:left;font-weight:bold;padding:1rem 0 .3rem}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem 1rem .3rem 0;"
    "border-bottom:1px solid #aeb7bd;overflow-wrap:anywhere}th{font-weight:normal;width:40%}"
    "td.n{text-align:right}.part th{padding-left:2rem}.sign td{height:3rem}"
)
_LINES = ("failed", "suppressed", "cancelled", "unknown", "planned", "claimed")
_WORDS = {"unknown": "in doubt", "planned": "not handed over yet", "claimed": "being handed over"}


def as_page(
    facts: Sequence[tuple[str, object]],
    account: Certificate,
    settled_at: datetime | None,
    changes: Sequence[str],
) -> str:
    """Return the page. `changes` says what differs from the certificate as it was settled."""
    verdict = "balanced to the person" if account.balanced else "DOES NOT BALANCE"
    settled = f"Settled {london(settled_at)}." if settled_at else "Not settled yet."
    later = "".join(f"<li>{escape(one)}</li>" for one in changes)
    parts = [
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>Certificate of {escape(account.edition)}</title><style>{_STYLE}</style></head>",
        f"<body><main><h1>Certificate of {escape(account.edition)}</h1>",
        f"<p><strong>{verdict}.</strong> {settled}</p>",
        f"<p>Changed since, as events came later:</p><ul>{later}</ul>" if later else "",
        _table("The edition", [_row(name, _shown(value)) for name, value in facts]),
        _table("Everybody in the audience", _account(account)),
        _table("Outside the audience", _reasons(account.excluded_by_reason)),
        _table("Signed", [_row(who, "") for who in ("Name", "Date", "Signature")], "sign"),
    ]
    return "".join(parts) + "</main></body></html>\n"


def _account(account: Certificate) -> list[str]:
    rows = [_row("intended", account.intended), _row("accepted by the provider", account.accepted)]
    rows += [_row(f"now {w}", n, part=True) for w, n in account.became.items() if n]
    for name in _LINES:
        rows.append(_row(_WORDS.get(name, name), getattr(account, name)))
        rows += _reasons(account.reasons.get(name, {}))
    return [*rows, _row("of these, objected while it was on its way", account.crossed)]


def _reasons(reasons: dict[str, int]) -> list[str]:
    return [_row(why, people, part=True) for why, people in sorted(reasons.items())]


def _row(label: str, value: object, *, part: bool = False) -> str:
    kind = ' class="part"' if part else ""
    number = ' class="n"' if isinstance(value, int) else ""
    shown = f"{value:,}" if isinstance(value, int) else escape(str(value))
    return f'<tr{kind}><th scope="row">{escape(label)}</th><td{number}>{shown}</td></tr>'


def _table(caption: str, rows: Sequence[str], kind: str = "") -> str:
    if not rows:
        return ""
    return f'<table class="{kind}"><caption>{caption}</caption>{"".join(rows)}</table>'


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return london(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
