"""Whose posts are trusted, and where a post can lead the public app: nowhere."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.fakes.sns import CERTIFICATE, HEADERS, HOST, TOPIC, FakeSns

from outreach.errors import NotSent
from outreach.providers.ses_events import SesEvents
from outreach.providers.sns import Sns


@pytest.fixture(scope="module")
def signer() -> FakeSns:
    return FakeSns()


@pytest.fixture
def theirs(signer: FakeSns) -> FakeSns:
    signer.asked.clear()
    signer.answer = signer._usual
    return signer


@pytest.fixture
def source(theirs: FakeSns) -> SesEvents:
    return SesEvents(Sns(theirs.transport))


def trusted(source: SesEvents, body: bytes, *topics: str) -> bool:
    return source.verify(HEADERS, body, topics or (TOPIC,))


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Zoë 😀\nx"}])
def test_a_signed_post_of_our_topic_is_trusted_and_its_certificate_fetched_once(
    source: SesEvents, theirs: FakeSns, version: str, more: dict[str, str]
) -> None:
    for n in range(3):
        assert trusted(source, theirs.post({"n": n}, version, **more))
    assert trusted(source, theirs.question())
    assert theirs.asked == [CERTIFICATE]


def test_another_topic_is_distrusted_however_well_it_is_signed(
    source: SesEvents, theirs: FakeSns
) -> None:
    other = TOPIC.replace("1234", "9999")
    assert not trusted(source, theirs.post({}, TopicArn=other))
    assert not trusted(source, theirs.post({}), other)
    assert not source.verify(HEADERS, theirs.post({}), ())
    assert theirs.asked == []


def test_a_field_cannot_be_passed_off_as_part_of_the_one_before(
    source: SesEvents, theirs: FakeSns
) -> None:
    """Else one post could come again under another id, as often as anybody likes."""
    said = json.loads(theirs.post({}, Subject="s"))
    said["MessageId"] += f"\nSubject\n{said.pop('Subject')}"
    assert not trusted(source, json.dumps(said).encode())


@pytest.mark.parametrize(
    "url",
    [
        "",
        CERTIFICATE.replace("https:", "http:"),
        CERTIFICATE.replace("eu-west-2", "eu-west-1"),
        CERTIFICATE.replace(".com/", ".com.example.org/"),
        CERTIFICATE.replace(".com/", ".com@example.org/"),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE.replace("https://", "https://user@"),
        CERTIFICATE.replace("/Simple", "/../Simple"),
        CERTIFICATE + "?x=1",
        CERTIFICATE + "\n",
        f"{HOST}/?Action=Unsubscribe",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ],
)
def test_no_post_leads_to_an_address_that_is_not_that_of_a_certificate_of_our_region(
    source: SesEvents, theirs: FakeSns, url: str
) -> None:
    assert not trusted(source, theirs.post({}, SigningCertURL=url))
    assert theirs.asked == []


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "Type", "Subject"])
def test_any_altered_word_is_distrusted(source: SesEvents, theirs: FakeSns, name: str) -> None:
    said = json.loads(theirs.post({}, Subject="x"))
    assert trusted(source, json.dumps(said).encode())
    assert not trusted(source, json.dumps({**said, name: said[name] + " "}).encode())
    assert not trusted(source, json.dumps({n: v for n, v in said.items() if n != name}).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"Signature": ""},
        {"Signature": "***"},
        {"Signature": "AAAA"},
        {"Signature": "ключ"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": "1"},
        {"TopicArn": 5},
        {"Message": "\ud800"},
        {"Type": "SubscriptionConfirmation"},
    ],
)
def test_what_is_wrong_is_distrust_and_not_an_error(
    source: SesEvents, theirs: FakeSns, change: dict[str, object]
) -> None:
    said = json.loads(theirs.post({}))
    assert not trusted(source, json.dumps({**said, **change}).encode())


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff", b"7", b"[]", b"[" * 100_000, b"{}"])
def test_a_body_that_is_no_post_is_distrusted(source: SesEvents, body: bytes) -> None:
    assert not trusted(source, body)


def test_a_stranger_with_a_key_of_their_own_is_distrusted(source: SesEvents) -> None:
    assert not trusted(source, FakeSns().post({}))


def test_a_certificate_that_has_run_out_is_distrusted() -> None:
    old = FakeSns(days_left=-1)
    assert not trusted(SesEvents(Sns(old.transport)), old.post({}))


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_certificate_that_cannot_be_had_now_makes_the_post_come_again(
    source: SesEvents, theirs: FakeSns, status: int
) -> None:
    theirs.answer = lambda _: httpx.Response(status)
    with pytest.raises(NotSent, match=str(status)):
        trusted(source, theirs.post({}))
    theirs.answer = theirs._usual
    assert trusted(source, theirs.post({}))


def test_no_network_makes_the_post_come_again(source: SesEvents, theirs: FakeSns) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("")

    theirs.answer = fail
    with pytest.raises(NotSent, match="ConnectTimeout"):
        trusted(source, theirs.post({}))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"Location": "https://elsewhere.example.org/"}),
        httpx.Response(404),
        httpx.Response(200, content=b"nonsense"),
        httpx.Response(200, content=b"x" * 1_000_000),
    ],
)
def test_an_answer_that_is_no_certificate_is_distrust_and_leads_no_further(
    source: SesEvents, theirs: FakeSns, answer: httpx.Response
) -> None:
    theirs.answer = lambda _: answer
    assert not trusted(source, theirs.post({}))
    assert theirs.asked == [CERTIFICATE]


def test_strangers_cannot_make_us_fetch_without_end(source: SesEvents, theirs: FakeSns) -> None:
    theirs.answer = lambda _: httpx.Response(404)
    for n in range(10):
        url = CERTIFICATE.replace("0a" * 16, f"{n:032x}")
        assert not trusted(source, theirs.post({}, SigningCertURL=url))
    with pytest.raises(NotSent, match="at once"):
        trusted(source, theirs.post({}))
    assert len(theirs.asked) == 10


def test_a_subscription_is_confirmed_at_sns_itself_whatever_address_the_post_names(
    source: SesEvents, theirs: FakeSns
) -> None:
    source.confirm(theirs.question())
    (asked,) = theirs.asked
    url = httpx.URL(asked)
    assert f"{url.scheme}://{url.host}{url.path}" == f"{HOST}/"
    assert dict(url.params) == {
        "Action": "ConfirmSubscription",
        "TopicArn": TOPIC,
        "Token": "2336412f37fb687f5d51e6e2425dacbbaa",
    }


def test_a_confirmation_that_sns_does_not_take_makes_the_post_come_again(
    source: SesEvents, theirs: FakeSns
) -> None:
    theirs.answer = lambda _: httpx.Response(400)
    with pytest.raises(NotSent, match="400"):
        source.confirm(theirs.question())


def test_nothing_else_is_answered(source: SesEvents, theirs: FakeSns) -> None:
    source.confirm(theirs.post({}))
    source.confirm(theirs.question(Type="UnsubscribeConfirmation"))
    source.confirm(theirs.question(Token="../x"))
    source.confirm(theirs.question(TopicArn="arn:aws:sns:x"))
    source.confirm(b"nonsense")
    assert theirs.asked == []
