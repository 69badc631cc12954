"""A project of two scans that are labelled in part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.project.project import Project
from tests.exchanged import answer
from tests.streets import small_scan, write_scan


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for seed in range(2):
        write_scan(tmp_path / "data", f"sequences/00/velodyne/{seed:06d}", *small_scan(seed))
    return tmp_path / "data"


@pytest.fixture
def project(tmp_path: Path, root: Path):
    with Project.create(
        tmp_path / "p", format="semantickitti", root=root, train=["00"], preset="laptop"
    ) as project:
        for scan in project.dataset.train:
            answer(project, scan, np.arange(500), 3)
        yield project
