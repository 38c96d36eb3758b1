"""Judging rendered variants before anybody is asked to approve them.

`table.CHECKS` lists every check; each subject is a file of small functions, `run.check` asks
them all. What a check says never quotes a reader's own values: it reaches logs.
"""

from outreach.checks.run import check
from outreach.checks.sample import Sample
from outreach.checks.table import BY_NAME, CHECKS, Check

__all__ = ["BY_NAME", "CHECKS", "Check", "Sample", "check"]
