"""Load the DAG files as Airflow's processor does, alone in a process; print what was found.

Run by tests: `python tests/dags/loading.py ENVIRONMENTS`, the last a list in JSON: they are loaded
once under each, one after the other. Sockets are blocked, every warning counts.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn


def blocked(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise OSError("a DAG file opened a socket")


def main() -> None:
    logging.disable()
    # Whatever Airflow itself loads and warns of is not ours to judge.
    import airflow.providers.standard.operators.hitl
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables.base import Timetable

    assert DagBag
    assert DagSerialization
    assert airflow.providers.standard.operators.hitl
    assert Timetable
    socket.socket.connect = blocked  # type: ignore[method-assign]
    socket.getaddrinfo = blocked
    json.dump([load(environ) for environ in json.loads(sys.argv[1])], sys.stdout)


def load(environ: dict[str, str]) -> dict[str, Any]:
    """Load every DAG file under these variables, which stay no longer than that."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    os.environ.update(environ)
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    began = time.process_time()
    bag = DagBag(str(folder), collect_dags=False)
    for file in sorted(folder.glob("*.py")):
        bag.process_file(str(file))
    seconds = time.process_time() - began
    for name in environ:
        del os.environ[name]
    return {
        "seconds": seconds,
        "errors": bag.import_errors,
        "warnings": [told for all_told in bag.captured_warnings.values() for told in all_told],
        "dags": {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in bag.dags.items()},
    }


if __name__ == "__main__":
    main()
