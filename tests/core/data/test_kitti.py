"""KITTI's layouts by the command line and as a dropped folder: real frames and made trees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.formats.kitti import KittiObject, KittiRaw, KittiTracking
from core.data.opening import open_dataset
from core.data.recognise import recognise
from core.project.project import Project
from tests.commands import CommandLine, case
from tests.places import SAMPLES
from tests.streets import small_scan


@pytest.fixture
def lidarloop(capsys) -> CommandLine:
    return CommandLine(capsys)


def samples(name: str) -> Path:
    if not (SAMPLES / name).is_dir():
        pytest.skip(f"the sample scans are not at {SAMPLES}")
    return SAMPLES / name


def as_far_as_a_query(lidarloop: CommandLine, project: Path, root: Path, format: str, train: str):
    said = lidarloop("new", project, "--format", format, "--root", root, "--train", train)
    assert said.code == 0, said.told
    assert lidarloop("prepare", project, "--workers", 1).code == 0
    assert lidarloop("query", project, "--units", 5).code == 0
    with Project(project) as opened:
        assert opened.classes.name == "kitti"


def put(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        small_scan(0)[0].tofile(root / name)
    return root


# -- the object benchmark -------------------------------------------------------------------------


def test_real_object_frames_reach_a_query(lidarloop, tmp_path: Path):
    root = tmp_path / "object"
    (root / "training").mkdir(parents=True)
    for name in ("velodyne", "calib", "image_2"):
        (root / "training" / name).symlink_to(samples("kitti_object") / "training" / name)
    (root / "ImageSets").mkdir()
    (root / "ImageSets/train.txt").write_text("000000\n000009\n")
    (root / "ImageSets/val.txt").write_text("000001\r\n007000\r\n")
    found = recognise(root)
    assert found is not None
    assert (found.format, found.root) == ("kitti", root)
    assert found.sequences == ("train", "training", "val")
    frames = len(list((root / "training/velodyne").iterdir()))
    assert (found.scans, found.labelled) == (frames, 0)
    as_far_as_a_query(lidarloop, tmp_path / "p", root, "kitti", "train")
    dataset = open_dataset("kitti", root, ["train"], ["val"])
    assert dataset.train == ("training/velodyne/000000", "training/velodyne/000009")
    assert dataset.validation == ("training/velodyne/000001",)


def test_points_of_a_real_object_frame_are_in_their_boxes_in_the_picture():
    """The projection of a frame's points, against the 2D boxes that people drew in the picture."""
    root, scan = samples("kitti_object"), "training/velodyne/000008"
    camera = KittiObject().camera(root, scan)
    assert camera is not None
    assert camera.image.name == "000008.jpg"
    points = KittiObject().points(root, scan)
    pixels, ahead = camera.pixels(points)
    rows = [r.split() for r in (root / "training/label_2/000008.txt").read_text().splitlines()]
    cars = [
        np.array(row[4:8] + row[11:14], float)
        for row in rows
        if (row[0], row[1]) == ("Car", "0.00")
    ]
    assert len(cars) > 2
    for left, top, right, bottom, x, _y, z in cars:
        # The box's place in the camera's axes (x right, z ahead) is -y and x of the scanner.
        near = np.hypot(points[:, 0] - 0.27 - z, points[:, 1] + x) < 1.0
        near &= ahead & (points[:, 2] > -1.3)
        assert near.sum() > 2
        u, v = pixels[near].T
        inside = (u > left - 5) & (u < right + 5) & (v > top - 5) & (v < bottom + 5)
        assert inside.mean() > 0.9


# -- tracking -------------------------------------------------------------------------------------


def test_real_tracking_frames_reach_a_query(lidarloop, tmp_path: Path):
    source, root = samples("kitti_tracking") / "training", tmp_path / "tracking"
    (root / "training").mkdir(parents=True)
    (root / "training/velodyne").symlink_to(source / "velodyne_reduced")
    for name in ("calib", "image_02"):
        (root / "training" / name).symlink_to(source / name)
    found = recognise(root)
    assert found is not None
    assert (found.format, found.sequences) == ("kitti-tracking", ("training/0000",))
    frames = sorted(p.stem for p in (root / "training/velodyne/0000").iterdir())[:2]
    span = f"training/0000:{frames[0]}-{frames[1]}"
    as_far_as_a_query(lidarloop, tmp_path / "p", root, "kitti-tracking", span)
    dataset = open_dataset("kitti-tracking", root, ["training/0000"], [])
    pictured = [c for c in map(dataset.camera, dataset.train) if c is not None]
    assert pictured
    assert all(camera.projection is not None for camera in pictured)


