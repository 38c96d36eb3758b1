"""Where Amazon SES is, and with which keys: settings, Airflow's connection, AWS's own chain."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outreach.errors import ConfigError, NotSent
from outreach.providers.ses_account import Account, account, notes
from outreach.settings import load_settings

OURS = {
    "OUTREACH_SES_REGION": "eu-west-2",
    "OUTREACH_SES_ACCESS_KEY_ID": "AKIAOURS",
    "OUTREACH_SES_SECRET_ACCESS_KEY": "s3cret/ours",
}
LIVE = {**OURS, "OUTREACH_ENV": "production"}


@pytest.fixture(autouse=True)
def nothing_of_awss_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))


def test_the_region_says_where_messages_are_posted() -> None:
    found = account(load_settings(LIVE))
    assert found.url == "https://email.eu-west-2.amazonaws.com/v2/email/outbound-emails"
    assert found.keys().access_key == "AKIAOURS"
    assert "s3cret" not in repr(found) + repr(load_settings(LIVE))


def test_without_our_own_settings_awss_chain_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACHAIN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    found = account(load_settings({}))
    assert (found.region, found.keys().access_key) == ("eu-west-1", "AKIACHAIN")
    assert [note.found for note in notes(load_settings({}))] == ["from AWS's own chain", "none"]


@pytest.mark.parametrize(
    "connection",
    [
        "aws://AKIACONN:s3cret%2Fslash@/?region_name=eu-west-3",
        '{"login": "AKIACONN", "password": "s3cret/slash", "extra": {"region_name": "eu-west-3"}}',
        '{"login": "AKIACONN", "password": "s3cret/slash",'
        ' "extra": "{\\"region_name\\": \\"eu-west-3\\"}"}',
    ],
)
def test_airflows_connection_fills_in_what_is_not_set(connection: str) -> None:
    given = load_settings({"AIRFLOW_CONN_AWS_DEFAULT": connection})
    found = account(given)
    assert (found.region, found.keys().access_key) == ("eu-west-3", "AKIACONN")
    assert found.keys().secret_key == "s3cret/slash"
    assert next(iter(notes(given))).found == "from AIRFLOW_CONN_AWS_DEFAULT"
    both = account(load_settings({**OURS, "AIRFLOW_CONN_AWS_DEFAULT": connection}))
    assert (both.region, both.keys().access_key) == ("eu-west-2", "AKIAOURS")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "OUTREACH_SES_REGION"),
        ({**OURS, "OUTREACH_SES_REGION": "x.example.org/#"}, "OUTREACH_SES_REGION"),
        ({**OURS, "OUTREACH_SES_SECRET_ACCESS_KEY": ""}, "OUTREACH_SES_SECRET_ACCESS_KEY"),
        ({**OURS, "OUTREACH_SES_SECRET_ACCESS_KEY": "s3cret\n"}, "SECRET_ACCESS_KEY holds"),
        ({"OUTREACH_SES_REGION": "eu-west-2"}, "no AWS keys"),
        ({**OURS, "OUTREACH_SES_CONFIGURATION_SET": "a set"}, "OUTREACH_SES_CONFIGURATION_SET"),
        ({**OURS, "OUTREACH_SES_BASE_URL": "nonsense"}, "OUTREACH_SES_BASE_URL"),
        ({**OURS, "OUTREACH_SES_BASE_URL": "http://[::1"}, "OUTREACH_SES_BASE_URL"),
        ({**OURS, "OUTREACH_SES_BASE_URL": "https://h:port"}, "OUTREACH_SES_BASE_URL"),
        ({**LIVE, "OUTREACH_SES_BASE_URL": "http://ses.example.org"}, "production needs https"),
        ({"AIRFLOW_CONN_AWS_DEFAULT": '{"extra": "not json"}'}, "OUTREACH_SES_REGION"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named_and_no_key_is_told(
    environ: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        account(load_settings(environ))
    assert "s3cret" not in str(caught.value)


def test_a_profile_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "made-up")
    with pytest.raises(ConfigError, match="made-up"):
        account(load_settings({}))


def test_a_role_that_gives_no_keys_now_is_asked_again_later() -> None:
    from botocore.credentials import RefreshableCredentials

    def refuse() -> dict[str, str]:
        return {}

    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    role = RefreshableCredentials("AKIAROLE", "s3cret", "t", long_ago, refuse, "made-up")
    with pytest.raises(NotSent, match="CredentialRetrievalError") as caught:
        Account("", "eu-west-2", "", role).keys()
    assert caught.value.retry_after > 0


def test_nothing_of_aws_is_imported_before_ses_is_opened() -> None:
    look = "import sys, outreach.providers.registry; print('botocore' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
