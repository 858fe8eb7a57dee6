"""Test modules share code through tests/support, and benchmarks use nothing else from the tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from core.workspace import PROJECT


def imported_modules(path: Path) -> set[str]:
    """Return the modules that a file imports, including those imported by scripts that it contains as strings."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r"from (tests\.[\w.]+) import", node.value))
    return found


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_only_support_is_imported_from_tests(folder: str) -> None:
    imports = {path: imported_modules(path) for path in (PROJECT / folder).rglob("*.py")}

    wrong = {
        str(path.relative_to(PROJECT)): sorted(names)
        for path, modules in imports.items()
        if (names := [name for name in modules if re.match(r"tests\.(?!support\b)", name)])
    }
    assert wrong == {}
