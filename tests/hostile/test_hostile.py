"""Every hostile file is refused or quarantined, for a reason it is told, within fixed bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outreach.settings import ROOT
from tests.hostile import places, texts, workbooks
from tests.hostile.case import Case

CASES = [*texts.CASES, *workbooks.CASES, *places.CASES]


class Player:
    """A process that imports one file after another; another takes over when it dies."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._number = 0
        self._process: subprocess.Popen[str] | None = None

    def play(self, case: Case) -> dict[str, Any]:
        """Make the file, import it, and return what came of it; "died" where the process did."""
        self._number += 1
        folder = self._home / f"file{self._number}"
        folder.mkdir()
        path = folder / case.name
        case.make(path)
        if self._process is None:
            self._process = self._started()
        assert self._process.stdin
        assert self._process.stdout
        asked = {"path": str(path), "kind": case.kind, "grows": case.grows}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if path.is_file():
            path.unlink()
        if answer:
            return dict(json.loads(answer))
        status = self._process.wait()
        self.close()
        errors = (self._home / "errors").read_text()[-600:]
        return {"state": f"died with {status}", "said": errors}

    def _started(self) -> subprocess.Popen[str]:
        home = self._home / f"home{self._number}"
        home.mkdir()
        return subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.play", str(home)],
            cwd=ROOT,
            env={
                **os.environ,
                "RUST_BACKTRACE": "0",
                "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self._home / "errors").open("w"),
            text=True,
        )

    def close(self) -> None:
        """Let the process end."""
        if self._process:
            self._process.communicate()
            self._process = None


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    one = Player(tmp_path_factory.mktemp("hostile"))
    yield one
    one.close()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.about) for case in CASES])
def test_a_hostile_file_is_refused_or_quarantined_within_bounds(player: Player, case: Case) -> None:
    found = player.play(case)
    if case.said:
        assert (found["state"], case.said in found["said"]) == ("refused", True), found
        assert found["same"]
    else:
        assert found["state"] == "done", found
        assert found["reasons"] == case.reasons
        assert found["accepted"] == case.accepted
