"""Imports point one way; Airflow and SQL stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from outreach.settings import ROOT

PLUGINS = ROOT / "plugins"
PACKAGE = PLUGINS / "outreach"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)

BASE = {
    *("domain", "errors", "settings", "keys", "base32", "connections", "clock", "records"),
    *("wording", "yamlfile", "headslips", "hub", "hubform", "colours", "limits"),
    *("answering", "retention", "addressform", "memo", "scheduling", "rates", "ratesform"),
    *("digest", "segments"),
}
"""What everything may use: words, errors, settings, keys, time, reading of YAML, memos, the language
of segments."""

ALLOWED = {
    "providers": {"providers"},
    "sources": {"sources"},
    "rendering": {"rendering", "campaigns", "frontmatter", "providers.base"},
    "checks": {"checks", "rendering", "campaigns", "frontmatter", "providers.base"},
    "ledger": {"ledger", "providers.base", "journal"},
    "engagement": {"engagement", "ledger", "providers", "workspace"},
    "web": {
        *("web", "reports", "flows", "engagement", "rendering", "campaigns", "workspace"),
        "checks",
        *("providers", "ledger.engine", "ledger.certificate", "exports"),
    },
}
"""Part -> what else of the package it may import, besides BASE. `flows` may use all below."""

TOP = {"flows", "cli", "local", "dagdocs", "dagfaults", "dagrequests"}
TOP |= {"airflow_bridge", "airflow_reach", "airflow_tasks"}
"""What nothing below may import."""


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a module, leaving out what only type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from at_run_time(node)


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module that `path` imports at run time, in functions too."""
    found: set[str] = set()
    for node in at_run_time(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def ours(path: Path) -> set[str]:
    prefix = "outreach."
    return {name.removeprefix(prefix) for name in imports_of(path) if name.startswith(prefix)}


def within(name: str, parts: set[str]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def test_there_are_modules_to_judge() -> None:
    assert len(SOURCES) > 30


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_stands_below_it(part: str) -> None:
    allowed = BASE | ALLOWED[part]
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in SOURCES
        if module_name(path).split(".")[0] == part
        for name in ours(path)
        if not within(name, allowed)
    ]
    assert not wrong


def test_the_base_imports_only_the_base() -> None:
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in SOURCES
        if within(module_name(path), BASE)
        for name in ours(path)
        if not within(name, BASE)
    ]
    assert not wrong


def test_nothing_below_imports_flows_or_the_command_line() -> None:
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in SOURCES
        if not within(module_name(path), TOP | {"web", "reports", "__main__"})
        for name in ours(path)
        if within(name, TOP)
    ]
    assert not wrong


def test_only_the_bridges_import_airflow() -> None:
    with_airflow = {
        module_name(path)
        for path in SOURCES
        if any(name == "airflow" or name.startswith("airflow.") for name in imports_of(path))
    }
    assert with_airflow == {"airflow_bridge", "airflow_reach", "airflow_tasks"}


def test_only_the_ledger_writes_sql() -> None:
    """Elsewhere SQLAlchemy may lend its engine, connection and error types, nothing more."""
    lent = {"Engine", "Connection", "exc", "make_url"}
    wrong = []
    for path in SOURCES:
        if module_name(path).startswith("ledger"):
            continue
        tree = ast.parse(path.read_text())
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.name.startswith("sqlalchemy")
        }
        wrong += [
            f"{module_name(path)}:{node.lineno} uses {ast.unparse(node)}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in names
            and node.attr not in lent
        ]
        wrong += [
            f"{module_name(path)} imports {name}"
            for name in imports_of(path)
            if name.startswith("sqlalchemy.") and name.rpartition(".")[2] not in lent
        ]
    assert not wrong


def test_dags_only_wire() -> None:
    """No SQL and no HTTP in dags/; nothing of the package but what wiring needs."""
    forbidden = ("sqlalchemy", "httpx", "requests", "outreach.ledger", "outreach.providers")
    for path in sorted((ROOT / "dags").glob("*.py")):
        wrong = [name for name in imports_of(path) if name.startswith(forbidden)]
        assert not wrong, f"{path.name}: {wrong}"


def test_the_domain_needs_only_the_standard_library() -> None:
    for name in imports_of(PACKAGE / "domain.py"):
        assert name.split(".")[0] in sys.stdlib_module_names | {"outreach"}


def test_no_file_of_the_package_is_loaded_as_a_plugin() -> None:
    """Airflow runs every .py under plugins/ as a top-level module: `email.py` replaces email."""
    assert "outreach/" in (PLUGINS / ".airflowignore").read_text().split()
    assert [path.name for path in PLUGINS.glob("*.py")] == ["outreach_plugin.py"]


def test_settings_are_read_when_called_and_not_at_import() -> None:
    program = (
        "import os; os.environ.clear(); before = set(os.environ);"
        "import outreach.settings, outreach.workspace, outreach.scheduling.timetable, outreach.dagdocs"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(PLUGINS), "OUTREACH_ENV": "nonsense"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
