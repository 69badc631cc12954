"""A window that is killed while boxes are drawn has lost nothing that it had shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.project.project import Project
from tests.gui.boxes.frames import made_street
from tests.places import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("keys", [1, 2, 5])
def test_what_was_shown_is_there_after_a_kill(tmp_path: Path, keys: int):
    path = made_street(tmp_path)
    command = [sys.executable, "-m", "tests.gui.boxes.killed_boxes", str(path), str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        shown = [child.stdout.readline() for _ in range(keys)][-1]
        child.kill()
    written, *box = (float(part) for part in shown.split())
    with Project(path) as project:
        scan = project.dataset.train[0]
        entries = list(project.answers.entries())
        assert len(entries) >= written == keys
        (found,) = project.boxes_of(scan).values()
        # Moved by 5 cm for each entry that came behind what was said last, as it was killed.
        ahead = np.array([np.cos(box[6]), np.sin(box[6])])
        moved = (found.box[:2] - box[:2]) @ ahead
        assert moved == pytest.approx(0.05 * (len(entries) - keys), abs=1e-9)
