"""Settings come from the environment, with defaults that need nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.domain import Mailbox
from outreach.errors import ConfigError
from outreach.settings import ROOT, load_settings


def test_defaults_need_nothing() -> None:
    found = load_settings({})
    assert found.home == ROOT / ".outreach"
    assert (found.env, found.provider) == ("development", "outbox")
    assert found.database_url == f"sqlite:///{ROOT}/.outreach/outreach.db"
    assert found.journal == ROOT / ".outreach" / "claims.journal"
    assert found.sendgrid_base_url == "https://api.sendgrid.com"
    assert found.campaigns == (ROOT / "templates" / "campaigns",)
    assert not found.production


def test_every_fixed_point_is_read(tmp_path: Path) -> None:
    found = load_settings(
        {
            "OUTREACH_HOME": str(tmp_path),
            "OUTREACH_ENV": "production",
            "OUTREACH_ALLOWED_RECIPIENTS": "*@example.org, me@example.com",
            "OUTREACH_DATABASE_URL": "postgresql://db/outreach",
            "OUTREACH_JOURNAL": "/j",
            "OUTREACH_PROVIDER": "sendgrid",
            "OUTREACH_SENDGRID_API_KEY": "SG.x",
            "OUTREACH_SENDGRID_BASE_URL": "http://127.0.0.1:1",
            "OUTREACH_SMTP_URL": "smtp://x",
            "OUTREACH_DKIM_SELECTOR": "s1",
            "OUTREACH_DKIM_KEY": "/run/secrets/dkim.pem",
            "OUTREACH_DKIM_DOMAIN": "mail.example.org",
            "OUTREACH_FROM": "NCL Training Hub <hub@example.org>",
            "OUTREACH_REPLY_TO": "reply@example.org",
            "OUTREACH_PUBLIC_URL": "https://mail.example.org/",
            "OUTREACH_SENDGRID_WEBHOOK_KEYS": "one,two",
            "OUTREACH_TOKEN_KEYS": "k1:" + "x" * 16,
            "OUTREACH_ADDRESS_KEY": "y" * 16,
            "OUTREACH_CAMPAIGNS": "a:/b",
        }
    )
    assert found.production
    assert found.allowed_recipients == ("*@example.org", "me@example.com")
    dkim = found.dkim_selector, found.dkim_key, found.dkim_domain
    assert dkim == ("s1", "/run/secrets/dkim.pem", "mail.example.org")
    assert found.sender == Mailbox("hub@example.org", "NCL Training Hub")
    assert found.reply_to == Mailbox("reply@example.org")
    assert found.public_url == "https://mail.example.org"
    assert found.webhook_keys == ("one", "two")
    assert found.campaigns == (ROOT / "a", Path("/b"))
    assert (found.journal, found.smtp_url, found.provider) == (Path("/j"), "smtp://x", "sendgrid")
    assert "SG.x" not in repr(found)
    assert "y" * 16 not in repr(found)


@pytest.mark.parametrize(
    "connection",
    [
        "sendgrid://:SG.key@127.0.0.1:99/http",
        '{"conn_type": "sendgrid", "password": "SG.key", "host": "http://127.0.0.1:99"}',
        '{"password": "SG.key", "host": "127.0.0.1", "port": 99, "schema": "http"}',
    ],
)
def test_an_airflow_variable_fills_in_what_is_not_set(connection: str) -> None:
    found = load_settings({"AIRFLOW_CONN_SENDGRID_DEFAULT": connection})
    assert (found.sendgrid_api_key, found.sendgrid_base_url) == ("SG.key", "http://127.0.0.1:99")
    assert found.origins["sendgrid_api_key"] == "AIRFLOW_CONN_SENDGRID_DEFAULT"


def test_our_own_settings_win_over_airflow_variables() -> None:
    found = load_settings(
        {"AIRFLOW_CONN_SENDGRID_DEFAULT": "sendgrid://:SG.a@h", "OUTREACH_SENDGRID_API_KEY": "SG.b"}
    )
    assert found.sendgrid_api_key == "SG.b"


def test_a_connection_wins_inside_airflow() -> None:
    found = load_settings({"OUTREACH_SENDGRID_API_KEY": "SG.b"}).with_connections(
        {"sendgrid_api_key": "SG.c", "sendgrid_base_url": ""}, "connection sendgrid_default"
    )
    assert found.sendgrid_api_key == "SG.c"
    assert found.sendgrid_base_url == "https://api.sendgrid.com"
    assert found.origins["sendgrid_api_key"] == "connection sendgrid_default"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OUTREACH_ENV", "prod"),
        ("OUTREACH_FROM", "nobody"),
        ("AIRFLOW_CONN_SENDGRID_DEFAULT", "{x"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=r"OUTREACH_|AIRFLOW_CONN_"):
        load_settings({name: value})


def test_smtp_connections_are_read() -> None:
    found = load_settings({"AIRFLOW_CONN_SMTP_DEFAULT": "smtp://me:p%40ss@mail.example.org:587"})
    assert found.smtp_url == "smtp://me:p%40ss@mail.example.org:587"


@pytest.mark.parametrize(
    "connection",
    [
        "sendgrid://:s3cr/et@host",
        "sendgrid://:x@host:s3cr",
        '{"password": "s3cr", "host": "http://h:s3cr"}',
    ],
)
def test_a_connection_that_cannot_be_read_is_named_without_its_secret(connection: str) -> None:
    with pytest.raises(ConfigError, match="AIRFLOW_CONN") as error:
        load_settings({"AIRFLOW_CONN_SENDGRID_DEFAULT": connection})
    assert "s3cr" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_connection_that_may_serve_others_only_fills_in_what_a_provider_is_not_given() -> None:
    found = load_settings({"OUTREACH_SES_REGION": "eu-west-2"}).with_connections(
        {"OUTREACH_SES_REGION": "us-east-1", "OUTREACH_SES_ACCESS_KEY_ID": "AKIA"}, "connection x"
    )
    assert found.given["OUTREACH_SES_REGION"] == "eu-west-2"
    assert found.given["OUTREACH_SES_ACCESS_KEY_ID"] == "AKIA"
    assert found.origin("OUTREACH_SES_REGION") == "environment"
    assert found.origin("OUTREACH_SES_ACCESS_KEY_ID") == "connection x"
