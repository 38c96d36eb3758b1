"""Airflow on SQLite, the public app and the drainer on this machine, as one thing."""

from __future__ import annotations

import fcntl
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

import httpx

from outreach.dagdocs import SENDERS_POOL
from outreach.errors import ConfigError, OutreachError
from outreach.local import processes
from outreach.local.airflow_api import AirflowApi
from outreach.local.environment import Ports, local_environment, passwords
from outreach.local.processes import Program

_START_PATIENCE = 180.0
POOL_SLOTS = 4
_AIRFLOW = processes.tool("airflow")


class StackFailed(OutreachError):
    """A part did not start, or ended by itself; the text shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A local Outreach that is up. `environ` is what its parts were started with.

    Of `programs` with one name, the last is the one that should run.
    """

    home: Path
    ports: Ports
    environ: Mapping[str, str]
    programs: list[Program]
    passwords: Mapping[str, str]

    @property
    def airflow_url(self) -> str:
        """Where Airflow is, for a browser."""
        return f"http://localhost:{self.ports.airflow}"

    @property
    def public_url(self) -> str:
        """Where the public app is, for a browser."""
        return f"http://localhost:{self.ports.public}"

    def api(self, user: str) -> AirflowApi:
        """Return Airflow's API, logged in as one of the local users."""
        return AirflowApi(self.airflow_url, user, self.passwords[user])

    def program(self, name: str) -> Program:
        """Return a part, such as scheduler or triggerer, as it was last started."""
        return {program.name: program for program in self.programs}[name]

    def start_again(self, name: str) -> None:
        """Start a part that has ended; what it had left running is not touched."""
        command = _commands(self.ports)[name]
        logs = self.home / "logs"
        self.programs.append(processes.start(name, command, self.environ, logs, again=True))

    def check(self) -> None:
        """Raise StackFailed if a part has ended by itself."""
        for program in {program.name: program for program in self.programs}.values():
            if not program.running:
                raise StackFailed(
                    f"{program.name} ended by itself; the end of {program.log}:\n"
                    f"{processes.tail(program.log)}"
                )


@contextmanager
def running_stack(
    home: Path,
    *,
    base: Mapping[str, str] | None = None,
    say: Callable[[str], None] = print,
) -> Iterator[Stack]:
    """Start everything, yield once all of it is healthy, and stop it whatever happens.

    Ports 8080 (Airflow) and 8090 (public app) are used if free, else the next free ones.
    SIGTERM and SIGHUP end it as Ctrl-C does. Raises ConfigError if a stack already runs in
    `home`, StackFailed if a part does not come up.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (
        _only_one(home),
        _signals_as_interrupt(),
        processes.reserved_port(8080) as airflow,
        processes.reserved_port(8090) as public,
    ):
        ports = Ports(airflow, public)
        environ = local_environment(home, ports, base=base)
        programs: list[Program] = []
        stack = Stack(home, ports, environ, programs, passwords(home))
        try:
            _migrate(environ, home / "logs")
            for name, command in _commands(ports).items():
                programs.append(processes.start(name, command, environ, home / "logs"))
            _wait_until_healthy(stack, say)
            stack.api("admin").set_pool(SENDERS_POOL, POOL_SLOTS)
            yield stack
        finally:
            with _no_signals():
                processes.stop(programs)


def _migrate(environ: Mapping[str, str], logs: Path) -> None:
    """Make or bring up to date Airflow's own database."""
    program = processes.start("migrate", [_AIRFLOW, "db", "migrate"], environ, logs)
    try:
        if program.process.wait(timeout=_START_PATIENCE):
            raise StackFailed(f"Airflow's database:\n{processes.tail(program.log)}")
    finally:
        processes.stop([program])


def _commands(ports: Ports) -> dict[str, list[str]]:
    """Return each part's command.

    Not `airflow standalone`: it stays up as if well when one of its parts has died, and its
    parts spin when it is stopped.
    """
    outreach = [sys.executable, "-m", "outreach"]
    parts = ("scheduler", "dag-processor", "triggerer", "api-server")
    return {
        **{part: [_AIRFLOW, part] for part in parts},
        "public": [*outreach, "serve", "public", "--port", str(ports.public)],
        "drainer": [*outreach, "events", "drain", "--follow"],
    }


def _wait_until_healthy(stack: Stack, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    waiting: dict[str, Callable[[], bool]] = {
        "Airflow": lambda: _airflow_healthy(stack.airflow_url),
        "the public app": lambda: _answers(f"{stack.public_url}/health"),
    }
    while waiting:
        stack.check()
        for name in [name for name, healthy in waiting.items() if healthy()]:
            say(f"{name} is up ({time.monotonic() - began:.0f} s)")
            del waiting[name]
        if waiting and time.monotonic() - began > _START_PATIENCE:
            parts = " and ".join(waiting)
            raise StackFailed(f"{parts} did not come up; see {stack.home / 'logs'}")
        time.sleep(0.5)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False


def _airflow_healthy(url: str) -> bool:
    """Whether every part of Airflow beats: it says that it is ready sooner than it is."""
    try:
        answer = httpx.get(f"{url}/api/v2/monitor/health", timeout=5)
        parts = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return False
    needed = ("metadatabase", "scheduler", "dag_processor", "triggerer")
    return all((parts.get(part) or {}).get("status") == "healthy" for part in needed)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the home's lock: two Airflows on one SQLite file would corrupt each other's work."""
    lock: IO[str] = (home / "stack.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ConfigError(
            f"Outreach already runs in {home}: stop it (Ctrl-C where it was started), or set "
            "OUTREACH_HOME to another directory"
        ) from None
    with lock:
        yield


@contextmanager
def _signals_as_interrupt() -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _no_signals() -> Iterator[None]:
    """Let nothing interrupt the stopping: half a stop leaves orphans."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {n: signal.signal(n, signal.SIG_IGN) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
