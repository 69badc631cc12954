"""Other programs' packages under our names: one sentence, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli import doctor
from tests.places import ROOT


def python(code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process that looks for modules in these folders first, then in ours."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*path, ROOT)))}
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


START = "import main, sys; sys.exit(main.main(['--help']))"


@pytest.mark.parametrize("name", ["core", "models", "gui", "resources"])
@pytest.mark.parametrize("kind", ["package", "folder", "module"])
def test_a_package_before_ours_is_named(name: str, kind: str, tmp_path: Path):
    if kind == "module":
        (tmp_path / f"{name}.py").write_text("")
    else:
        (tmp_path / name).mkdir()
    if kind == "package":
        (tmp_path / name / "__init__.py").write_text("")
    done = python(START, tmp_path)
    if kind == "folder":  # one without __init__.py gives way to a package
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"lidarloop: The package {name} that Python finds is not LidarLoop's")
    assert str(tmp_path) in said
    assert "pipx install" in said


def test_the_way_of_a_link_is_ours(tmp_path: Path):
    (tmp_path / "link").symlink_to(ROOT)
    done = python(START, tmp_path / "link")
    assert done.returncode == 0, done.stderr


def test_doctor_says_whose_packages_they_are(tmp_path: Path):
    finding = doctor.own_packages()
    assert (finding.good, finding.text) == (True, str(ROOT))
    (tmp_path / "models.py").write_text("")
    code = "from core.cli import doctor; print(doctor.own_packages())"
    said = python(code, tmp_path).stdout
    assert said.startswith("BAD  own packages")
    assert f"models is another program's ({tmp_path / 'models.py'})" in said
