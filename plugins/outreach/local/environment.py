"""The environment that a local Airflow needs: where things are, who may log in, how it copes."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from outreach.settings import ROOT

ROLES = {"admin": "admin", "amy": "user", "lee": "user", "vic": "viewer"}
"""Log-ins of a local Airflow: amy writes and triggers, lee approves, vic may only look."""

_OURS = ("OUTREACH_", "AIRFLOW_")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the two web servers listen, on this machine only."""

    airflow: int
    public: int


def passwords(home: Path) -> dict[str, str]:
    """Return the password of each local log-in, made once and kept in `home`."""
    path = _passwords_file(home)
    known = json.loads(path.read_text()) if path.exists() else {}
    if missing := ROLES.keys() - known.keys():
        known |= {name: secrets.token_urlsafe(9) for name in missing}
        _write_private(path, json.dumps(known))
    return {name: known[name] for name in ROLES}


def local_environment(
    home: Path, ports: Ports, *, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment for Airflow and Outreach on this machine, on top of `base`."""
    environ = dict(os.environ if base is None else base)
    airflow = f"http://localhost:{ports.airflow}"
    users = ",".join(f"{name}:{role}" for name, role in ROLES.items())
    environ |= {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", ""))),
        "PYTHONPATH": os.pathsep.join(
            filter(None, (str(ROOT / "plugins"), environ.get("PYTHONPATH", "")))
        ),
        "PYTHONUNBUFFERED": "1",
        "OUTREACH_HOME": str(home),
        "OUTREACH_PUBLIC_URL": environ.get("OUTREACH_PUBLIC_URL")
        or f"http://localhost:{ports.public}",
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # On SQLite, more at once (the default is 32) ends in "database is locked".
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "20",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_MAX_OVERFLOW": "20",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ports.airflow),
        "AIRFLOW__API__BASE_URL": airflow,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{airflow}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": _kept_secret(home),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": users,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_passwords_file(home)),
        # Airflow looks for the next task once a second: half an edition's time, where it is small.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        # The default of five minutes is long for somebody who just wrote a campaign file.
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
    }
    return environ


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without any setting of Outreach or Airflow: a demo reaches nothing real."""
    return {name: value for name, value in environ.items() if not name.startswith(_OURS)}


def _kept_secret(home: Path) -> str:
    """Return what Airflow's parts sign with among themselves, made once (it wants 64 bytes)."""
    path = home / "airflow-signing.key"
    if not path.exists():
        _write_private(path, secrets.token_hex(64))
    return path.read_text()


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def _passwords_file(home: Path) -> Path:
    return home / "airflow-passwords.json"
