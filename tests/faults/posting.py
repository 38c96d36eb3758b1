"""The mail server of the trials that send by SMTP; its log is read as SendGrid's is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.smtp_server import EVERYTHING, PIPELINED, SmtpServer
from tests.faults.trial import Trial

OFFERS = {"chunked": EVERYTHING, "pipelined": PIPELINED}


@contextmanager
def posting(trial: Trial, manner: str) -> Iterator[SmtpServer]:
    """Have a trial's edition go to a mail server instead, from its first message on."""
    folder: Path = trial.folder
    server = SmtpServer(OFFERS[manner], log=folder / "posted.jsonl")
    (folder / "posted.jsonl").touch()
    trial.post_to(server.url, folder / "posted.jsonl")
    try:
        yield server
        assert server.wrongs == []
    finally:
        server.close()
