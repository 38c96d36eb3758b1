"""Keys, and what is made with them: address hashes, opaque delivery ids, link tokens.

In development the keys are made once in OUTREACH_HOME; production requires them as settings.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from outreach import base32
from outreach.addressform import one_form
from outreach.errors import ConfigError, TokenError
from outreach.settings import Settings

UNSUBSCRIBE = "unsubscribe"
VIEW = "view"

_BLOCK = struct.Struct(">QI4s")
_MARK = b"odly"
_SMALL = 1 << 32
"""Editions below this number were made by the first release, whose ids must open for good."""

_HALF = 6
"""Bytes of an edition's and of a contact's number in an id of today."""

_MARK_TODAY = b"odl2"
_MARK_PERSON = b"oprs"
_MARK_SIDE = b"osid"
_MAC_BYTES = 16
_MAC_LETTERS = 22
"""Letters of a MAC in base64, without padding."""

_FILL = bytes(-_MAC_BYTES % 3)
"""Fills a MAC up to where a letter of base64 ends, so that many are encoded in one go."""

_MAC_STRIDE = (_MAC_BYTES + len(_FILL)) * 4 // 3

_ID_LENGTH = 26
_DIGITS = b"abcdefghijklmnopqrstuvwxyz234567"
_AS_INT_HAS_IT = bytes(
    b"0123456789abcdefghijklmnopqrstuv"[_DIGITS.index(code)] if code in _DIGITS else ord("!")
    for code in range(256)
)
"""The digits of RFC 4648's base 32, in lower case, as `int` reads them; any other ends it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The deployment's secrets. `tokens` maps kid -> key; the first signs, all verify."""

    address: bytes = field(repr=False)
    tokens: dict[str, bytes] = field(repr=False)

    @property
    def signing_kid(self) -> str:
        """The id of the key that signs new links."""
        return next(iter(self.tokens))

    def address_hash(self, address: str) -> bytes:
        """Return 16 bytes that stand for `address`, however it is written (see addressform)."""
        return self._hash(b"address", one_form(address))

    def address_hashes(self, addresses: Iterable[str]) -> list[bytes]:
        """Return `address_hash` of each, of addresses that are in their one form already."""
        fresh = hashlib.blake2s(key=self.address, digest_size=16, person=b"address").copy
        hashes = []
        for address in addresses:
            one = fresh()
            one.update(address.encode())
            hashes.append(one.digest())
        return hashes

    def domain_hash(self, address_or_domain: str) -> bytes:
        """Return 16 bytes that stand for a mail domain (or the domain of an address)."""
        return self._hash(b"domain", one_form(address_or_domain).rpartition("@")[2])

    def check_value(self) -> str:
        """Return a text that tells whether two address keys are the same, and nothing else."""
        return self._hash(b"check", "address key").hex()

    def seal(self, text: str) -> str:
        """Return a seal of `text` (32 hex digits) that holds as long as the address key."""
        return self._hash(b"receipt", text).hex()

    def edition_mark(self, name: str) -> str:
        """Return 12 letters and digits that stand for an edition's name, after a restore too."""
        return self._hash(b"edition", name).hex()[:12]

    def delivery_ids(self, edition_id: int, contact_ids: Iterable[int]) -> list[str]:
        """Return the opaque outside id of each delivery (26 characters, a-z and 2-7)."""
        if edition_id < _SMALL:
            return self._sealed(_BLOCK.pack(c, edition_id, _MARK) for c in contact_ids)
        rest = edition_id.to_bytes(_HALF) + _MARK_TODAY
        return self._sealed([number.to_bytes(_HALF) + rest for number in contact_ids])

    def delivery_id(self, edition_id: int, contact_id: int) -> str:
        """Return the opaque outside id of one delivery."""
        return self.delivery_ids(edition_id, (contact_id,))[0]

    def open_delivery_id(self, text: str) -> tuple[int, int]:
        """Return (edition_id, contact_id) behind an outside id. Raises TokenError if forged."""
        found = _delivery(self._opened(text))
        if found is None:
            raise TokenError("this is not an id that we gave out")
        return found

    def open_delivery_ids(self, texts: Sequence[str]) -> list[tuple[int, int] | None]:
        """Return (edition_id, contact_id) behind each outside id, None for one that is forged."""
        sealed = [_sealed(text) for text in texts]
        opened = _cipher(self.address).decryptor().update(b"".join(filter(None, sealed)))
        blocks = (opened[i : i + 16] for i in range(0, len(opened), 16))
        return [_delivery(next(blocks)) if one else None for one in sealed]

    def person_ids(self, contact_ids: Iterable[int]) -> list[str]:
        """Return the opaque outside id of each contact: 26 characters, a-z and 2-7."""
        rest = bytes(_HALF) + _MARK_PERSON
        return self._sealed([number.to_bytes(_HALF) + rest for number in contact_ids])

    def person_id(self, contact_id: int) -> str:
        """Return the opaque outside id of one contact."""
        return self.person_ids((contact_id,))[0]

    def open_person_id(self, text: str) -> int:
        """Return the number of the contact behind an outside id. Raises TokenError if forged."""
        opened = self._opened(text)
        if not opened.endswith(bytes(_HALF) + _MARK_PERSON):
            raise TokenError("this is not an id that we gave out")
        return int.from_bytes(opened[:_HALF])

    def side_id(self, number: int) -> str:
        """Return the opaque outside id of one side message, which is no delivery."""
        block = number.to_bytes(_HALF) + bytes(_HALF) + _MARK_SIDE
        return self._sealed((block,))[0]

    def open_side_id(self, text: str) -> int:
        """Return the number of the side message behind an outside id. Raises TokenError."""
        opened = self._opened(text)
        if not opened.endswith(bytes(_HALF) + _MARK_SIDE):
            raise TokenError("this is not an id that we gave out")
        return int.from_bytes(opened[:_HALF])

    def sign(self, purpose: str, subject: str, *, kid: str = "", expires: int = 0) -> str:
        """Return a link token for `subject` (letters, digits, `.`-free), bound to `purpose`.

        `expires` is a Unix time in seconds; 0 means never.
        """
        return self.sign_all(purpose, (subject,), kid=kid, expires=expires)[0]

    def sign_all(
        self,
        purpose: str,
        subjects: Sequence[str],
        *,
        kid: str = "",
        expires: int = 0,
        before: str = "",
    ) -> list[str]:
        """Return `sign` of each subject, with `before` in front of it."""
        kid = kid or self.signing_kid
        lead = f"{kid}.{expires:x}."
        fresh = _mac_of(self.tokens[kid], f"{purpose}\0{lead}")
        macs = []
        for subject in subjects:
            one = fresh()
            one.update(subject.encode())
            macs.append(one.digest())
        letters = base64.urlsafe_b64encode(b"".join([mac + _FILL for mac in macs])).decode()
        front, places = before + lead, range(0, len(letters), _MAC_STRIDE)
        return [
            f"{front}{subject}.{letters[place : place + _MAC_LETTERS]}"
            for subject, place in zip(subjects, places, strict=True)
        ]

    def verify(self, purpose: str, token: str) -> str:
        """Return the subject of a token. Raises TokenError if altered, misused or expired."""
        body, _, mac = token.rpartition(".")
        parts = body.split(".")
        if len(parts) != 3 or parts[0] not in self.tokens:
            raise TokenError("this link is not one of ours, or its key has been withdrawn")
        if not hmac.compare_digest(self._mac(parts[0], purpose, body).encode(), mac.encode()):
            raise TokenError("this link has been altered")
        expires = int(parts[1], 16)
        if expires and expires < time.time():
            raise TokenError("this link has expired")
        return parts[2]

    def _opened(self, text: str) -> bytes:
        sealed = _sealed(text)
        if sealed is None:
            raise TokenError("this is not an id that we gave out")
        return _cipher(self.address).decryptor().update(sealed)

    def _sealed(self, blocks: Iterable[bytes]) -> list[str]:
        return base32.encoded(_cipher(self.address).encryptor().update(b"".join(blocks)))

    def _mac(self, kid: str, purpose: str, body: str) -> str:
        digest = hashlib.blake2s(
            f"{purpose}\0{body}".encode(), key=self.tokens[kid], digest_size=_MAC_BYTES
        ).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _hash(self, kind: bytes, text: str) -> bytes:
        return hashlib.blake2s(
            text.encode(), key=self.address, digest_size=16, person=kind
        ).digest()


