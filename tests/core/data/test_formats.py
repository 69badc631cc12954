"""Formats: what lies on disk comes back as points, raw ids and poses; what is wrong is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError, SettingsError
from core.data.classes import IGNORED, load_classes
from core.data.formats.folder import Folder
from core.data.formats.nuscenes import NuScenes
from core.data.formats.semantickitti import SemanticKitti
from core.data.opening import open_dataset
from core.data.reading import Reading
from core.data.recognise import recognise
from tests.samples import Scans
from tests.streets import write_scan


def points(seed: int, count: int = 20, columns: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, columns)).astype("<f4")


# -- SemanticKITTI --------------------------------------------------------------------------------


@pytest.fixture
def kitti(tmp_path: Path) -> Path:
    for frame in range(3):
        raw = np.arange(20) % 2 * 10 + 40 + (7 << 16)  # instance ids in the high bits
        write_scan(tmp_path, f"sequences/04/velodyne/{frame:06d}", points(frame), raw)
    return tmp_path


def test_semantickitti_labels_lose_their_instance(kitti: Path):
    dataset = open_dataset("semantickitti", kitti, ["04"], [])
    classes = load_classes("semantickitti")
    truth = dataset.ground_truth(dataset.train[0], classes)
    assert truth is not None
    assert [classes.names[c] for c in truth[:2]] == ["road", "building"]
    np.testing.assert_array_equal(dataset.scan(dataset.train[1]).points, points(1))
    assert dataset.scan(dataset.train[0]).pose is None


def test_semantickitti_poses_are_the_lidars(kitti: Path):
    folder = kitti / "sequences/04"
    # Camera: x right, y down, z forward. The car goes 2 m forward per frame, along the LiDAR's x.
    (folder / "calib.txt").write_text(
        "P2: 1 0 0 0 0 1 0 0 0 0 1 0\nTr: 0 -1 0 0 0 0 -1 0 1 0 0 0\n"
    )
    rows = [f"1 0 0 0 0 1 0 0 0 0 1 {2 * frame}" for frame in range(3)]
    (folder / "poses.txt").write_text("\n".join(rows))
    pose = (
        open_dataset("semantickitti", kitti, ["04"], []).scan("sequences/04/velodyne/000002").pose
    )
    wanted = np.eye(4)
    wanted[0, 3] = 4
    np.testing.assert_allclose(pose, wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("poses.txt", "1 0 0 0 0 1 0 0 0 0 1 0", "1 poses for 3 scans, whose frames go up to 2"),
        ("poses.txt", "1 0 0", "cannot be read"),
        ("calib.txt", "Tr: 1 2 3", "cannot be read"),
    ],
)
def test_semantickitti_poses_that_do_not_fit(kitti: Path, file: str, text: str, says: str):
    folder = kitti / "sequences/04"
    (folder / "calib.txt").write_text("Tr: 1 0 0 0 0 1 0 0 0 0 1 0")
    (folder / "poses.txt").write_text("1 0 0 0 0 1 0 0 0 0 1 0\n" * 3)
    (folder / file).write_text(text)
    dataset = open_dataset("semantickitti", kitti, ["04"], [])
    assert dataset.scan("sequences/04/velodyne/000002").pose is None
    assert says in " ".join(dataset.format.notes(kitti, "04"))


# -- nuScenes -------------------------------------------------------------------------------------


def write_tables(root: Path) -> None:
    """Two scenes in the official layout; the second keyframe of the first is turned and moved."""
    half = float(np.sqrt(0.5))
    tables: dict[str, list[dict[str, object]]] = {
        "scene": [{"token": "s1", "name": "scene-0001"}, {"token": "s2", "name": "scene-0002"}],
        "sample": [
            {"token": "k1", "scene_token": "s1"},
            {"token": "k2", "scene_token": "s1"},
            {"token": "k3", "scene_token": "s2"},
        ],
        "ego_pose": [
            {"token": "e1", "translation": [0, 0, 0], "rotation": [1, 0, 0, 0]},
            {"token": "e2", "translation": [5, 0, 0], "rotation": [half, 0, 0, half]},
        ],
        "calibrated_sensor": [{"token": "c1", "translation": [1, 0, 2], "rotation": [1, 0, 0, 0]}],
        "sample_data": [],
    }
    for number, (sample, ego) in enumerate([("k1", "e1"), ("k2", "e2"), ("k3", "e1")]):
        for sensor, key in (("LIDAR_TOP", True), ("LIDAR_TOP", False), ("CAM_FRONT", True)):
            suffix = ".jpg" if sensor == "CAM_FRONT" else ".pcd.bin"
            folder = "samples" if key else "sweeps"
            tables["sample_data"].append(
                {
                    "token": f"d{number}{sensor}{key}",
                    "sample_token": sample,
                    "ego_pose_token": ego,
                    "calibrated_sensor_token": "c1",
                    "filename": f"{folder}/{sensor}/n{number}{suffix}",
                    "is_key_frame": key,
                }
            )
        file = root / f"samples/LIDAR_TOP/n{number}.pcd.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        points(number, 30, 5).tofile(file)
    for name, rows in tables.items():
        file = root / "v1.0-mini" / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(rows))
    labels = root / "lidarseg/v1.0-mini/d1LIDAR_TOPTrue_lidarseg.bin"
    labels.parent.mkdir(parents=True)
    np.full(30, 17, "u1").tofile(labels)


def test_nuscenes_official_tables(tmp_path: Path):
    write_tables(tmp_path)
    dataset = open_dataset("nuscenes", tmp_path, ["scene-0001"], ["scene-0002"])
    assert dataset.train == ("samples/LIDAR_TOP/n0", "samples/LIDAR_TOP/n1")
    assert dataset.validation == ("samples/LIDAR_TOP/n2",)
    scan = dataset.scan("samples/LIDAR_TOP/n1")
    np.testing.assert_array_equal(scan.points, points(1, 30, 5)[:, :4])
    assert scan.pose is not None
    np.testing.assert_allclose(scan.pose @ [1, 0, 0, 1], [5, 2, 2, 1], atol=1e-12)
    classes = load_classes("nuscenes")
    truth = dataset.ground_truth("samples/LIDAR_TOP/n1", classes)
    assert truth is not None
    assert classes.names[truth[0]] == "car"
    assert dataset.ground_truth("samples/LIDAR_TOP/n0", classes) is None
    file, dtype = dataset.format.label_file(tmp_path, "samples/LIDAR_TOP/n0")
    assert (file, dtype) == ("lidarseg/v1.0-mini/d0LIDAR_TOPTrue_lidarseg.bin", np.dtype("u1"))


def test_nuscenes_tables_that_are_cut_short(tmp_path: Path):
    write_tables(tmp_path)
    (tmp_path / "v1.0-mini/sample.json").write_text('[{"token": "k1"')
    with pytest.raises(DataError, match=r"tables of .* cannot be read"):
        NuScenes().sequences(tmp_path)


def test_nuscenes_sample_keyframes(keyframes: Scans):
    dataset = open_dataset("nuscenes", keyframes.root, keyframes.train, keyframes.validation)
    counts = (9, 3) if keyframes.real else (4, 2)
    assert (len(dataset.train), len(dataset.validation)) == counts
    classes = load_classes("nuscenes")
    for scan in (*dataset.train, *dataset.validation):
        truth = dataset.ground_truth(scan, classes)
        assert truth is not None
        assert 0.2 < np.mean(truth == IGNORED) < 0.3  # the car's own points
        assert len(truth) == len(dataset.scan(scan).points)


# -- plain folders --------------------------------------------------------------------------------


def test_every_kind_of_file_in_a_folder(tmp_path: Path):
    import open3d

    wanted = points(1)
    wanted.tofile(tmp_path / "a.bin")
    np.save(tmp_path / "b.npy", wanted[:, :3])
    for suffix in ("pcd", "ply"):
        cloud = open3d.t.geometry.PointCloud(wanted[:, :3].copy())
        cloud.point.intensity = wanted[:, 3:].copy()
        open3d.t.io.write_point_cloud(str(tmp_path / f"c_{suffix}.{suffix}"), cloud)
    dataset = open_dataset("folder", tmp_path, ["."], [])
    assert dataset.train == ("a", "b", "c_pcd", "c_ply")
    np.testing.assert_array_equal(dataset.scan("a").points, wanted)
    np.testing.assert_array_equal(dataset.scan("b").points[:, :3], wanted[:, :3])
    assert not dataset.scan("b").points[:, 3].any()
    for name in ("c_pcd", "c_ply"):
        np.testing.assert_allclose(dataset.scan(name).points, wanted, rtol=1e-6)
        assert dataset.count(name) == len(wanted)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.bin", b"1234567", "truncated: 7 bytes"),
        ("a.bin", b"", "holds no points"),
        ("a.npy", b"no array", "cannot be read"),
        ("a.pcd", b"VERSION .7\n", "has no whole header"),
    ],
)
def test_a_file_in_a_folder_that_is_wrong(tmp_path: Path, name: str, content: bytes, says: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        open_dataset("folder", tmp_path, ["."], []).scan("a")


def test_an_array_of_another_shape_and_two_files_of_one_name(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.zeros(5))
    with pytest.raises(DataError, match=r"shape \(5,\)"):
        Folder().points(tmp_path, "a")
    points(1).tofile(tmp_path / "a.bin")
    with pytest.raises(DataError, match="called a"):
        Folder().scans(tmp_path, ".")


# -- finding the data -----------------------------------------------------------------------------


def test_one_level_off_is_noticed(kitti: Path):
    with pytest.raises(DataError) as caught:
        open_dataset("semantickitti", kitti / "sequences", ["04"], [])
    assert caught.value.do == f"Did you mean {kitti}?"
    for place in (kitti, kitti / "sequences"):
        found = recognise(place)
        assert found is not None
        assert (found.format, found.root, found.scans, found.labelled) == (
            "semantickitti",
            kitti,
            3,
            3,
        )
    (kitti / "a/b/c").mkdir(parents=True)
    assert recognise(kitti / "a/b") is None


@pytest.mark.parametrize(
    ("train", "val", "kind", "says"),
    [
        (["05"], [], DataError, "no sequence 05"),
        (["04:000009-000012"], [], DataError, "names no scan"),
        (["04"], ["04:000001-000001"], SettingsError, "both in training and in validation"),
        ([], ["04"], SettingsError, "No training sequence"),
    ],
)
def test_sequences_that_cannot_be(kitti: Path, train, val, kind, says):
    with pytest.raises(kind, match=says):
        open_dataset("semantickitti", kitti, train, val)


def test_part_of_a_sequence(kitti: Path):
    dataset = open_dataset("semantickitti", kitti, ["04:000000-000001"], ["04:000002"])
    assert [scan[-1] for scan in dataset.train] == ["0", "1"]
    assert [scan[-1] for scan in dataset.validation] == ["2"]


def test_labels_that_do_not_fit(kitti: Path):
    dataset = open_dataset("semantickitti", kitti, ["04"], [])
    classes = load_classes("semantickitti")
    label = kitti / "sequences/04/labels/000000.label"
    np.full(20, 12345, "<u4").tofile(label)
    with pytest.raises(DataError, match=r"000000: .* 12345"):
        dataset.ground_truth(dataset.train[0], classes)
    np.full(19, 40, "<u4").tofile(label)
    with pytest.raises(DataError, match="20 points but 19 labels"):
        dataset.ground_truth(dataset.train[0], classes)


def test_the_formats_say_which_folders_are_theirs(kitti: Path, tmp_path: Path):
    assert SemanticKitti().recognises(kitti)
    assert not NuScenes().recognises(kitti)
    assert not Folder().recognises(kitti)


@pytest.mark.parametrize("scale", [1.0, 255.0, 0.1])
def test_normalised_points_have_the_intensity_divided(kitti: Path, scale: float):
    dataset = open_dataset("semantickitti", kitti, ["04"], [], intensity_scale=scale)
    found = points(1)
    before = found.copy()
    result = dataset.normalised(found)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result[:, :3], before[:, :3])
    np.testing.assert_array_equal(result[:, 3], before[:, 3] / np.float32(scale))
    np.testing.assert_array_equal(found, before)


@pytest.mark.parametrize("kind", [np.float64, np.int64])
@pytest.mark.parametrize("unit", ["m", "mm"])
def test_the_origin_is_taken_off_before_digits_are_lost(tmp_path: Path, kind, unit: str):
    """Neighbouring numbers of float32 are half a metre apart at 5,400 km."""
    metres = {"m": 1.0, "mm": 0.001}[unit]
    near = np.round(np.random.default_rng(0).uniform(5, 20, (50, 4)), 0 if kind == np.int64 else 4)
    origin = (500_100.0, 5_400_100.0, 30.0)
    np.save(tmp_path / "a.npy", (np.add(near, (*origin, 0)) / metres).round(6).astype(kind))
    dataset = open_dataset("folder", tmp_path, ["."], [], reading=Reading(unit=unit, origin=origin))
    points = dataset.scan("a").points
    assert points.dtype == np.float32
    np.testing.assert_allclose(points[:, :3], near[:, :3], rtol=0, atol=1e-5)