def test_points_in_the_cameras_view_alone_are_found(tmp_path: Path):
    """As the samples lie, and as detectors' tools leave KITTI: its folder was taken for five
    sequences of scans."""
    root = samples("kitti_tracking")
    found = recognise(root)
    assert found is not None
    assert (found.format, found.sequences) == ("kitti-tracking", ("training_reduced/0000",))
    dataset = open_dataset("kitti-tracking", root, ["training_reduced/0000"], [])
    assert len(dataset.train) == 154
    first = dataset.train[0]
    assert first == "training/velodyne_reduced/0000/000000"
    kept = tmp_path / "whole/training"
    kept.mkdir(parents=True)
    (kept / "velodyne").symlink_to(root / "training/velodyne_reduced")
    for name in ("calib", "image_02", "oxts"):
        (kept / name).symlink_to(root / "training" / name)
    whole = open_dataset("kitti-tracking", kept.parent, ["training/0000"], [])
    for mine, other in zip(dataset.train, whole.train, strict=True):
        np.testing.assert_array_equal(dataset.pose(mine), whole.pose(other))
    assert KittiTracking().box_file(first) == "training/label_02/0000.txt"
    assert dataset.camera(first) is not None
    # Where both are there, the whole scans are taken.
    (kept / "velodyne_reduced").symlink_to(root / "training/velodyne_reduced")
    both = recognise(kept.parent)
    assert both is not None
    assert both.sequences == ("training/0000",)


def test_object_frames_in_the_cameras_view_alone_keep_their_splits(tmp_path: Path):
    part = tmp_path / "training"
    (part / "calib").mkdir(parents=True)
    (part / "velodyne_reduced").mkdir()
    for stem in ("000000", "000001", "000002"):
        np.zeros((3, 4), "<f4").tofile(part / f"velodyne_reduced/{stem}.bin")
    (tmp_path / "ImageSets").mkdir()
    (tmp_path / "ImageSets/train.txt").write_text("000001\n")
    found = recognise(tmp_path)
    assert found is not None
    assert found.format == "kitti"
    assert found.sequences == ("train_reduced", "training_reduced")
    dataset = open_dataset("kitti", tmp_path, ["train_reduced"], ["training_reduced"])
    assert dataset.train == ("training/velodyne_reduced/000001",)
    assert dataset.validation == tuple(
        f"training/velodyne_reduced/{s}" for s in ("000000", "000002")
    )


def test_the_splits_are_not_read_for_each_frame(tmp_path: Path, monkeypatch):
    stems = [f"{number:06d}" for number in range(60)]
    put(tmp_path, *(f"training/velodyne/{stem}.bin" for stem in stems))
    (tmp_path / "ImageSets").mkdir()
    (tmp_path / "ImageSets/train.txt").write_text("\n".join(stems[::2]))
    (tmp_path / "ImageSets/val.txt").write_text("\n".join(stems[1::2]))
    read: list[str] = []
    within = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or within(path))
    dataset = open_dataset("kitti", tmp_path, ["train"], ["val"])
    assert [scan.rpartition("/")[2] for scan in dataset.scans] == [*stems[::2], *stems[1::2]]
    assert 0 < read.count("train.txt") < 10
    assert 0 < read.count("val.txt") < 10


# -- raw recordings, KITTI-360 --------------------------------------------------------------------


def test_a_raw_tree_is_found_at_its_top_and_below(lidarloop, tmp_path: Path):
    data = case("kitti-raw-tree")
    drive = "2011_09_26/2011_09_26_drive_0001_sync"
    for folder in (data, data / "2011_09_26", data / drive):
        found = recognise(folder)
        assert found is not None
        assert (found.format, found.scans) == ("kitti-raw", 2)
    as_far_as_a_query(lidarloop, tmp_path / "p", data, "kitti-raw", drive)


