"""What the SendGrid-shaped server was told, and what it took."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from tests.fakes.sendgrid_rules import composed


class State:
    """What the server was told and what it took."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.lock = threading.Lock()
        self.faults: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.suppressions: dict[str, list[dict[str, Any]]] = {}
        self.queries: list[str] = []
        self.stats: dict[str, int] = {}
        self.busy = 0
        self.pace: dict[str, float] = {}

    def next_fault(self) -> dict[str, Any]:
        with self.lock:
            if not self.faults:
                return {"kind": ""}
            fault = self.faults[0]
            fault["times"] = fault.get("times", 1) - 1
            if fault["times"] <= 0:
                self.faults.pop(0)
            return dict(fault)

    def accept(self, body: dict[str, Any], message_id: str) -> None:
        lines = []
        for person in body["personalizations"]:
            line = {**composed(body, person), "message_id": message_id}
            lines.append(json.dumps(line, ensure_ascii=False))
        with self.lock, self.log.open("a") as log:
            self.requests.append(body)
            log.write("\n".join(lines) + "\n")
