"""What each answer of SendGrid, or none, means for a batch."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from tests.fakes.batches import handover, recipient
from tests.fakes.running import FakeSendGrid

from outreach.errors import (
    ConfigError,
    HandOverError,
    InDoubt,
    MustStop,
    NotSent,
    Rejected,
    TooLarge,
)
from outreach.providers import sendgrid
from outreach.providers.registry import open_provider
from outreach.providers.sendgrid import SendGrid
from outreach.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path, sendgrid_server: FakeSendGrid) -> Settings:
    return load_settings(
        {
            "OUTREACH_HOME": str(tmp_path),
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
            "OUTREACH_SENDGRID_API_KEY": sendgrid_server.api_key,
            "OUTREACH_SENDGRID_BASE_URL": sendgrid_server.address,
        }
    )


@pytest.fixture
def provider(settings: Settings) -> Iterator[SendGrid]:
    provider = SendGrid(settings, httpx.Timeout(connect=2, write=2, read=0.5, pool=1))
    yield provider
    provider.close()


def test_a_receipt_carries_the_message_id(
    provider: SendGrid, sendgrid_server: FakeSendGrid
) -> None:
    receipt = provider.hand_over(handover(recipient(1)))
    assert receipt.message_id == sendgrid_server.accepted()[0]["message_id"]


def test_acceptance_without_a_message_id_is_acceptance(
    provider: SendGrid, sendgrid_server: FakeSendGrid
) -> None:
    sendgrid_server.fail({"kind": "202 without id"})
    assert provider.hand_over(handover(recipient(1))).message_id == ""


@pytest.mark.parametrize(
    ("kind", "error", "taken"),
    [
        ("reset before reading", InDoubt, 0),
        ("reset mid-body", InDoubt, 0),
        ("reset after processing", InDoubt, 1),
        ("hang before processing", InDoubt, 0),
        ("hang after processing", InDoubt, 1),
        ("garbage reply", InDoubt, 1),
        ("503 after acceptance", InDoubt, 1),
        ("200", InDoubt, 1),
        ("500", InDoubt, 0),
        ("429", NotSent, 0),
        ("401", MustStop, 0),
        ("403", MustStop, 0),
        ("404", MustStop, 0),
        ("302", MustStop, 0),
        ("413", TooLarge, 0),
        ("400", Rejected, 0),
    ],
)
def test_every_answer_says_what_to_do_next(
    provider: SendGrid,
    sendgrid_server: FakeSendGrid,
    kind: str,
    error: type[HandOverError],
    taken: int,
) -> None:
    sendgrid_server.fail({"kind": kind})
    with pytest.raises(HandOverError) as caught:
        provider.hand_over(handover(recipient(1)))
    assert type(caught.value) is error
    assert len(sendgrid_server.accepted()) == taken
    assert sendgrid_server.api_key not in repr(caught.value)
    assert "person1" not in caught.value.reason


def test_after_any_fault_the_next_batch_goes_through(
    provider: SendGrid, sendgrid_server: FakeSendGrid
) -> None:
    for kind in ("reset mid-body", "garbage reply", "429", "500"):
        sendgrid_server.fail({"kind": kind})
        with pytest.raises(HandOverError):
            provider.hand_over(handover(recipient(1)))
    provider.hand_over(handover(recipient(2)))
    assert sendgrid_server.accepted()[-1]["delivery"] == "delivery2"


def test_429_slows_everyone_until_the_reset(
    provider: SendGrid, sendgrid_server: FakeSendGrid
) -> None:
    sendgrid_server.fail({"kind": "429", "seconds": 20})
    with pytest.raises(NotSent) as caught:
        provider.hand_over(handover(recipient(1)))
    assert caught.value.everyone
    assert 15 < caught.value.retry_after <= 20


def test_a_reply_that_trickles_in_for_ever_is_cut_short_and_in_doubt(
    provider: SendGrid, sendgrid_server: FakeSendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sendgrid, "EXCHANGE", 0.3)
    sendgrid_server.fail({"kind": "trickle", "seconds": 0.02})
    with pytest.raises(InDoubt):
        provider.hand_over(handover(recipient(1)))
    provider.hand_over(handover(recipient(2)))
    assert sendgrid_server.accepted()[-1]["delivery"] == "delivery2"


def test_no_connection_is_provably_not_sent(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = taken.getsockname()[1]
        provider = SendGrid(replace(settings, sendgrid_base_url=f"http://127.0.0.1:{port}"))
        with pytest.raises(NotSent):
            provider.hand_over(handover(recipient(1)))


def test_failing_tls_is_provably_not_sent(
    settings: Settings, sendgrid_server: FakeSendGrid
) -> None:
    plain = sendgrid_server.address.replace("http:", "https:")
    with pytest.raises(NotSent):
        SendGrid(replace(settings, sendgrid_base_url=plain)).hand_over(handover(recipient(1)))
    assert sendgrid_server.accepted() == []


def test_a_refused_row_is_told_in_the_providers_words_without_the_address(
    provider: SendGrid, sendgrid_server: FakeSendGrid
) -> None:
    sendgrid_server.fail({"kind": "bad row", "email": "person2@example.org"})
    with pytest.raises(Rejected, match="Invalid") as caught:
        provider.hand_over(handover(recipient(1), recipient(2)))
    assert "person2" not in str(caught.value)
    assert "personalizations.1.to" in str(caught.value)


def test_a_refusal_that_quotes_a_name_is_told_without_it(
    provider: SendGrid, sendgrid_server: FakeSendGrid
) -> None:
    sendgrid_server.fail({"kind": "400", "words": "bad value Amy Smithson at amy@example.org"})
    with pytest.raises(Rejected) as caught:
        provider.hand_over(handover(recipient(1, "Amy Smithson")))
    assert "Smithson" not in str(caught.value)
    assert "amy@" not in str(caught.value)


def test_people_arrive_in_their_order(provider: SendGrid, sendgrid_server: FakeSendGrid) -> None:
    provider.hand_over(handover(*(recipient(n) for n in (3, 1, 2))))
    ids = [line["delivery"] for line in sendgrid_server.accepted()]
    assert ids == ["delivery3", "delivery1", "delivery2"]


def test_outside_production_nobody_beyond_the_allow_list_is_reached(
    settings: Settings, sendgrid_server: FakeSendGrid
) -> None:
    for globs in (("*@test.example.org",), ()):
        provider = SendGrid(replace(settings, allowed_recipients=globs))
        with pytest.raises(Rejected, match=r"allow-list|OUTREACH_ALLOWED_RECIPIENTS"):
            provider.hand_over(handover(recipient(1)))
    assert sendgrid_server.accepted() == []


def test_the_api_key_shows_nowhere(settings: Settings, provider: SendGrid) -> None:
    assert settings.sendgrid_api_key not in f"{settings!r} {provider!r} {vars(provider)!r}"


def test_without_an_api_key_there_is_no_provider(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="OUTREACH_SENDGRID_API_KEY"):
        open_provider("sendgrid", replace(settings, sendgrid_api_key=""))


def test_production_never_sends_its_key_in_the_clear(settings: Settings) -> None:
    live = replace(settings, env="production")
    open_provider("sendgrid", live).close()  # to this machine itself nothing crosses a network
    with pytest.raises(ConfigError, match="https"):
        open_provider("sendgrid", replace(live, sendgrid_base_url="http://relay.example.org"))