CALIB = {
    "calib_velo_to_cam.txt": "R: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n",
    "calib_cam_to_cam.txt": "calib_time: 09-Jan-2012 13:57:47\nR_rect_00: 1 0 0 0 1 0 0 0 1\n"
    "P_rect_02: 100 0 50 0 0 100 40 0 0 0 1 0\n",
    "calib_imu_to_velo.txt": "R: 1 0 0 0 1 0 0 0 1\nT: 0 0 0\n",
}


def test_a_raw_drive_has_its_camera(tmp_path: Path):
    drive = "2011_09_26/2011_09_26_drive_0001_sync"
    put(tmp_path, f"{drive}/velodyne_points/data/0000000003.bin")
    picture = tmp_path / drive / "image_02/data/0000000003.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"")
    for name, text in CALIB.items():
        (tmp_path / "2011_09_26" / name).write_text(text)
    camera = KittiRaw().camera(tmp_path, f"{drive}/velodyne_points/data/0000000003")
    assert camera is not None
    assert camera.image == picture
    # 10 m ahead, 1 m to the left, 2 m up: 10 pixels left of and 20 above the centre.
    pixels, ahead = camera.pixels(np.array([[10.0, 1.0, 2.0]]))
    np.testing.assert_allclose(pixels, [[40, 20]])
    assert ahead.all()


def test_labels_of_kitti_come_back(lidarloop, tmp_path: Path):
    """What an export writes beside the scans is where the format looks for it."""
    for format, scan in (
        ("kitti", "training/velodyne/000000"),
        ("kitti-tracking", "training/velodyne/0001/000000"),
        ("kitti-raw", "2011_09_26/a_sync/velodyne_points/data/0000000000"),
        ("semantickitti", "velodyne/000000"),
    ):
        root = tmp_path / format
        put(root, f"{scan}.bin")
        (root / "poses.txt").write_text("")  # point_labeler's
        found = recognise(root)
        assert found is not None
        assert (found.format, found.labelled) == (format, 0)
        dataset = open_dataset(format, root, found.sequences, [])
        assert dataset.train == (scan,)
        name, dtype = dataset.format.label_file(root, scan)
        raw = np.arange(dataset.count(scan)) % 5 | 7 << 16
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        raw.astype(dtype).tofile(root / name)
        np.testing.assert_array_equal(dataset.format.labels(root, scan), raw & 0xFFFF)
        np.testing.assert_array_equal(dataset.format.instances(root, scan), 7)
        again = recognise(root)
        assert again is not None
        assert (again.format, again.scans, again.labelled) == (format, 1, 1)


@pytest.mark.parametrize(
    "neighbour",
    [
        "2011_09_26/a_sync/velodyne_points/data/0000000000.bin",
        "training/velodyne/000000.bin",
        "sequences/00/velodyne/000000.bin",
    ],
)
def test_a_plain_folder_is_not_taken_for_the_kitti_beside_it(tmp_path: Path, neighbour: str):
    """The folder above is looked at too: what lies there is another dataset."""
    put(tmp_path, neighbour, "mine/1.bin", "mine/2.bin")
    found = recognise(tmp_path / "mine")
    assert found is not None
    assert (found.format, found.root, found.scans) == ("folder", tmp_path / "mine", 2)
    part = recognise(tmp_path / neighbour.partition("/")[0])
    assert part is not None
    assert (part.format != "folder", part.scans) == (True, 1)


# -- point_labeler --------------------------------------------------------------------------------


def test_the_folder_of_point_labeler_has_labels_and_poses(lidarloop, tmp_path: Path):
    data = case("point-labeler-folder")
    found = recognise(data)
    assert found is not None
    assert (found.format, found.sequences, found.scans) == ("semantickitti", (".",), 2)
    assert found.labelled == 2
    said = lidarloop.new(tmp_path / "p", data, ".", format="semantickitti")
    assert said.code == 0, said.told
    assert lidarloop("prepare", tmp_path / "p", "--workers", 1).code == 0
    assert lidarloop("query", tmp_path / "p", "--units", 5).code == 0
    with Project(tmp_path / "p") as project:
        poses = [project.dataset.pose(scan) for scan in project.dataset.train]
        assert all(pose is not None for pose in poses)
        assert project.dataset.format.label_file(data, project.dataset.train[0])[0] == (
            "labels/000000.label"
        )
