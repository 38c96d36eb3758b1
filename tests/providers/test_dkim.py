"""DKIM: dkimpy's own verifier finds every signature good, and none over what was changed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.batches import CONTENT, handover, recipient

from outreach.domain import Mailbox
from outreach.errors import ConfigError
from outreach.providers.base import Handover
from outreach.providers.dkim import dns_record, identity, relaxed, signer, weakness
from outreach.providers.mime import maker
from outreach.settings import Settings, load_settings

PEM = serialization.Encoding.PEM
OPEN = serialization.NoEncryption()
PRIVATE = serialization.PrivateFormat.PKCS8


@cache
def key(kind: str) -> bytes:
    made = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "elliptic": lambda: ec.generate_private_key(ec.SECP256R1()),
    }[kind]()
    return made.private_bytes(PEM, PRIVATE, OPEN)


@pytest.fixture(params=["rsa", "ed25519"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return configured(tmp_path, key(request.param))


def configured(folder: Path, pem: bytes, **more: str) -> Settings:
    file = folder / "dkim.pem"
    file.write_bytes(pem)
    given = {"OUTREACH_DKIM_SELECTOR": "s1", "OUTREACH_DKIM_KEY": str(file)}
    return load_settings({"OUTREACH_HOME": str(folder), **given, **more})


def verified(settings: Settings, message: bytes, domain: str = "example.org") -> bool:
    """Whether dkimpy finds the signature good, with our record as the only one in the DNS."""
    found = identity(settings)
    assert found
    name, record = dns_record(found, domain)
    zone = {f"{name}.".encode(): record.encode()}
    return bool(dkim.verify(message, dnsfunc=lambda asked, timeout=5: zone.get(asked)))


def posted(settings: Settings, whole: Handover) -> bytes:
    sign = signer(settings)
    assert sign
    return sign(maker(whole)(whole.recipients[0]))


def test_a_signed_message_is_found_good_and_stays_as_it_was(settings: Settings) -> None:
    whole = handover(recipient(1, "Zoë  <b>\t x" * 20))
    message = posted(settings, whole)
    assert verified(settings, message)
    assert message.endswith(b"\r\n" + maker(whole)(whole.recipients[0]))
    assert max(map(len, message.partition(b"\r\nFrom:")[0].split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "whole",
    [
        replace(handover(recipient(1)), reply_to=None),
        replace(handover(recipient(1)), notice=True),
        replace(handover(recipient(1)), mark="test"),
        handover(recipient(1), content=replace(CONTENT, mime=1)),
        replace(handover(recipient(1)), sender=Mailbox("x@example.org", "Zoë, @ <y> " * 9)),
    ],
    ids=["no Reply-To", "a notice", "marked", "the first form", "a long name"],
)
def test_every_kind_of_message_can_be_signed(settings: Settings, whole: Handover) -> None:
    assert verified(settings, posted(settings, whole))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"From: NCL", b"From: Not NCL"),
        (b"To: person1@", b"To: person2@"),
        (b"Reply-To: replies@", b"Reply-To: others@"),
        (b"Subject: News", b"Subject: Olds"),
        (b"Date: Mon", b"Date: Tue"),
        (b"Message-ID: <", b"Message-ID: <x"),
        (b"MIME-Version: 1", b"MIME-Version: 2"),
        (b"multipart/alternative", b"multipart/mixed"),
        (b"List-Unsubscribe: <", b"List-Unsubscribe: <x"),
        (b"List-Unsubscribe=One", b"List-Unsubscribe=Two"),
        (b"we...", b"you..."),
        (b"\r\nFrom: ", b"\r\nFrom: other@example.org\r\nFrom: "),
        (b"d=example.org", b"d=example.net"),
    ],
)
def test_nothing_that_is_signed_can_be_changed(tmp_path: Path, old: bytes, new: bytes) -> None:
    settings = configured(tmp_path, key("rsa"))
    message = posted(settings, handover(recipient(1)))
    assert old in message
    assert not verified(settings, message.replace(old, new, 1))


def test_white_space_may_change_on_the_way(tmp_path: Path) -> None:
    settings = configured(tmp_path, key("rsa"))
    message = posted(settings, handover(recipient(1)))
    moved = message.replace(b"Subject: News for", b"subject:  News\r\n   for") + b"\r\n\r\n"
    assert moved != message
    assert verified(settings, moved)


def test_the_same_message_gets_the_same_signature(settings: Settings) -> None:
    whole = handover(recipient(1))
    assert posted(settings, whole) == posted(settings, whole)


def test_the_domain_is_that_of_from_unless_another_is_set(tmp_path: Path) -> None:
    settings = configured(tmp_path, key("rsa"))
    whole = replace(handover(recipient(1)), sender=Mailbox("x@news.example.org", "A @ B"))
    assert b" d=news.example.org;" in posted(settings, whole)
    other = replace(settings, dkim_domain="example.org")
    message = posted(other, whole)
    assert b" d=example.org;" in message
    assert verified(other, message)


def test_a_key_that_few_check_is_named(tmp_path: Path) -> None:
    found = identity(configured(tmp_path, key("ed25519")))
    assert found
    assert "RSA 2048" in weakness(found)


def test_nothing_is_signed_where_nothing_is_set(tmp_path: Path) -> None:
    assert signer(load_settings({"OUTREACH_HOME": str(tmp_path)})) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dkim_key": ""}, "OUTREACH_DKIM_KEY is not"),
        ({"dkim_selector": ""}, "OUTREACH_DKIM_SELECTOR is not"),
        ({"dkim_key": "", "dkim_selector": "", "dkim_domain": "x.org"}, "OUTREACH_DKIM_DOMAIN"),
        ({"dkim_selector": "a b"}, "OUTREACH_DKIM_SELECTOR is 'a b'"),
        ({"dkim_domain": "a;b"}, "OUTREACH_DKIM_DOMAIN is 'a;b'"),
        ({"dkim_key": "/nowhere/dkim.pem"}, "OUTREACH_DKIM_KEY: No such file"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        signer(replace(configured(tmp_path, key("rsa")), **changed))


def locked() -> bytes:
    whole = serialization.load_pem_private_key(key("ed25519"), None)
    return whole.private_bytes(PEM, PRIVATE, serialization.BestAvailableEncryption(b"x"))


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
        locked(),
        key("elliptic"),
    ],
    ids=["empty", "broken", "with a password", "of another kind"],
)
def test_a_key_that_cannot_sign_is_refused_and_not_shown(tmp_path: Path, pem: bytes) -> None:
    with pytest.raises(ConfigError, match="OUTREACH_DKIM_KEY") as caught:
        signer(configured(tmp_path, pem))
    assert "c2VjcmV0" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_key_is_in_no_words_about_who_signs(tmp_path: Path) -> None:
    settings = configured(tmp_path, key("rsa"))
    found = identity(settings)
    assert found
    assert found.kind == "RSA 2048"
    assert "key" not in repr(found)
    assert weakness(found) == ""
    assert dns_record(found, "example.org")[0] == "s1._domainkey.example.org"


@given(st.lists(st.sampled_from([b" ", b"  ", b"\t", b"\r\n", b"x", b"=20"])).map(b"".join))
def test_a_body_is_put_into_the_form_that_the_library_puts_it_into(body: bytes) -> None:
    assert relaxed(body) == Relaxed.canonicalize_body(body)
