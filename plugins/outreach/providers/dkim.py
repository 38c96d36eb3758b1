"""DKIM: a signature of the sender's domain on every message that we post ourselves (RFC 6376).

What is signed, and in which form, is the work of dkimpy; the key's arithmetic is that of
`cryptography`, twenty times as fast. dkimpy is imported where a key is configured: it brings a
whole DNS client along.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from outreach.errors import ConfigError
from outreach.settings import Settings

SIGNED = (
    *(b"from", b"from", b"to", b"reply-to", b"subject", b"date", b"message-id", b"mime-version"),
    *(b"content-type", b"list-unsubscribe", b"list-unsubscribe-post"),
)
"""Headers that nobody can change or add unnoticed. From stands twice, against a second one (RFC
6376, 8.15); the last two because RFC 8058 asks for it."""

SHORTEST_RSA = 1024
"""Bits of the shortest RSA key that may sign (RFC 8301, 3.2), which also says: better 2048."""

_GOOD_RSA = 2048

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9-]{1,63})*")
_WIDTH = 72

Key = RSAPrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs. `domain` is empty where it is that of each message's own From."""

    selector: str
    domain: str
    key: Key = field(repr=False)

    @property
    def kind(self) -> str:
        """The key's kind and bits, for people."""
        return f"RSA {self.key.key_size}" if isinstance(self.key, RSAPrivateKey) else "Ed25519"


def signer(settings: Settings) -> Callable[[bytes], bytes] | None:
    """Return what puts a signature before a whole message, or None where none is configured.

    Messages end their lines with CRLF. The same message gets the same signature again. Raises
    ConfigError where a setting is missing or the key is no good.
    """
    found = identity(settings)
    if found is None:
        return None
    from dkim.canonicalization import CanonicalizationPolicy

    forms = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    return lambda message: _signature(found, forms, message) + message


def identity(settings: Settings) -> Identity | None:
    """Return who signs, or None where no DKIM setting is there. Raises ConfigError."""
    selector, file, domain = settings.dkim_selector, settings.dkim_key, settings.dkim_domain
    if not selector and not file:
        if domain:
            raise ConfigError("OUTREACH_DKIM_DOMAIN signs nothing without OUTREACH_DKIM_KEY")
        return None
    if not selector or not file:
        missing, there = ("SELECTOR", "KEY") if file else ("KEY", "SELECTOR")
        raise ConfigError(f"OUTREACH_DKIM_{there} is set, and OUTREACH_DKIM_{missing} is not")
    for name, value in (("SELECTOR", selector), ("DOMAIN", domain or "example.org")):
        if not _NAME.fullmatch(value):
            raise ConfigError(f"OUTREACH_DKIM_{name} is {value!r}, which is no name in the DNS")
    return Identity(selector, domain, _key(Path(file)))


def weakness(found: Identity) -> str:
    """Return what speaks against a key, as advice; '' where nothing does."""
    if isinstance(found.key, Ed25519PrivateKey):
        return "many mailbox providers check RSA alone: sign with a key of RSA 2048"
    return "" if found.key.key_size >= _GOOD_RSA else "make a key of 2048 bits"


def dns_record(found: Identity, domain: str) -> tuple[str, str]:
    """Return the name and the text of the TXT record that lets others check a signature."""
    public = found.key.public_key()
    if isinstance(found.key, RSAPrivateKey):
        kind = "rsa"
        octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        kind = "ed25519"  # RFC 8463, 3: the bare key
        octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    published = base64.b64encode(octets).decode()
    return f"{found.selector}._domainkey.{domain}", f"v=DKIM1; k={kind}; p={published}"


def _key(file: Path) -> Key:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise ConfigError(f"the file of OUTREACH_DKIM_KEY: {error.strerror}") from None
    except Exception:  # what the library says may quote the key
        raise ConfigError(
            "the file of OUTREACH_DKIM_KEY holds no private key in PEM without a password"
        ) from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ConfigError("OUTREACH_DKIM_KEY is neither an RSA nor an Ed25519 key")
    if isinstance(key, RSAPrivateKey) and key.key_size < SHORTEST_RSA:
        raise ConfigError(f"OUTREACH_DKIM_KEY has {key.key_size} bits; make one of 2048")
    return key


def relaxed(body: bytes) -> bytes:
    """Return a body in the form that is signed (RFC 6376, 3.4.4).

    dkimpy makes the same, and takes twice as long over it as the signature.
    """
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    kept = body.replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return kept and kept + b"\r\n"


class _Gathered(bytearray):
    """What dkimpy would hash, kept to be signed."""

    update = bytearray.extend


def _signature(found: Identity, forms: Any, message: bytes) -> bytes:
    """Return the header that signs `message`, with its line's end."""
    import dkim

    head, _, body = message.partition(b"\r\n\r\n")
    headers, _ = dkim.rfc822_parse(head + b"\r\n\r\n")
    algorithm = b"rsa-sha256" if isinstance(found.key, RSAPrivateKey) else b"ed25519-sha256"
    fields = (
        (b"v", b"1"),
        (b"a", algorithm),
        (b"c", b"relaxed/relaxed"),
        (b"d", found.domain.encode() or _from_domain(headers)),
        (b"s", found.selector.encode()),
        (b"h", b" : ".join(SIGNED)),
        (b"bh", base64.b64encode(sha256(relaxed(body)).digest())),
        (b"b", b""),
    )
    tags = b"; ".join(b"=".join(one) for one in fields)
    header = b"DKIM-Signature", b" " + dkim.fold(tags, namelen=len("DKIM-Signature: "))
    signed = _Gathered()
    in_form = forms.canonicalize_headers(headers)
    dkim.hash_headers(signed, forms, in_form, SIGNED, header, dict(fields))
    mark = base64.b64encode(_signed(found.key, bytes(signed)))
    lines = (mark[cut : cut + _WIDTH] for cut in range(0, len(mark), _WIDTH))
    return b"\r\n ".join((b":".join(header), *lines)) + b"\r\n"


def _signed(key: Key, octets: bytes) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(octets, PKCS1v15(), SHA256())
    return key.sign(sha256(octets).digest())  # RFC 8463, 3


def _from_domain(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the domain of From: with that one in d=, DMARC calls a signature aligned."""
    (value,) = (value for name, value in headers if name.lower() == b"from")
    return value.rstrip().removesuffix(b">").rpartition(b"@")[2]
