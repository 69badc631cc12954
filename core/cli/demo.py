"""The demo: a simulated town, a research project on it, prepared and asked, in one call.

Without a display the simulated annotator plays two rounds, and pictures of the window are made
under a virtual display, so that a server shows the same thing as a desk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core import steps
from core.base.files import write_atomic
from core.base.jobs import Job
from core.project import status
from core.project.project import Project
from core.simulate.town import write_town

if TYPE_CHECKING:
    from core.cli.faces import Faces

PROJECT, TOWN = "demo-town", "town"
SCANS, VALIDATION, SEED, ROUNDS = 8, 2, 1, 2
STEP_M, TAIL = 6.0, 3.0  # so that eight scans show much
# The demo's whole pool is smaller than one percent of SemanticKITTI, so it asks for more of it.
OVERRIDES = {"query.fraction": "0.04", "train.first_epochs": "12", "train.epochs": "6"}


def run(folder: Path, faces: Faces, job: Job) -> int:
    """Open the window on the demo in `folder`, making first what is not there yet."""
    if _has_display():
        make(folder, job)
        return faces.window.run(folder / PROJECT)
    print("No display here: the simulated annotator plays the demo's two rounds instead.")
    make(folder, job)
    code = _pictures(folder, "asked")
    play(folder / PROJECT, faces, job)
    return code or _pictures(folder, "trained")


def make(folder: Path, job: Job) -> None:
    """Simulate the scans, make the project, prepare it and ask the warm start, where missing."""
    scans, path = folder / TOWN, folder / PROJECT
    if not ((path / "project.toml").exists() and scans.is_dir()):
        written = write_town(
            scans,
            scans=SCANS,
            validation=VALIDATION,
            seed=SEED,
            step_m=STEP_M,
            tail=TAIL,
            job=job,
        )
    if not (path / "project.toml").exists():
        Project.create(
            path,
            format="semantickitti",
            root=scans,
            train=written.train,
            validation=written.validation,
            preset="laptop",
            seed=SEED,
            research=True,
            overrides=OVERRIDES,
        ).close()
    with Project(path) as project:
        if project.units is None:
            steps.prepare(project, job)
        if not project.rounds:
            steps.ask(project, job)


def play(path: Path, faces: Faces, job: Job) -> None:
    """Answer and train until two rounds are scored, then print and save the status table."""
    with Project(path) as project:
        while len([r for r in project.rounds if r.done]) < ROUNDS:
            found = project.tip
            if found is None or found.done:
                found = steps.ask(project, job)
            if project.open_items(found):
                steps.annotate(project, job, oracle="per-point")
            faces.network.train(project, job)
        table = status.table(status.status(project, backend=faces.network.backend()))
    print(table)
    write_atomic(path.parent / "status.txt", f"{table}\n".encode())


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _pictures(folder: Path, name: str) -> int:
    """Run the verb `pictures` below xvfb-run; they go to pictures/<name>."""
    xvfb = shutil.which("xvfb-run")
    if xvfb is None:
        print("For pictures of the window install xvfb (Debian: apt-get install xvfb xauth).")
        return 0
    screen = [xvfb, "-a", "-s", "-screen 0 1440x900x24"]
    program = [sys.executable, sys.argv[0], "pictures", str(folder / PROJECT)]
    return subprocess.run(
        [*screen, *program, str(folder / "pictures" / name)], check=False
    ).returncode
