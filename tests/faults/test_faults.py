"""Every fault once, on both databases: the short form of `make faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.running import FakeSendGrid
from tests.faults.databases import Databases
from tests.faults.judging import judge
from tests.faults.scenarios import SCENARIOS
from tests.faults.senders import Host
from tests.faults.trial import trying


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_promise_holds(
    name: str, databases: Databases, taking: FakeSendGrid, host: Host, tmp_path: Path
) -> None:
    with trying(databases, taking, host, tmp_path / "trial", f"{name} 1") as trial:
        SCENARIOS[name].play(trial)
        verdict = judge(trial)
    assert verdict.good, verdict
