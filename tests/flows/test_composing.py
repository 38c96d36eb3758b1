"""A batch's people are those that are made one by one, whenever a message is shown again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from outreach.flows.composing import Made, recipient, recipients
from outreach.flows.links import WITHDRAWN
from outreach.hub import nameless_hub
from outreach.keys import UNSUBSCRIBE, VIEW, Keys
from outreach.providers.base import Recipient
from outreach.settings import load_settings
from outreach.workspace import Workspace

WS = Workspace(
    load_settings({"OUTREACH_HOME": "/nowhere"}),
    Keys(b"a" * 32, {"k1": b"b" * 32}),
    nameless_hub(),
    sa.create_engine("sqlite://"),
)
AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EVEN = [("", "", f"Name {n}", "Camden") for n in range(3)]


@pytest.mark.parametrize("rows", [EVEN, [("", ""), *EVEN], [("", "")] * 2, [(), ()], []])
@pytest.mark.parametrize("kid", ["", "gone"])
def test_a_batch_holds_the_people_that_are_made_alone(
    rows: list[tuple[str, ...]], kid: str
) -> None:
    made = Made(kid or WS.keys.signing_kid, "https://outreach.example.org", AT)
    ids = WS.keys.delivery_ids(7, range(len(rows)))
    addresses = [f"person{n}@example.org" for n in range(len(rows))]
    together = recipients(WS, ids, addresses, rows, made)
    each = zip(ids, addresses, rows, strict=True)
    assert list(together) == [recipient(WS, *one, made) for one in each]
    assert len(together) == len(rows)
    assert tuple(together[1:]) == tuple(together)[1:]
    for row, one in zip(rows, together, strict=True):
        assert one.values[2:] == row[2:]
        assert one.values[0] == one.unsubscribe_url
        _must_lead_to(one, kid)


def _must_lead_to(one: Recipient, kid: str) -> None:
    unsubscribe, view = one.values[:2]
    base, tokens = "https://outreach.example.org", (unsubscribe, view)
    assert [link.rpartition("/")[0] for link in tokens] == [f"{base}/unsubscribe", f"{base}/view"]
    if kid:
        assert [link.rpartition("/")[2] for link in tokens] == [WITHDRAWN, WITHDRAWN]
    else:
        for purpose, link in ((UNSUBSCRIBE, unsubscribe), (VIEW, view)):
            assert WS.keys.verify(purpose, link.rpartition("/")[2]) == one.delivery_id
