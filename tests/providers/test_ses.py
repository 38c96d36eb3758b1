"""What each answer of Amazon SES, or none, means: for one message, and for a batch."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.client import Config
from botocore.session import Session
from tests.fakes.batches import handover, recipient
from tests.fakes.ses_server import KEY_ID, REGION, SECRET, SesServer, environment, ses_server

from outreach.errors import HandOverError, InDoubt, MustStop, NotSent, Rejected
from outreach.providers import ses, ses_batch
from outreach.providers.base import Receipt
from outreach.providers.mime import build
from outreach.providers.ses import POSTERS, Ses
from outreach.settings import Settings, load_settings


@pytest.fixture
def server() -> Iterator[SesServer]:
    with ses_server() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, server: SesServer) -> Settings:
    return load_settings(environment(server, str(tmp_path)))


@pytest.fixture
def provider(settings: Settings) -> Iterator[Ses]:
    provider = Ses(settings, httpx.Timeout(connect=2, write=2, read=0.3, pool=1))
    yield provider
    provider.close()


def people(count: int) -> Any:
    return handover(*(recipient(n) for n in range(count)))


def kinds(receipt: Receipt) -> list[type]:
    return [type(one.error) for one in receipt.otherwise]


ONE_ANSWER = [
    ({"kind": "reset before reading"}, InDoubt, 0),
    ({"kind": "reset mid-body"}, InDoubt, 0),
    ({"kind": "reset unanswered"}, InDoubt, 0),
    ({"kind": "reset after processing"}, InDoubt, 1),
    ({"kind": "hang", "seconds": 0.5}, InDoubt, 1),
    ({"kind": "no id"}, InDoubt, 1),
    ({"kind": "garbage"}, InDoubt, 1),
    ({"status": 500}, InDoubt, 0),
    ({"status": 503, "code": "ServiceUnavailable"}, InDoubt, 0),
    ({"status": 503, "code": "ThrottlingException"}, InDoubt, 0),
    ({"status": 408, "code": "RequestTimeoutException"}, InDoubt, 0),
    ({"status": 429, "code": "TooManyRequestsException"}, NotSent, 0),
    ({"status": 429}, NotSent, 0),
    ({"status": 400, "code": "LimitExceededException"}, NotSent, 0),
    ({"status": 400, "code": "Throttling"}, NotSent, 0),
    ({"status": 400, "message": "Maximum sending rate exceeded."}, NotSent, 0),
    ({"status": 400, "code": "SendingPausedException"}, MustStop, 0),
    ({"status": 400, "code": "AccountSuspendedException"}, MustStop, 0),
    ({"status": 400, "code": "MailFromDomainNotVerifiedException"}, MustStop, 0),
    ({"status": 403, "code": "AccessDeniedException"}, MustStop, 0),
    ({"status": 403, "code": "UnrecognizedClientException"}, MustStop, 0),
    ({"status": 403, "code": "SignatureDoesNotMatch"}, MustStop, 0),
    ({"status": 403, "code": "ExpiredTokenException"}, MustStop, 0),
    ({"status": 400, "code": "ExpiredTokenException"}, MustStop, 0),
    ({"status": 403}, MustStop, 0),
    ({"status": 401, "code": "Anything"}, MustStop, 0),
    ({"status": 404}, MustStop, 0),
    ({"status": 302}, MustStop, 0),
    ({"status": 405}, MustStop, 0),
    (
        {"status": 404, "code": "NotFoundException", "message": "Configuration set <x> not there"},
        MustStop,
        0,
    ),
    (
        {"status": 400, "code": "MessageRejected", "message": "Email address is not verified."},
        MustStop,
        0,
    ),
    ({"status": 400, "code": "MessageRejected", "message": "Virus"}, Rejected, 0),
    ({"status": 400, "code": "BadRequestException"}, Rejected, 0),
    ({"status": 404, "code": "NotFoundException"}, Rejected, 0),
    ({"status": 413}, Rejected, 0),
    ({"status": 400}, Rejected, 0),
]


@pytest.mark.parametrize(("fault", "error", "taken"), ONE_ANSWER, ids=lambda one: str(one))
def test_every_answer_says_what_to_do_next_and_none_is_followed_by_another_try(
    provider: Ses, server: SesServer, fault: dict[str, Any], error: type, taken: int
) -> None:
    said = f"{fault.get('message', '')} {KEY_ID} person1@example.org Name1 person1"
    server.faults = [{**fault, "message": said}]
    with pytest.raises(HandOverError) as caught:
        provider.hand_over(handover(recipient(1)))
    assert type(caught.value) is error
    assert (server.posts, len(server.taken)) == (1, taken)
    for private in (KEY_ID, SECRET, "person1", "Name1", "unsubscribe/"):
        assert private not in caught.value.reason
    provider.hand_over(handover(recipient(2)))
    assert server.posts == 2
    assert server.taken[-1][0] == "person2@example.org"


@pytest.mark.parametrize(
    ("message", "wait"), [("Maximum sending rate exceeded.", 1), ("Daily message quota", 600)]
)
def test_too_fast_slows_every_sender_for_a_moment_and_a_spent_quota_for_longer(
    provider: Ses, server: SesServer, message: str, wait: float
) -> None:
    server.faults = [{"status": 429, "code": "TooManyRequestsException", "message": message}]
    with pytest.raises(NotSent) as caught:
        provider.hand_over(handover(recipient(1)))
    assert (caught.value.everyone, caught.value.retry_after) == (True, wait)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("AccessDeniedException", "ses:SendRawEmail"),
        ("SignatureDoesNotMatch", "OUTREACH_SES_REGION"),
        ("UnrecognizedClientException", "OUTREACH_SES_ACCESS_KEY_ID"),
        ("RequestExpired", "clock"),
    ],
)
def test_who_stops_everything_says_what_to_mend(
    provider: Ses, server: SesServer, code: str, named: str
) -> None:
    server.faults = [{"status": 403, "code": code}]
    with pytest.raises(MustStop, match=rf"{code}.*{named}.*resume the edition"):
        provider.hand_over(handover(recipient(1)))


def test_a_refused_message_costs_nobody_else_theirs(provider: Ses, server: SesServer) -> None:
    server.faults = [{"status": 400, "code": "BadRequestException"}]
    receipt = provider.hand_over(people(20))
    assert kinds(receipt) == [Rejected]
    assert receipt.message_id.startswith("made-up-")
    assert (server.posts, len(server.taken)) == (20, 19)


def test_a_message_that_cannot_be_built_costs_nobody_else_theirs(
    provider: Ses, server: SesServer
) -> None:
    bad = replace(recipient(1), values=())
    receipt = provider.hand_over(handover(recipient(0), bad, recipient(2)))
    assert [(one.index, type(one.error)) for one in receipt.otherwise] == [(1, Rejected)]
    assert server.posts == 2


ENDS = [
    ({"status": 429}, NotSent, NotSent),
    ({"status": 403}, NotSent, MustStop),
    ({"status": 500}, InDoubt, InDoubt),
    ({"kind": "reset mid-body"}, InDoubt, InDoubt),
]


@pytest.mark.parametrize(("fault", "first", "alone"), ENDS, ids=lambda one: str(one))
def test_once_one_answer_is_bad_news_for_all_nobody_else_is_begun(
    provider: Ses, server: SesServer, fault: dict[str, Any], first: type, alone: type
) -> None:
    server.faults = [{}, *[fault] * 500]
    found = provider.hand_over(people(50))
    assert len(server.taken) == 1
    assert server.posts <= 1 + 2 * POSTERS
    assert {*kinds(found)} == {first, NotSent}
    assert len(found.otherwise) == 49
    back = [one.error for one in found.otherwise if isinstance(one.error, NotSent)]
    assert all(error.retry_after > 0 for error in back)
    assert {error.everyone for error in back} == {alone is NotSent}
    begun = server.posts
    server.faults = [fault] * 500
    with pytest.raises(alone):
        provider.hand_over(handover(recipient(1)))
    assert server.posts == begun + 1


def test_where_nobody_was_taken_to_stop_is_said_for_all(provider: Ses, server: SesServer) -> None:
    server.faults = [{"status": 403}] * 500
    with pytest.raises(MustStop):
        provider.hand_over(people(50))
    assert server.posts <= POSTERS * 2


def test_where_nobody_was_taken_doubt_stays_with_those_who_were_begun(
    provider: Ses, server: SesServer
) -> None:
    server.faults = [{"status": 500}] * 500
    found = provider.hand_over(people(50))
    assert found.message_id == ""
    assert [one.index for one in found.otherwise] == [*range(50)]
    assert kinds(found).count(InDoubt) == server.posts < 50


def test_a_whole_batch_that_is_refused_alike_is_refused(provider: Ses, server: SesServer) -> None:
    server.faults = [{"status": 400, "code": "MessageRejected", "message": "Virus"}] * 5
    with pytest.raises(Rejected, match="Virus"):
        provider.hand_over(people(5))


def test_nobody_is_begun_late(
    provider: Ses, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ses_batch, "BEGUN_WITHIN", 0.05)
    server.pace = 0.06
    found = provider.hand_over(people(50))
    assert len(server.taken) == server.posts < 50
    assert [*kinds(found)] == [NotSent] * (50 - server.posts)


def test_a_reply_that_trickles_in_for_ever_is_cut_short_and_in_doubt(
    provider: Ses, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ses, "EXCHANGE", 0.2)
    server.faults = [{"kind": "trickle"}]
    with pytest.raises(InDoubt):
        provider.hand_over(handover(recipient(1)))
    provider.hand_over(handover(recipient(2)))
    assert (server.posts, len(server.taken)) == (2, 2)


def elsewhere(settings: Settings, address: str) -> Settings:
    return replace(settings, given={**settings.given, "OUTREACH_SES_BASE_URL": address})


def test_no_connection_is_provably_not_sent(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        provider = Ses(elsewhere(settings, address))
        with pytest.raises(NotSent, match="no connection to SES"):
            provider.hand_over(people(3))
        provider.close()


def test_failing_tls_is_provably_not_sent(settings: Settings, server: SesServer) -> None:
    provider = Ses(elsewhere(settings, server.address.replace("http:", "https:")))
    with pytest.raises(NotSent, match="no connection to SES"):
        provider.hand_over(people(3))
    provider.close()
    assert server.taken == []


def test_nobody_outside_the_allow_list_is_reached(settings: Settings, server: SesServer) -> None:
    provider = Ses(replace(settings, allowed_recipients=("me@example.org",)))
    with pytest.raises(Rejected, match="allow-list"):
        provider.hand_over(handover(recipient(1)))
    provider.close()
    assert server.posts == 0


def test_awss_own_client_makes_the_same_request(provider: Ses, server: SesServer) -> None:
    one = handover(recipient(1))
    provider.hand_over(one)
    theirs = Session().create_client(
        "sesv2",
        region_name=REGION,
        endpoint_url=server.address,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(retries={"total_max_attempts": 1}),
    )
    theirs.send_email(
        Content={"Raw": {"Data": build(one, recipient(1))}},
        Destination={"ToAddresses": ["person1@example.org"]},
        EmailTags=[{"Name": "outreach_delivery", "Value": "delivery1"}],
        ConfigurationSetName="outreach",
    )
    theirs.close()
    ours, same = (body for _, _, body in server.taken)
    assert json.dumps(ours, sort_keys=True) == json.dumps(same, sort_keys=True)
