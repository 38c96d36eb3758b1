"""No one twice, no one lost, every doubt listed: in whatever order things happen.

`HYPOTHESIS_PROFILE=long` looks at far more sequences, and at other ones each time.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from outreach.workspace import Workspace
from tests.model.machine import Machine

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"

LOOK = settings(
    max_examples=1000 if LONG else 20,
    stateful_step_count=60 if LONG else 30,
    derandomize=not LONG,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)


def machine(ws: Workspace, folder: Path, *, broken: bool = False) -> type[Machine]:
    where = {"workspace": ws, "folder": folder, "broken": broken}
    return type("Deployment", (Machine,), where)


def test_the_promise_holds_whatever_happens(ws: Workspace, tmp_path: Path) -> None:
    run_state_machine_as_test(machine(ws, tmp_path), settings=LOOK)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sender_that_sends_a_doubt_again_is_found_out(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"is taken twice|was taken for .* and is"):
        run_state_machine_as_test(
            machine(ws, tmp_path, broken=True),
            settings=settings(LOOK, max_examples=200, phases=[Phase.generate]),
        )