@lru_cache(maxsize=4)
def _cipher(address_key: bytes) -> Cipher[modes.ECB]:
    # One block per id, each a distinct number: ECB here is a keyed permutation.
    derived = hashlib.blake2s(b"delivery ids", key=address_key, digest_size=16).digest()
    return Cipher(algorithms.AES(derived), modes.ECB())  # noqa: S305


def _mac_of(key: bytes, begun: str) -> Callable[[], hashlib.blake2s]:
    """Return what makes a MAC anew that has taken in `begun` already."""
    return hashlib.blake2s(begun.encode(), key=key, digest_size=_MAC_BYTES).copy


def _sealed(text: str) -> bytes | None:
    """Return the 16 bytes that `_b32` wrote as `text`, None where it never writes so."""
    if len(text) != _ID_LENGTH or not text.isascii():
        return None
    try:
        number = int(text.encode().translate(_AS_INT_HAS_IT), 32)
    except ValueError:
        return None
    # 26 digits hold two bits more than 16 bytes do.
    return None if number & 3 else (number >> 2).to_bytes(16)


def _delivery(opened: bytes) -> tuple[int, int] | None:
    if opened.endswith(_MARK_TODAY):
        return int.from_bytes(opened[_HALF : 2 * _HALF]), int.from_bytes(opened[:_HALF])
    contact_id, edition_id, mark = _BLOCK.unpack(opened)
    return (edition_id, contact_id) if mark == _MARK else None


