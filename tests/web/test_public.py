"""The public app: one-click unsubscribing, the webhook, viewing in a browser, health."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import html5lib
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from tests.fakes.batches import CONTENT
from tests.fakes.ledger import Ledger, happened, ledger, post

from outreach.engagement.rollup import engagement
from outreach.engagement.simulator import make_key, sign, simulate
from outreach.errors import Refused
from outreach.flows.events import drain
from outreach.flows.links import COPY
from outreach.keys import UNSUBSCRIBE, VIEW
from outreach.ledger.editions import delivery, raw_event
from outreach.ledger.schema import metadata
from outreach.providers.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER
from outreach.rendering.frozen import to_json
from outreach.web.public import create_public_app
from outreach.web.public.events import MAX_BODY
from outreach.web.public.ratelimit import RateLimit

__all__ = ["ledger"]

PRIVATE, PUBLIC = make_key()


@pytest.fixture
def app(ledger: Ledger):
    settings = replace(ledger.ws.settings, webhook_keys=(PUBLIC,))
    return create_public_app(SimpleNamespace(**{**vars(ledger.ws), "settings": settings}))


@pytest.fixture
def browser(app) -> TestClient:
    return TestClient(app, follow_redirects=False)


def link(ledger: Ledger, edition_id: int, n: int = 0) -> str:
    return "/unsubscribe/" + ledger.ws.keys.sign(UNSUBSCRIBE, ledger.delivery_id(edition_id, n))


def everything(ledger: Ledger) -> str:
    """The whole ledger as text, to see whether anything changed."""
    with ledger.ws.engine.connect() as c:
        tables = metadata.tables.values()
        return str([[tuple(row) for row in c.execute(sa.select(one))] for one in tables])


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "unsubscribe"), ("POST", "unsubscribe"), ("GET", "view")]
)
def test_the_links_of_a_test_or_copy_change_nothing_and_say_so(
    ledger: Ledger, browser: TestClient, method: str, path: str
) -> None:
    before = everything(ledger)
    answer = browser.request(method, f"/{path}/{COPY}")
    assert (answer.status_code, "This link does nothing" in answer.text) == (200, True)
    assert everything(ledger) == before


def test_the_app_serves_these_routes_and_no_others(app) -> None:
    found = {(route.path, method) for route in app.routes for method in route.methods}
    assert found == {
        ("/assets/{name}", "GET"),
        ("/assets/{name}", "HEAD"),
        ("/events/sendgrid", "POST"),
        ("/events/ses", "POST"),
        ("/unsubscribe/{token:path}", "GET"),
        ("/unsubscribe/{token:path}", "HEAD"),
        ("/unsubscribe/{token:path}", "POST"),
        ("/preferences/{token}", "GET"),
        ("/preferences/{token}", "HEAD"),
        ("/preferences/{token}", "POST"),
        ("/view/{token}", "GET"),
        ("/view/{token}", "HEAD"),
        ("/health", "GET"),
        ("/health", "HEAD"),
    }


# Unsubscribing


def test_a_mail_programs_one_click_post_works_without_a_cookie_or_redirect(
    ledger: Ledger, browser: TestClient
) -> None:
    edition_id = ledger.edition()
    answer = browser.post(link(ledger, edition_id), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert [row.origin for row in ledger.suppressions(0)] == ["one-click"]


def test_a_multipart_one_click_post_works_too(ledger: Ledger, browser: TestClient) -> None:
    edition_id = ledger.edition()
    browser.post(link(ledger, edition_id), files={"List-Unsubscribe": (None, "One-Click")})
    assert [row.origin for row in ledger.suppressions(0)] == ["one-click"]


def test_a_person_sees_a_page_with_one_button_and_presses_it(
    ledger: Ledger, browser: TestClient
) -> None:
    edition_id = ledger.edition()
    page = browser.get(link(ledger, edition_id))
    assert '<form method="post">' in page.text
    assert "person0" not in page.text
    done = browser.post(link(ledger, edition_id))
    assert "no more emails" in done.text
    assert [row.origin for row in ledger.suppressions(0)] == ["unsubscribe page"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_link_scanner_changes_nothing_however_often_it_looks(
    ledger: Ledger, browser: TestClient, method: str
) -> None:
    edition_id = ledger.edition()
    before = everything(ledger)
    for path in (link(ledger, edition_id), "/unsubscribe/x", "/view/x", "/health"):
        for _ in range(25):
            assert browser.request(method, path).status_code < 500
    assert everything(ledger) == before


def test_no_altered_link_unsubscribes_anyone(ledger: Ledger, browser: TestClient) -> None:
    edition_id = ledger.edition()
    good = link(ledger, edition_id)
    before = everything(ledger)
    for place in range(len("/unsubscribe/"), len(good)):
        bad = good[:place] + ("b" if good[place] != "b" else "c") + good[place + 1 :]
        assert browser.post(bad, data={"List-Unsubscribe": "One-Click"}).status_code == 400
    view = ledger.ws.keys.sign(VIEW, ledger.delivery_id(edition_id, 0))
    assert browser.post(f"/unsubscribe/{view}").status_code == 400
    assert everything(ledger) == before


@pytest.mark.parametrize("path", ["/unsubscribe/", "/unsubscribe/k1.0.abc", "/unsubscribe/a/b?c=d"])
def test_a_link_that_cannot_be_read_leads_to_the_address_form(
    browser: TestClient, path: str
) -> None:
    page = browser.get(path)
    assert page.status_code == 200
    assert '<label for="address">' in page.text


def test_the_address_form_suppresses_and_never_says_who_is_known(
    ledger: Ledger, browser: TestClient
) -> None:
    ledger.edition()
    known = browser.post("/unsubscribe/x", data={"address": "Person0@example.org"})
    unknown = browser.post("/unsubscribe/x", data={"address": "stranger@example.org"})
    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    assert {**known.headers, "date": ""} == {**unknown.headers, "date": ""}
    assert [row.origin for row in ledger.suppressions(0)] == ["address form"]


@pytest.mark.parametrize(
    "address",
    ["\u200bperson0@example.org", " PERSON0@example.org\u00a0", "person0\u2060@example.org"],
)
def test_an_address_is_understood_with_characters_that_nobody_sees(
    ledger: Ledger, browser: TestClient, address: str
) -> None:
    ledger.edition()
    assert browser.post("/unsubscribe/x", data={"address": address}).status_code == 200
    assert [row.origin for row in ledger.suppressions(0)] == ["address form"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "amy",
        "a@b",
        "a b@example.org",
        "x" * 300 + "@a.org",
        "mailto:amy@example.org",
        "Amy <amy@example.org>",
        "amy@example.org;bo@example.org",
    ],
)
def test_an_address_that_is_none_is_asked_for_again(
    ledger: Ledger, browser: TestClient, address: str
) -> None:
    page = browser.post("/unsubscribe/x", data={"address": address})
    assert page.status_code == 400
    assert 'aria-invalid="true"' in page.text
    assert "<title>Error: " in page.text
    assert ledger.suppressions() == []


def test_one_client_cannot_try_many_addresses(ledger: Ledger, browser: TestClient) -> None:
    answers = [
        browser.post("/unsubscribe/x", data={"address": f"a{n}@example.org"}) for n in range(7)
    ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert len(ledger.suppressions()) == 5


def test_a_good_link_is_never_slowed_down(ledger: Ledger, browser: TestClient) -> None:
    edition_id = ledger.edition(people=10)
    paths = [link(ledger, edition_id, n) for n in range(10)]
    assert {browser.post(path).status_code for path in paths} == {200}
    assert len(ledger.suppressions()) == 10


def test_the_rate_limit_forgets_with_time_and_keeps_its_memory_small() -> None:
    now = [0.0]
    limit = RateLimit(2, 10.0, clients=3, clock=lambda: now[0])
    assert [limit.take("a") for _ in range(3)] == [True, True, False]
    now[0] = 10.0
    assert [limit.take("a") for _ in range(2)] == [True, False]
    for client in "bcdef":
        assert limit.take(client)
    assert len(limit._free_at) == 3


def test_an_enormous_body_is_not_read(ledger: Ledger, browser: TestClient) -> None:
    ledger.edition()
    body = b"address=person0%40example.org&x=" + b"x" * 1_000_000
    assert browser.post("/unsubscribe/x", content=body).status_code == 400
    assert ledger.suppressions() == []


# The webhook


def kept(ledger: Ledger) -> list[bytes]:
    with ledger.ws.engine.connect() as c:
        return list(c.execute(sa.select(raw_event.c.body)).scalars())


def test_a_signed_post_is_kept_byte_for_byte(ledger: Ledger, browser: TestClient) -> None:
    body = post(happened("open")) + b"\r\n"
    assert browser.post("/events/sendgrid", content=body, headers=sign(PRIVATE, body)).is_success
    assert [bytes(one) for one in kept(ledger)] == [body]


def test_an_unsigned_or_altered_post_is_refused_and_nothing_is_written(
    ledger: Ledger, browser: TestClient
) -> None:
    body = post(happened("open"))
    headers = sign(PRIVATE, body)
    stranger, _ = make_key()

    def status(content: bytes, headers: dict[str, str]) -> int:
        return browser.post("/events/sendgrid", content=content, headers=headers).status_code

    assert status(body, {}) == 401
    for gone in (SIGNATURE_HEADER, TIMESTAMP_HEADER):
        assert status(body, {k: v for k, v in headers.items() if k != gone}) == 401
    assert status(body + b" ", headers) == 403
    assert status(body, sign(stranger, body)) == 403
    assert status(body, dict.fromkeys(headers, "***")) == 403
    assert kept(ledger) == []


def test_an_enormous_post_is_refused(ledger: Ledger, browser: TestClient) -> None:
    body = b"[" + b" " * MAX_BODY + b"]"
    answer = browser.post("/events/sendgrid", content=body, headers=sign(PRIVATE, body))
    assert answer.status_code == 413
    streamed = browser.post("/events/sendgrid", content=iter([body]), headers=sign(PRIVATE, body))
    assert streamed.status_code == 413
    assert kept(ledger) == []


def test_without_keys_the_webhook_says_what_to_mend(ledger: Ledger) -> None:
    body = post(happened("open"))
    answer = TestClient(create_public_app(ledger.ws)).post(
        "/events/sendgrid", content=body, headers=sign(PRIVATE, body)
    )
    assert answer.status_code == 503
    assert "OUTREACH_SENDGRID_WEBHOOK_KEYS" in answer.text
    assert kept(ledger) == []


def test_when_the_ledger_is_away_the_post_must_come_again(
    ledger: Ledger, browser: TestClient
) -> None:
    body = post(happened("open"))
    with ledger.ws.engine.begin() as c:
        c.execute(sa.text("ALTER TABLE raw_event RENAME TO elsewhere"))
    answer = browser.post("/events/sendgrid", content=body, headers=sign(PRIVATE, body))
    assert answer.status_code == 503


def test_simulated_engagement_goes_through_the_real_webhook(
    ledger: Ledger, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.edition(people=40)
    monkeypatch.setattr("httpx.Client", lambda **_: browser)
    url = "http://testserver/events/sendgrid"
    made = simulate(ledger.ws, "news@2026-11-23", private_key=PRIVATE, url=url)
    assert drain(ledger.ws).added == made
    found = engagement(ledger.ws, "news@2026-11-23")
    assert found.simulated
    assert (found.delivered, found.bounced, found.unsubscribed) == (39, 1, 1)
    assert 0 < found.clicked <= found.opened < found.delivered
    assert found.machine_opened > 0
    simulate(ledger.ws, "news@2026-11-23", private_key=PRIVATE, url=url)
    assert drain(ledger.ws).added == 0


def test_nothing_is_simulated_in_production(ledger: Ledger) -> None:
    settings = replace(ledger.ws.settings, env="production")
    ws = SimpleNamespace(**{**vars(ledger.ws), "settings": settings})
    with pytest.raises(Refused, match="production"):
        simulate(ws, "news@2026-11-23", private_key=PRIVATE, url="http://localhost/")


# View in browser


def test_an_unknown_altered_or_expired_view_link_shows_nothing(
    ledger: Ledger, browser: TestClient
) -> None:
    edition_id = ledger.edition()
    one = ledger.delivery_id(edition_id, 0)
    for token in (
        "x",
        ledger.ws.keys.sign(UNSUBSCRIBE, one),
        ledger.ws.keys.sign(VIEW, one, expires=1),
    ):
        assert browser.get(f"/view/{token}").status_code == 404


def test_a_view_link_shows_that_persons_message_and_nobody_elses(
    ledger: Ledger, browser: TestClient
) -> None:
    edition_id = ledger.edition(content=to_json(CONTENT))
    with ledger.ws.engine.begin() as c:
        values = ["", "", "<script>Amy</script>", "Camden"]
        c.execute(sa.update(delivery).values(slot_values=values))
    token = ledger.ws.keys.sign(VIEW, ledger.delivery_id(edition_id, 1))
    before = everything(ledger)
    page = browser.get(f"/view/{token}")
    assert page.status_code == 200
    assert "<p>Dear &lt;script&gt;Amy&lt;/script&gt;,</p>" in page.text
    unsubscribe = re.search(r"href='http://localhost:8090(/unsubscribe/[^']+)'", page.text)
    assert unsubscribe
    assert everything(ledger) == before
    assert browser.post(unsubscribe[1]).status_code == 200
    assert len(ledger.suppressions(1)) == len(ledger.suppressions()) == 1


def test_a_viewed_message_can_run_nothing_and_is_kept_nowhere(
    ledger: Ledger, browser: TestClient
) -> None:
    edition_id = ledger.edition(content=to_json(CONTENT))
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(delivery).values(slot_values=["", "", "Amy", "Camden"]))
    headers = browser.get(
        f"/view/{ledger.ws.keys.sign(VIEW, ledger.delivery_id(edition_id, 0))}"
    ).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]


def test_an_erased_persons_message_is_gone(ledger: Ledger, browser: TestClient) -> None:
    edition_id = ledger.edition()
    with ledger.ws.engine.begin() as c:
        c.execute(sa.update(delivery).values(slot_values=sa.null()))
    token = ledger.ws.keys.sign(VIEW, ledger.delivery_id(edition_id, 0))
    assert browser.get(f"/view/{token}").status_code == 410


# All pages


def test_health_looks_at_the_ledger(ledger: Ledger, browser: TestClient) -> None:
    assert browser.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "good link", 200),
        ("POST", "good link", 200),
        ("GET", "/unsubscribe/x", 200),
        ("POST", "/unsubscribe/x", 400),
        ("GET", "preferences", 200),
        ("POST", "preferences", 200),
        ("GET", "/preferences/x", 404),
        ("GET", "/view/x", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/health", 405),
    ],
)
def test_every_page_is_complete_private_and_locked_down(
    ledger: Ledger, browser: TestClient, method: str, path: str, status: int
) -> None:
    if path in ("good link", "preferences"):
        path = link(ledger, ledger.edition()).replace("unsubscribe", path.split()[-1], 1)
        path = path.replace("/link/", "/unsubscribe/")
    answer = browser.request(method, path)
    assert answer.status_code == status
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)
    assert page.get("lang") == "en-GB"
    assert page.findtext("head/title")
    assert len(page.findall(".//main")) == len(page.findall(".//h1")) == 1
    assert page.find(".//script") is None
    headers = answer.headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "paper", 4.5),
        ("ink", "card", 4.5),
        ("link", "card", 4.5),
        ("fault", "card", 4.5),
        ("label", "button", 4.5),
        ("line", "card", 3.0),
        ("focus", "on-focus", 3.0),
    ],
)
def test_colours_have_enough_contrast_in_light_and_dark(
    ledger: Ledger, front: str, back: str, least: float, scheme: int
) -> None:
    css = (ledger.ws.settings.root / "templates/pages/public/public.css").read_text()
    colours: dict[str, str] = {}
    for block in re.findall(r":root \{([^}]*)\}", css)[: scheme + 1]:
        colours.update(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    one, other = sorted((_luminance(colours[front]), _luminance(colours[back])))
    assert (other + 0.05) / (one + 0.05) >= least
