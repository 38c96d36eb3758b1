"""Every fault as a scenario, by kind. Importing this package registers them all."""

from tests.faults.scenarios import (
    clocks,
    control,
    database,
    events,
    inflight,
    killing,
    people,
    provider,
    recovery,
    rivals,
    smtp,
)
from tests.faults.scenarios.registry import SCENARIOS, Scenario

__all__ = [
    "SCENARIOS",
    "Scenario",
    "clocks",
    "control",
    "database",
    "events",
    "inflight",
    "killing",
    "people",
    "provider",
    "recovery",
    "rivals",
    "smtp",
]
