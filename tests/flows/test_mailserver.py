"""What the doctor says about the mail server."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.flows.mailserver import mail_server
from outreach.settings import load_settings
from tests.fakes.smtp_dialogue import PASSWORD
from tests.fakes.smtp_server import EVERYTHING, PLAIN, SmtpServer, certified, serving


def looked(url: str) -> list[tuple[str, str]]:
    settings = load_settings({"OUTREACH_PROVIDER": "smtp", "OUTREACH_SMTP_URL": url})
    return [(one.level, f"{one.found} {one.advice}".strip()) for one in mail_server(settings)]


def encrypted(server: SmtpServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    server.context, authority = certified(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    server.tls, server.login = "starttls", "PLAIN"
    return f"smtp://hub:p%40ss%2Fword@localhost:{server.port}?tls=starttls"


def test_it_greets_encrypts_logs_in_and_sends_nothing(tmp_path, monkeypatch) -> None:
    with serving(EVERYTHING) as server:
        found = looked(encrypted(server, tmp_path, monkeypatch))
        assert server.wrongs == []
        assert server.taken == []
    words = "answers, encrypted by STARTTLS, with a log-in, offers PIPELINING, CHUNKING, SMTPUTF8"
    assert found == [("ok", words)]


def test_it_says_where_a_server_is_slow() -> None:
    with serving(PLAIN) as server:
        levels = [level for level, _ in looked(server.url)]
    assert levels == ["ok", "advice"]


@pytest.mark.parametrize(
    ("step", "order", "word"),
    [
        ("banner", "554 5.7.1 blocked", "554"),
        ("banner", "drop", "closed"),
        ("banner", "garbage", "SMTP"),
        ("EHLO", "endless line", "SMTP"),
        ("STARTTLS", "more", "SMTP"),
        ("TLS", "break", "the mail server"),
        ("AUTH", "535 5.7.8 no", "535"),
    ],
)
def test_it_says_what_is_to_be_mended(
    tmp_path, monkeypatch, step: str, order: str, word: str
) -> None:
    with serving(EVERYTHING) as server:
        url = encrypted(server, tmp_path, monkeypatch)
        server.always[step] = order
        ((level, words),) = looked(url)
    assert level == "missing"
    assert word in words
    assert PASSWORD not in words


def test_who_sends_otherwise_is_not_asked() -> None:
    assert list(mail_server(load_settings({"OUTREACH_PROVIDER": "outbox"}))) == []
