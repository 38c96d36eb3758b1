"""Address hashes, delivery ids and link tokens."""

from __future__ import annotations

import base64
import hashlib

import pytest

from outreach import base32
from outreach.errors import ConfigError, TokenError
from outreach.keys import UNSUBSCRIBE, VIEW, Keys, load_keys
from outreach.settings import load_settings

KEYS = Keys(b"a" * 32, {"k2": b"b" * 32, "k1": b"c" * 32})


def test_a_delivery_id_opens_to_what_it_was_made_of() -> None:
    assert KEYS.open_delivery_id(KEYS.delivery_id(7, 12)) == (7, 12)


def test_no_altered_delivery_id_opens() -> None:
    good = KEYS.delivery_id(7, 12)
    for place in range(len(good)):
        for letter in "a7":
            bad = good[:place] + letter + good[place + 1 :]
            if bad != good:
                with pytest.raises(TokenError):
                    KEYS.open_delivery_id(bad)


def test_many_delivery_ids_open_as_each_does_alone() -> None:
    good = KEYS.delivery_ids(7, range(1, 4)) + KEYS.delivery_ids(1 << 40, (1, (1 << 48) - 1))
    bad = ["", "a" * 26, good[0].upper(), f" {good[0][1:]}", f"{good[0]}\n", f"{good[0][:-1]}_"]
    bad += [f"{good[0][:-1]}é", f"{good[0][:5]}_{good[0][6:]}", f"+{good[0][1:]}", "1" * 26]
    bad += [good[0][:-1], KEYS.person_id(3), KEYS.side_id(3), good[0][:-1] + "b"]
    mixed = [one for pair in zip(bad, [*good, *good, *good], strict=False) for one in pair]
    alone: list[tuple[int, int] | None] = []
    for text in mixed:
        try:
            alone.append(KEYS.open_delivery_id(text))
        except TokenError:
            alone.append(None)
    assert alone[::2] == [None] * len(bad)
    assert None not in alone[1::2]
    assert KEYS.open_delivery_ids(mixed) == alone
    assert KEYS.open_delivery_ids([]) == []


def test_no_altered_token_verifies() -> None:
    token = KEYS.sign(UNSUBSCRIBE, KEYS.delivery_id(7, 12))
    for place in range(len(token)):
        bad = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(TokenError):
            KEYS.verify(UNSUBSCRIBE, bad)


def test_a_token_is_bound_to_its_purpose() -> None:
    with pytest.raises(TokenError):
        KEYS.verify(VIEW, KEYS.sign(UNSUBSCRIBE, "x"))


def test_a_token_survives_rotation_and_ends_with_its_key() -> None:
    token = Keys(b"a", {"k1": b"c" * 32}).sign(UNSUBSCRIBE, "x")
    assert KEYS.verify(UNSUBSCRIBE, token) == "x"
    with pytest.raises(TokenError):
        Keys(b"a", {"k2": b"b" * 32}).verify(UNSUBSCRIBE, token)


def test_an_expired_token_is_refused() -> None:
    with pytest.raises(TokenError, match="expired"):
        KEYS.verify(VIEW, KEYS.sign(VIEW, "x", expires=1))


def test_the_address_hash_ignores_case_and_outer_spaces() -> None:
    assert KEYS.address_hash(" Amy@Example.org ") == KEYS.address_hash("amy@example.org")
    assert KEYS.address_hash("amy@example.org") != KEYS.domain_hash("amy@example.org")


def test_production_wants_its_keys_as_settings(tmp_path) -> None:
    settings = load_settings({"OUTREACH_ENV": "production", "OUTREACH_HOME": str(tmp_path)})
    with pytest.raises(ConfigError, match="OUTREACH_ADDRESS_KEY"):
        load_keys(settings)


def test_development_makes_its_keys_once(tmp_path) -> None:
    settings = load_settings({"OUTREACH_HOME": str(tmp_path)})
    assert load_keys(settings) == load_keys(settings)


def test_two_keys_with_one_kid_are_refused() -> None:
    pairs = "k1:0123456789abcdef,k1:fedcba9876543210"
    with pytest.raises(ConfigError, match="one kid"):
        load_keys(load_settings({"OUTREACH_TOKEN_KEYS": pairs, "OUTREACH_ADDRESS_KEY": "a" * 16}))


def test_an_id_of_the_first_release_stays_what_it_was() -> None:
    assert KEYS.delivery_id(7, 12) == "ve22hmfmrmevx3lc7ik73rvetu"


@pytest.mark.parametrize("edition", [1 << 32, 1_795_000_000_123, (1 << 48) - 1])
def test_the_number_of_an_edition_of_today_fits_a_delivery_id(edition: int) -> None:
    for contact in (1, (1 << 48) - 1):
        opened = KEYS.open_delivery_id(KEYS.delivery_id(edition, contact))
        assert opened == (edition, contact)


@pytest.mark.parametrize("number", [0, 1, 2, 63, 64, 65, 200])
def test_many_blocks_at_once_are_the_base32_of_each(number: int) -> None:
    blocks = [hashlib.blake2s(b"%d" % n, digest_size=16).digest() for n in range(number)]
    each = [base64.b32encode(block).decode().rstrip("=").lower() for block in blocks]
    assert base32.encoded(b"".join(blocks)) == each


@pytest.mark.parametrize("edition", [7, 1_795_000_000_123])
def test_ids_made_together_are_those_made_alone(edition: int) -> None:
    people = [1, 2, 99_999, (1 << 32) - 1]
    ids = KEYS.delivery_ids(edition, people)
    assert ids == [KEYS.delivery_id(edition, one) for one in people]
    assert [KEYS.open_delivery_id(one) for one in ids] == [(edition, one) for one in people]


@pytest.mark.parametrize(("kid", "expires"), [("", 0), ("k1", 0), ("k2", 4_102_444_800)])
def test_tokens_signed_together_are_what_they_always_were(kid: str, expires: int) -> None:
    subjects = ["x", *KEYS.delivery_ids(1_795_000_000_123, range(1, 70))]
    tokens = KEYS.sign_all(VIEW, subjects, kid=kid, expires=expires)
    assert tokens == [_signed(VIEW, one, kid or "k2", expires) for one in subjects]
    assert [KEYS.verify(VIEW, one) for one in tokens] == subjects
    before = KEYS.sign_all(VIEW, subjects, kid=kid, expires=expires, before="https://x/view/")
    assert before == [f"https://x/view/{token}" for token in tokens]
    assert KEYS.sign_all(VIEW, []) == []


def _signed(purpose: str, subject: str, kid: str, expires: int) -> str:
    body = f"{kid}.{expires:x}.{subject}"
    whole = f"{purpose}\0{body}".encode()
    mac = hashlib.blake2s(whole, key=KEYS.tokens[kid], digest_size=16).digest()
    return f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
