"""How `pytest -n` shares tests out: whatever starts a whole Airflow goes to one worker.

Two of them at once would starve a small machine. (xdist's own `loadgroup` does nothing under
pytest 9: it writes a node id that pytest no longer reads.)
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

WHOLE_AIRFLOW = ("tests/airflow/", "tests/e2e/")


class OneAirflow(LoadScopeScheduling):
    """Every test for itself, but the tests that start a whole Airflow together, and first."""

    def _split_scope(self, nodeid: str) -> str:
        return "airflow" if nodeid.startswith(WHOLE_AIRFLOW) else nodeid
