"""The house stays as it was drawn: folders, file sizes, who writes, what is imported when."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

PACKAGES = ("core", "models", "gui")
SLOW = ("torch", "open3d", "hdbscan", "sklearn", "numba", "scipy", "pypatchworkpp")


def sources() -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def test_the_top_level_holds_what_was_agreed():
    agreed = {"gui", "core", "models", "resources", "tests", "docs", "main.py", "pyproject.toml"}
    agreed |= {
        "README.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "CITATION.cff",
        "CHANGELOG.md",
        "Makefile",
    }
    made = {"build", "dist", "demo", "lidarloop.egg-info", "__pycache__"}
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert there - made == agreed


@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_has_one_subject(file: Path):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 480
    tree = ast.parse(text)
    if text:
        assert ast.get_docstring(tree), "no docstring"


def test_only_two_files_write_to_a_project():
    """All else goes through core.files, so that a fault leaves the old file or the new one."""
    writers = {"write_text", "write_bytes", "tofile", "savez", "savez_compressed", "save_file"}
    found = set()
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            mode = [a.value for a in node.args[1:2] if isinstance(a, ast.Constant)]
            if name in writers or (name == "open" and any("w" in str(m) for m in mode)):
                found.add(str(file.relative_to(ROOT)))
    assert found <= {"core/base/files.py"}


def test_tests_import_helpers_and_no_tests():
    """A helper has a file of its own: what is imported from a test or a conftest runs twice."""
    found = set()
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(alias.name for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            parts = {part for name in names for part in name.split(".")}
            if any(part == "conftest" or part.startswith("test_") for part in parts):
                found.add(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert not found


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a new process has loaded after running `code`."""
    script = f"{code}\nimport sys; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_charts_wait_until_one_is_shown():
    assert "pyqtgraph" not in loaded_after("import gui.window.window, gui.app")


@pytest.mark.parametrize(
    "code",
    [
        "import core.cli.verbs, core.steps, main",
        "import gui.window.window, gui.app",
        "import core.project.project, core.prepare.run",
    ],
)
def test_slow_libraries_wait_for_their_step(code: str):
    assert not loaded_after(code) & set(SLOW)


def test_the_command_line_needs_no_window():
    assert not loaded_after("import core.cli.verbs, core.steps, models.steps") & {
        "PySide6",
        "vispy",
    }


def imported_packages(tree: ast.AST) -> set[tuple[str, int]]:
    """Top packages that are imported anywhere below `tree`, each with its line."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add((node.module.partition(".")[0], node.lineno))
        elif isinstance(node, ast.Import):
            found |= {(alias.name.partition(".")[0], node.lineno) for alias in node.names}
    return found


def test_packages_of_many_parts_are_loaded_by_one_thread_at_a_time():
    """Else two threads, each in a part that the other needs, end in a deadlock that Python breaks
    by failing one import: a suggestion was learnt while a box was copied, and one of them broke."""
    many = {"scipy", "sklearn", "hdbscan", "kiss_icp"}
    for file in sources():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda)]
        inside = {one for f in functions for one in imported_packages(f) if one[0] in many}
        guarded = {
            one
            for node in ast.walk(tree)
            if isinstance(node, ast.With)
            and any(getattr(item.context_expr, "id", "") == "loading" for item in node.items)
            for one in imported_packages(node)
        }
        assert inside <= guarded, f"{file.relative_to(ROOT)}: {inside - guarded}"
