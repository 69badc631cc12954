"""A desktop with a decimal comma: files of text hold points, and are read as such."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.project.project import Project
from tests.core.data.clouds.made_files import pcd, ply
from tests.places import ROOT
from tests.streets import small_scan

LOCALE = "de_DE.UTF-8"
XYZI = "property float x\nproperty float y\nproperty float z\nproperty float intensity"
SHOWN = """
import ctypes, sys
from pathlib import Path
from gui import app

application, window = app.open_window(Path(sys.argv[1]))
libc = ctypes.CDLL(None)
libc.strtod.restype = ctypes.c_double
print("SAYS", libc.strtod(b"1.5", None))
state = window.session.state
for scan in window.session.project.dataset.scans:
    state.show_scan(scan)
    while state.content is None or state.content.scan != scan:
        application.processEvents()
    print("SHOWN", scan, *state.content.points.astype(float).sum(0).round(3))
window.close()
"""
# Without the line in gui/app.py: the locale is in force, and Qt takes it.
TAKEN = """
import ctypes, sys
from PySide6.QtWidgets import QApplication

application = QApplication([])
libc = ctypes.CDLL(None)
libc.strtod.restype = ctypes.c_double
print("SAYS", libc.strtod(b"1.5", None))
"""


@pytest.fixture(scope="module")
def decimal_comma(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a German desktop, its locale made here where the system has none."""
    folder = tmp_path_factory.mktemp("locale")
    if shutil.which("localedef") is None:
        pytest.skip("no localedef to make a German locale")
    made = subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "UTF-8", folder / LOCALE],
        capture_output=True,
        check=False,
    )
    if not (folder / LOCALE).is_dir():
        pytest.skip(f"localedef knows no de_DE: {made.stderr.decode().splitlines()[:1]}")
    return {"LOCPATH": str(folder), "LC_ALL": LOCALE, "LANG": LOCALE}


def run(code: str, environment: dict[str, str], *arguments: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *(str(argument) for argument in arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_text_is_read_the_same_under_a_decimal_comma(tmp_path: Path, decimal_comma: dict[str, str]):
    assert run(TAKEN, decimal_comma) == ["SAYS 1.0"]  # what a C library makes of 1.5
    points = small_scan(0)[0]
    rows = "".join(" ".join(f"{value:.9g}" for value in row) + "\n" for row in points)
    head = f"element vertex {len(points)}\n{XYZI}"
    files = {
        "a.pcd": pcd(
            *("x y z intensity", "4 4 4 4", "F F F F", None),
            rows.encode(),
            data="ascii",
            points=len(points),
        ),
        "b.ply": ply(head, rows.encode(), "ascii"),
        "c.xyz": rows.encode(),
        "d.asc": b"x;y;z;intensity\n" + rows.replace(" ", ";").encode(),
    }
    for name, content in files.items():
        (tmp_path / "scans" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "scans" / name).write_bytes(content)
    project = tmp_path / "project"
    Project.create(
        project,
        format="folder",
        root=tmp_path / "scans",
        train=["."],
        preset="laptop",
        classes="semantickitti",
    ).close()
    environment = {**decimal_comma, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    says, *shown = run(SHOWN, environment, project)
    assert says == "SAYS 1.5"
    assert [line.split()[1] for line in shown] == ["a", "b", "c", "d"]
    for line in shown:
        sums = [float(word) for word in line.split()[2:]]
        np.testing.assert_allclose(sums, points.astype(float).sum(0), atol=0.01)
