"""How `pytest -n` shares tests out: what shares something costly to make stays together.

Whatever starts a whole Airflow goes to one worker, and first: two of them at once would starve a
small machine. (xdist's own `loadgroup` does nothing under pytest 9: it writes a node id that
pytest no longer reads.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

WHOLE_AIRFLOW = ("tests/airflow/", "tests/e2e/")

TOGETHER = (
    "tests/dags/",
    "tests/faults/test_faults.py",
    "tests/hostile/test_hostile.py",
    "tests/hostile/test_names.py",
    "tests/checks/test_in_a_browser.py",
    "tests/rendering/test_copy.py",
    "tests/web/test_staff_browser.py",
)
"""Each of them imports, starts or makes something for all its tests: Airflow, Chromium, a world."""


class OneAirflow(LoadScopeScheduling):
    """Every test for itself, but what needs the same costly thing together."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(WHOLE_AIRFLOW):
            return "airflow"
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if "airflow" in self.workqueue:
            self.workqueue.move_to_end("airflow", last=False)
        super()._assign_work_unit(node)
