"""Answers about scans that are no longer there: kept, and said."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from core.answers.effort import Effort
from core.project.project import Project
from tests.streets import small_project


def test_answers_whose_scans_are_gone_are_said_until_they_are_back(
    tmp_path: Path, small_street: Path
):
    street = tmp_path / "street"
    shutil.copytree(small_street, street)
    with small_project(tmp_path / "p", street) as project:
        first, second = project.dataset.train[:2]
        ref, rows = project.scan_ref(first), np.arange(9)
        project.answers.answer(
            ref, rows, np.ones(9, np.uint8), round="", unit="", effort=Effort(tool="brush")
        )
        project.boxes.finish(project.scan_ref(second), round="")
        files = [project.dataset.path(scan) for scan in (first, second)]
        assert project.notes == ()
    for file in files:
        file.rename(file.with_suffix(".away"))
    with Project(tmp_path / "p") as project:
        (note,) = project.notes
        assert note.startswith(f"2 scans with answers are not in the dataset any more ({first}, …)")
    files[0].with_suffix(".away").rename(files[0])
    with Project(tmp_path / "p") as project:
        (note,) = project.notes
        assert note.startswith(f"1 scan with answers is not in the dataset any more ({second})")
        assert (project.labels(first)[:9] == 1).all()
    files[1].with_suffix(".away").rename(files[1])
    with Project(tmp_path / "p") as project:
        assert project.notes == ()
        assert project.boxes.is_finished(second)
        project.boxes.decline(project.scan_ref(second), round="")
    files[1].unlink()
    with Project(tmp_path / "p") as project:
        assert project.notes == ()  # nothing is lost with a frame that could not be labelled
