"""What leaves by SMTP carries a signature that holds on the server's side."""

from __future__ import annotations

from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from tests.fakes.batches import handover, recipient
from tests.fakes.smtp_server import EVERYTHING, PIPELINED, PLAIN, serving

from outreach.errors import ConfigError
from outreach.providers.dkim import dns_record, identity
from outreach.providers.registry import open_provider
from outreach.settings import Settings, load_settings


def settings(home: Path, url: str) -> Settings:
    key = home / "dkim.pem"
    key.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return load_settings(
        {
            "OUTREACH_HOME": str(home),
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org",
            "OUTREACH_SMTP_URL": url,
            "OUTREACH_DKIM_SELECTOR": "s1",
            "OUTREACH_DKIM_KEY": str(key),
        }
    )


@pytest.mark.parametrize("offers", [EVERYTHING, PIPELINED, PLAIN])
def test_every_message_arrives_with_a_good_signature(tmp_path: Path, offers: tuple[str, ...]):
    people = [recipient(n, ".Dot Ltd\u2028Zoë") for n in range(3)]
    with serving(offers) as server:
        signing = settings(tmp_path, server.url)
        provider = open_provider("smtp", signing)
        provider.hand_over(handover(*people))
        provider.close()
    name, record = dns_record(identity(signing), "example.org")
    zone = {f"{name}.".encode(): record.encode()}
    assert len(server.taken) == len(people)
    for one in server.taken:
        assert dkim.verify(one.raw, dnsfunc=lambda asked, timeout=5: zone.get(asked))


def test_a_key_that_cannot_be_read_is_told_before_anything_is_sent(tmp_path: Path):
    signing = settings(tmp_path, "smtp://127.0.0.1:9")
    (tmp_path / "dkim.pem").unlink()
    with pytest.raises(ConfigError, match="OUTREACH_DKIM_KEY"):
        open_provider("smtp", signing)
