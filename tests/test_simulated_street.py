"""The simulated street: labelled scans that look like a LiDAR's, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.jobs import Job
from core.data.classes import load_classes
from core.data.opening import open_dataset
from tests.simulated_street import SENSOR_M, STEP_M, simulate


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("town")
    simulate(root, 2, 3, Job())
    return root


def test_it_is_read_as_semantickitti_with_labels_and_poses(town: Path):
    dataset = open_dataset("semantickitti", town, ["00"], ["08"])
    classes = load_classes("semantickitti")
    assert len(dataset.train) == 2
    seen: set[str] = set()
    for name in (*dataset.train, *dataset.validation):
        truth = dataset.ground_truth(name, classes)
        assert truth is not None
        seen |= {classes.names[c] for c in np.unique(truth)}
    assert {"road", "sidewalk", "car", "pole", "building", "trunk", "vegetation"} <= seen
    first, second = (dataset.scan(name).pose for name in dataset.train)
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(second[:3, 3] - first[:3, 3], [STEP_M, 0, 0], atol=1e-6)


def test_rays_end_on_the_road_below_the_sensor(town: Path):
    dataset = open_dataset("semantickitti", town, ["00"], ["08"])
    classes = load_classes("semantickitti")
    name = dataset.train[0]
    points = dataset.scan(name).points
    assert 40_000 < len(points) < 131_072
    truth = dataset.ground_truth(name, classes)
    road = points[truth == classes.names.index("road")]
    # Noise of 1.5 cm along a ray that comes in at 2 to 25 degrees.
    assert abs(np.median(road[:, 2]) + SENSOR_M) < 0.01
    assert np.abs(road[:, 2] + SENSOR_M).max() < 0.06
    elevation = np.degrees(np.arctan2(points[:, 2], np.hypot(points[:, 0], points[:, 1])))
    assert -25.5 < elevation.min() < elevation.max() < 2.7
    assert ((points[:, 3] >= 0) & (points[:, 3] <= 1)).all()


def test_one_seed_gives_one_street(town: Path, tmp_path: Path):
    simulate(tmp_path / "same", 1, 3, Job())
    simulate(tmp_path / "other", 1, 4, Job())
    file = "sequences/00/velodyne/000000.bin"
    first, same, other = (
        (root / file).read_bytes() for root in (town, tmp_path / "same", tmp_path / "other")
    )
    assert first == same != other
    assert (town / file).read_bytes() != (town / file.replace("00/", "08/", 1)).read_bytes()
