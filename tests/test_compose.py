"""docker-compose.yaml: its schema, its health checks, and no secret with a default."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from outreach.settings import ROOT

FILE = ROOT / "docker-compose.yaml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load(FILE.read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_the_file_fits_the_compose_schema() -> None:
    tool = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*tool, FILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_of_airflow_and_outreach_is_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {
        *("postgres", "redis", "init", "api-server", "scheduler", "dag-processor"),
        *("triggerer", "worker", "public", "drainer"),
    }


def test_no_secret_has_a_default() -> None:
    secret = re.compile(r"\$\{(\w*(?:PASSWORD|SECRET|_KEYS?)\w*):-([^}]*)\}")
    defaults = {name: value for name, value in secret.findall(FILE.read_text()) if value}
    assert not defaults


def test_every_secret_that_is_needed_stops_the_start_when_it_is_missing() -> None:
    text = FILE.read_text()
    for name in set(re.findall(r"\$\{(\w+(?:PASSWORD|SECRET_KEY|JWT_SECRET|FERNET_KEY))\b", text)):
        assert f"${{{name}:?" in text, f"{name} may be empty"


def test_every_lasting_service_says_whether_it_is_well(compose: dict[str, Any]) -> None:
    unwatched = {name for name, s in compose["services"].items() if "healthcheck" not in s}
    assert unwatched == {"init", "drainer"}


def test_only_airflow_holds_the_key_to_send(compose: dict[str, Any]) -> None:
    for name in ("public", "drainer"):
        assert "OUTREACH_SENDGRID_API_KEY" not in compose["services"][name]["environment"]


def test_the_senders_pool_is_made_before_anything_runs(compose: dict[str, Any]) -> None:
    from outreach.dagdocs import SENDERS_POOL

    assert f"airflow pools set {SENDERS_POOL} " in compose["services"]["init"]["command"][-1]
    for name in ("scheduler", "worker", "api-server", "public"):
        after = compose["services"][name]["depends_on"]["init"]["condition"]
        assert after == "service_completed_successfully"


def test_personal_data_and_secrets_stay_out_of_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    for path in (".env", ".outreach", "contacts/inbox", "contacts/processed", ".git"):
        assert path in ignored


def test_the_image_installs_exactly_what_is_locked() -> None:
    dockerfile = Path(ROOT / "Dockerfile").read_text()
    assert "--no-deps --require-hashes -r requirements.txt" in dockerfile
    assert "USER outreach" in dockerfile
