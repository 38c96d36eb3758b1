"""The doctor names whatever is wrong with a deployment, and never falls over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from outreach.flows import doctor
from outreach.flows.doctor import Finding
from outreach.scheduling.closing import Closings, Freeze
from outreach.settings import load_settings
from outreach.workspace import Workspace

Examine = Callable[..., dict[str, Finding]]

LIVE = {
    "OUTREACH_ENV": "production",
    "OUTREACH_TOKEN_KEYS": "k1:0123456789abcdef",
    "OUTREACH_ADDRESS_KEY": "0123456789abcdef",
}
SENDGRID = {"OUTREACH_PROVIDER": "sendgrid", "OUTREACH_SENDGRID_API_KEY": "SG.made-up"}


SES = {
    "OUTREACH_PROVIDER": "ses",
    "OUTREACH_SES_REGION": "eu-west-2",
    "OUTREACH_SES_ACCESS_KEY_ID": "AKIAMADEUP",
    "OUTREACH_SES_SECRET_ACCESS_KEY": "s3cret",
}


@pytest.fixture
def examine(tmp_path: Path) -> Examine:
    """Examine a deployment of these settings; returns what is not as it should be."""

    def examined(**environ: str) -> dict[str, Finding]:
        settings = load_settings({"OUTREACH_HOME": str(tmp_path / "home"), **environ})
        found = doctor.examine(settings)
        return {one.what: one for one in found if one.level == doctor.MISSING}

    return examined


def test_a_new_deployment_misses_nothing(examine: Examine) -> None:
    assert examine() == {}


def test_a_home_that_cannot_be_made_is_named(examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    assert "OUTREACH_HOME" in examine()["home"].advice


@pytest.mark.parametrize("content", [b"", b"\xff\xfe" * 20, None])
def test_a_kept_key_that_cannot_be_read_is_named(
    examine: Examine, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "home" / "address.key"
    file.parent.mkdir()
    file.mkdir() if content is None else file.write_bytes(content)
    assert "OUTREACH_ADDRESS_KEY" in examine()["keys"].advice


def test_a_journal_that_cannot_be_read_is_not_said_to_be_ahead(
    examine: Examine, tmp_path: Path
) -> None:
    found = examine(OUTREACH_JOURNAL=str(tmp_path))["claim journal"]
    assert found.found == "not usable"
    assert "OUTREACH_JOURNAL" in found.advice


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u:s3cret@h/x", "postgresql://u:s3cret@h:port/x"]
)
def test_a_database_address_that_means_nothing_is_named_without_its_password(
    examine: Examine, url: str
) -> None:
    found = examine(OUTREACH_DATABASE_URL=url)["ledger"]
    assert "OUTREACH_DATABASE_URL" in found.advice
    assert "s3cret" not in found.advice + found.found


@pytest.mark.parametrize("environ", [{}, LIVE])
@pytest.mark.parametrize("url", ["http://[::1", "nonsense", "ftp://x", "https://x:port"])
def test_an_address_of_sendgrid_that_is_none_is_named(
    examine: Examine, url: str, environ: dict[str, str]
) -> None:
    found = examine(**SENDGRID, **environ, OUTREACH_SENDGRID_BASE_URL=url)["provider"]
    assert "OUTREACH_SENDGRID_BASE_URL" in found.advice


@pytest.mark.parametrize(
    ("provider", "whole", "missing", "advice"),
    [
        (SENDGRID, {"OUTREACH_SENDGRID_WEBHOOK_KEYS": "k"}, "OUTREACH_SENDGRID_API_KEY", {}),
        (
            SES,
            {
                "OUTREACH_SES_TOPICS": "arn:aws:sns:eu-west-2:123456789012:events",
                "OUTREACH_SES_CONFIGURATION_SET": "outreach",
            },
            "OUTREACH_SES_REGION",
            {"SES configuration set": "OUTREACH_SES_CONFIGURATION_SET"},
        ),
    ],
)
def test_what_a_provider_needs_is_named_and_what_it_lacks_is_advised(
    tmp_path: Path,
    provider: dict[str, str],
    whole: dict[str, str],
    missing: str,
    advice: dict[str, str],
) -> None:
    def looked(environ: dict[str, str]) -> dict[str, Finding]:
        settings = load_settings({"OUTREACH_HOME": str(tmp_path), **environ})
        return {one.what: one for one in (*doctor._provider(settings), *doctor._webhooks(settings))}

    assert {one.level for one in looked({**provider, **whole}).values()} == {doctor.OK}
    bare = looked(provider)
    assert {what: one.advice for what, one in bare.items() if one.advice}.keys() == {
        *("webhook keys", *advice)
    }
    for what, setting in advice.items():
        assert setting in bare[what].advice
    assert next(iter(whole)) in bare["webhook keys"].advice
    assert missing in looked({**provider, missing: ""})["provider"].advice
    assert "s3cret" not in str(bare)


def test_production_without_a_sender_of_its_own_is_named(examine: Examine) -> None:
    assert "OUTREACH_FROM" in examine(**LIVE)["sender"].advice


def test_a_freeze_that_spares_a_campaign_nobody_knows_is_named(
    ws: Workspace,
) -> None:
    now = datetime.now(UTC)
    freeze = Freeze(now, now + timedelta(days=1), "election", ("pledge-thankyou",))
    hub = replace(ws.hub, closings=Closings(freezes=(freeze,)))
    found = [one for one in doctor._campaigns(replace(ws, hub=hub)) if "freeze" in one.what]
    assert [one.advice for one in found] == [
        "there is no campaign pledge-thankyou; did you mean “pledge-thank-you”?"
    ]


@pytest.fixture
def dkim(tmp_path: Path) -> Callable[..., dict[str, Finding]]:
    """Examine what the doctor says of DKIM, with a key of so many bits and these permissions."""

    def examined(bits: int = 2048, mode: int = 0o600, **environ: str) -> dict[str, Finding]:
        file = tmp_path / "dkim.pem"
        made = rsa.generate_private_key(65537, bits)
        file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.chmod(mode)
        given = {"OUTREACH_DKIM_SELECTOR": "s1", "OUTREACH_DKIM_KEY": str(file)}
        home = {"OUTREACH_HOME": str(tmp_path / "home")}
        found = doctor.examine(load_settings({**home, **given, **environ}))
        return {one.what: one for one in found if one.what.startswith("DKIM")}

    return examined


def test_what_is_to_be_published_for_dkim_is_said(dkim: Callable[..., dict[str, Finding]]) -> None:
    found = dkim(OUTREACH_FROM="hub@news.example.org")
    assert set(found) == {"DKIM", "DKIM record"}
    assert (found["DKIM"].level, found["DKIM"].found) == (doctor.OK, "RSA 2048, s1")
    record = found["DKIM record"]
    assert record.found == "s1._domainkey.news.example.org"
    assert "TXT: v=DKIM1; k=rsa; p=MIIBIj" in record.advice
    assert "PRIVATE" not in str(found)


def test_a_weak_or_open_key_is_named(dkim: Callable[..., dict[str, Finding]]) -> None:
    found = dkim(bits=1024, mode=0o644)
    assert "2048" in found["DKIM"].advice
    assert "chmod 600" in found["DKIM key"].advice


def test_a_dkim_setting_that_is_missing_is_named(examine: Examine) -> None:
    assert "OUTREACH_DKIM_KEY" in examine(OUTREACH_DKIM_SELECTOR="s1")["DKIM"].advice
    found = examine(OUTREACH_DKIM_SELECTOR="s1", OUTREACH_DKIM_KEY="/no")
    assert "No such file" in found["DKIM"].advice


def test_nothing_is_said_of_dkim_where_the_provider_signs(tmp_path: Path) -> None:
    found = doctor.examine(load_settings({"OUTREACH_HOME": str(tmp_path)}))
    assert not [one for one in found if one.what.startswith("DKIM")]


def test_posting_without_a_signature_is_named(tmp_path: Path) -> None:
    settings = load_settings({"OUTREACH_HOME": str(tmp_path), "OUTREACH_PROVIDER": "smtp"})
    found = {one.what: one for one in doctor.examine(settings)}
    assert found["DKIM"].level == doctor.ADVICE
    assert "OUTREACH_DKIM_KEY" in found["DKIM"].advice
