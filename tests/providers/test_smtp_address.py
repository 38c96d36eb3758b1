"""Which mail server the settings and connections name, and how it is reached."""

from __future__ import annotations

import pytest

from outreach.connections import smtp_fields
from outreach.errors import ConfigError
from outreach.providers.smtp.address import Server, Tls, server_of
from outreach.settings import load_settings


def named(url: str, **more: str) -> Server:
    return server_of(load_settings({"OUTREACH_SMTP_URL": url, **more}))


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://mail.example.org", "mail.example.org", 587, Tls.STARTTLS),
        ("smtp://mail.example.org:25", "mail.example.org", 25, Tls.STARTTLS),
        ("smtps://mail.example.org", "mail.example.org", 465, Tls.IMPLICIT),
        ("smtps://mail.example.org:2465/", "mail.example.org", 2465, Tls.IMPLICIT),
        ("smtp://localhost", "localhost", 25, Tls.NONE),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, Tls.NONE),
        ("smtp://[::1]:2525", "::1", 2525, Tls.NONE),
        ("smtp://localhost?tls=starttls", "localhost", 587, Tls.STARTTLS),
        ("smtp://mail.example.org?tls=none", "mail.example.org", 25, Tls.NONE),
    ],
)
def test_an_address_says_how_a_server_is_reached(url: str, host: str, port: int, tls: Tls) -> None:
    found = named(url)
    assert (found.host, found.port, found.tls) == (host, port, tls)


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("", {}),
        ("mail.example.org", {}),
        ("http://mail.example.org", {}),
        ("smtp://", {}),
        ("smtp://me:s3cr@mail.example.org:x", {}),
        ("smtp://me:s3c/r@mail.example.org", {}),
        ("smtp://me@mail.example.org", {}),
        ("smtp://mail.example.org/path", {}),
        ("smtp://mail example.org", {}),
        ("smtp://mail.example.org?tls=maybe", {}),
        ("smtps://mail.example.org?tls=none", {}),
        ("smtp://me:s3cr@mail.example.org?tls=none", {}),
        ("smtp://mail.example.org?tls=none", {"OUTREACH_ENV": "production"}),
        ("smtp://mail.example.org", {"OUTREACH_SMTP_CONNECTIONS": "0"}),
        ("smtp://mail.example.org", {"OUTREACH_SMTP_CONNECTIONS": "101"}),
        ("smtp://mail.example.org", {"OUTREACH_SMTP_CONNECTIONS": "many"}),
        ("smtp://mail.example.org", {"OUTREACH_SMTP_RETURN_PATH": "a>b@example.org"}),
        ("smtp://mail.example.org", {"OUTREACH_SMTP_HELO": "two words"}),
    ],
)
def test_what_makes_no_sense_is_refused_without_the_password(url: str, more: dict) -> None:
    with pytest.raises(ConfigError, match="OUTREACH_SMTP_") as caught:
        named(url, **more)
    assert "s3c" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_on_this_machine_may_be_spoken_to_in_clear_text_in_production() -> None:
    assert named("smtp://localhost", OUTREACH_ENV="production").tls is Tls.NONE


def test_a_password_may_hold_anything_and_is_not_shown() -> None:
    found = named("smtp://me%40x:p%2F%40%3A@mail.example.org")
    assert (found.user, found.password) == ("me@x", "p/@:")
    assert "p/@:" not in repr(found)


@pytest.mark.parametrize(
    ("connection", "url"),
    [
        ("smtp://me:p%40ss@mail.example.org:587", "smtp://me:p%40ss@mail.example.org:587"),
        ("smtp://me:p@mail.example.org:465", "smtps://me:p@mail.example.org:465"),
        ("smtp://mail.example.org", "smtp://mail.example.org"),
        ("smtp://mail.example.org?disable_ssl=false", "smtps://mail.example.org"),
        ("smtp://mail.example.org?disable_ssl=true", "smtp://mail.example.org"),
        (
            "smtp://mail.example.org?disable_ssl=true&disable_tls=true",
            "smtp://mail.example.org?tls=none",
        ),
        (
            '{"host": "mail.example.org", "port": 25, "extra": {"disable_ssl": true}}',
            "smtp://mail.example.org:25",
        ),
        (
            '{"host": "mail.example.org", "extra": "{\\"disable_ssl\\": false}"}',
            "smtps://mail.example.org",
        ),
        ('{"login": "me", "password": "p"}', None),
    ],
)
def test_a_connection_of_airflow_carries_its_encryption(connection: str, url: str | None) -> None:
    assert smtp_fields(connection).get("smtp_url") == url


def test_a_connection_whose_extra_is_nonsense_is_named() -> None:
    with pytest.raises(ConfigError, match="extra"):
        smtp_fields('{"host": "h", "extra": "{x"}')
