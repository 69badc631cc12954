"""Scenes as detectors see them: what the picture shows, or all around."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.boxes.camera import AS_IF
from core.boxes.scene import CAMERA, RING, Scenes, view_of
from core.data.opening import open_dataset
from core.data.rig import Rig
from core.data.scans import Dataset
from tests.kitti_made import kitti_at, road
from tests.streets import small_street_at


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    root = kitti_at(tmp_path_factory.mktemp("kitti"), 2)
    behind = np.float32([[-9, 0, -1, 0.5], [9, 30, -1, 0.5], [np.nan, 0, 0, 0.5]])
    file = root / "training/velodyne/000000.bin"
    np.concatenate([road(0)[0], behind]).tofile(file)
    return open_dataset("kitti", root, ["training"], [])


def slow_shown(points: np.ndarray) -> np.ndarray:
    """Which points the picture of 1242 x 375 shows, one by one."""
    kept = []
    for x, y, z in points[:, :3].astype(float):
        a, b, depth = AS_IF.p2[:, :3] @ (-y, -z, x)
        kept.append(depth > 0.1 and 0 <= a / depth < 1242 and 0 <= b / depth < 375)
    return np.array(kept)


def test_only_what_the_picture_shows_is_seen(dataset: Dataset):
    scan = dataset.train[0]
    points = dataset.scan(scan).points
    points = points[np.isfinite(points).all(axis=1)]
    seen = Scenes(dataset, CAMERA).read(scan)
    np.testing.assert_array_equal(seen, points[slow_shown(points)])
    assert 0 < len(seen) < len(points)
    all_around = Scenes(dataset, RING).read(scan)
    np.testing.assert_array_equal(all_around, points)
    with pytest.raises(ValueError, match="read-only"):
        seen[0, 0] = 1


def test_an_intensity_that_is_no_number_is_0_and_its_point_stays(tmp_path: Path):
    root = kitti_at(tmp_path, 1)
    points = road(0)[0].copy()
    points[:3, 3] = (np.nan, np.inf, -np.inf)
    points.tofile(root / "training/velodyne/000000.bin")
    made = open_dataset("kitti", root, ["training"], [])
    seen = Scenes(made, RING).read(made.train[0])
    points[:3, 3] = 0
    np.testing.assert_array_equal(seen, points)


def test_turned_scans_show_the_same_points(dataset: Dataset):
    from dataclasses import replace

    from core.base.settings import load_preset

    rig = Rig.of(replace(load_preset("laptop").rig, axes="-y,x,z", z_offset_m=1.0))
    turned = replace(dataset, rig=rig)
    seen = Scenes(turned, CAMERA).read(dataset.train[1])
    plain = Scenes(dataset, CAMERA).read(dataset.train[1])
    back = seen[:, :3].astype(float) @ turned.from_files[:3, :3]
    assert len(seen) == len(plain)
    wanted = plain[:, :3] + [0, 0, 1]  # the metre that was added
    np.testing.assert_allclose(back, wanted, atol=1e-5)


def test_a_scene_is_the_same_whatever_the_last_bits_of_a_product(dataset: Dataset, monkeypatch):
    """As another machine or build of numpy may round them."""
    from dataclasses import replace

    from core.base.settings import load_preset
    from core.boxes import scene

    rig = Rig.of(replace(load_preset("laptop").rig, axes="-y,x,z", z_offset_m=1.0))
    turned, scan = replace(dataset, rig=rig), dataset.train[0]
    before = Scenes(turned, CAMERA).digest(scan, "content")
    for view in (CAMERA, RING):
        plain, other = (Scenes(one, view).digest(scan, "content") for one in (dataset, turned))
        assert plain != other
    inv = np.linalg.inv
    monkeypatch.setattr(scene.np.linalg, "inv", lambda of: inv(of) * (1 + 4e-16))
    assert Scenes(turned, CAMERA).digest(scan, "content") == before


def test_kittis_benchmarks_are_seen_by_the_camera_others_all_around(
    dataset: Dataset, tmp_path: Path
):
    assert view_of(dataset, "auto") == CAMERA
    assert view_of(dataset, "ring") == RING
    small_street_at(tmp_path)
    street = open_dataset("semantickitti", tmp_path, ["00"], [])
    assert view_of(street, "auto") == RING


def test_a_frame_without_calibration_is_said(dataset: Dataset, tmp_path: Path):
    bare = open_dataset("kitti", kitti_at(tmp_path, 1, calibrated=False), ["training"], [])
    with pytest.raises(DataError, match="has no calibration"):
        Scenes(bare, CAMERA).read(bare.train[0])
    assert len(Scenes(bare, RING).read(bare.train[0])) == len(road(0)[0])