def load_keys(settings: Settings) -> Keys:
    """Return the deployment's keys, made in OUTREACH_HOME for development.

    Raises ConfigError in production where one is missing, or where one is malformed.
    """
    address = settings.address_key or _kept(settings, "address.key", "OUTREACH_ADDRESS_KEY")
    tokens = settings.token_keys or _kept(settings, "token.keys", "OUTREACH_TOKEN_KEYS", "k1:")
    pairs = [pair.strip().partition(":") for pair in tokens.split(",") if pair.strip()]
    if not pairs or any(not kid.isalnum() or len(key) < 16 for kid, _, key in pairs):
        raise ConfigError(
            "OUTREACH_TOKEN_KEYS: write kid:key pairs with commas between them, each key of 16 "
            "characters or more, such as k2:...,k1:... (the first signs)"
        )
    if len({kid for kid, _, _ in pairs}) < len(pairs):
        raise ConfigError("OUTREACH_TOKEN_KEYS: two keys have one kid; give each its own")
    if len(address) < 16:
        raise ConfigError("OUTREACH_ADDRESS_KEY: 16 characters or more are needed")
    return Keys(_stretch(address), {kid: _stretch(key) for kid, _, key in pairs})


def _stretch(secret: str) -> bytes:
    return hashlib.blake2s(secret.encode()).digest()


def _kept(settings: Settings, name: str, setting: str, prefix: str = "") -> str:
    if settings.production:
        raise ConfigError(f"{setting} is not set; production needs it (see docs/operations.md)")
    path = settings.home / name
    try:
        if not path.exists():
            _write_once(path, prefix + secrets.token_hex(32))
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"{setting}: {path} cannot be read or made; put the key back from your backup"
        ) from None


def _write_once(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process made it first; theirs is the one to use
    finally:
        draft.unlink()
