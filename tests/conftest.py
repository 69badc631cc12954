"""What all tests share: the real scans beside the project, where they are to be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.places import SAMPLES
from tests.streets import small_scan, write_scan


def _samples(folder: str) -> Path:
    path = SAMPLES / folder
    if not path.is_dir():
        pytest.skip(f"the sample scans are not here: put them in {path} to run this test")
    return path


@pytest.fixture(scope="session")
def semantickitti() -> Path:
    """Root of 24 labelled SemanticKITTI scans."""
    return _samples("semantickitti")


@pytest.fixture(scope="session")
def nuscenes() -> Path:
    """Root of 12 labelled nuScenes keyframes."""
    return _samples("nuscenes_samples")


@pytest.fixture(scope="session")
def prepare_counts() -> Path:
    """CSV of reference counts per SemanticKITTI scan."""
    return _samples("reference") / "prepare_counts.csv"


@pytest.fixture
def small_street(tmp_path: Path) -> Path:
    """Root of three training scans (sequence 00) and one validation scan (08), labelled."""
    root = tmp_path / "scans"
    for seed, name in enumerate(
        ("00/velodyne/000000", "00/velodyne/000001", "00/velodyne/000002", "08/velodyne/000000")
    ):
        write_scan(root, f"sequences/{name}", *small_scan(seed))
    return root
