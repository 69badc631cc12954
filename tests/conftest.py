"""What all tests share: the real scans beside the project, where they are to be had."""

from __future__ import annotations

from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "data"


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
