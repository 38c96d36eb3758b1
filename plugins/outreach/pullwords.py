"""What a person may let pass of a file that was stopped, in words. Light: a DAG file reads it."""

from __future__ import annotations

LET_PASS = {
    "shrink": "It may be much shorter than last time",
    "lost-column": "It may lack a column that it had last time",
    "stale": "It may be old",
}
"""What stopped a file -> the tick on the trigger form that lets it pass, for one run."""
