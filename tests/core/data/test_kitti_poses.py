"""Poses of KITTI's recordings and KITTI-360's drives: worked by hand, and of a real drive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.data.formats.kitti import Kitti360, KittiRaw, KittiTracking
from core.data.opening import open_dataset
from core.data.oxts import row_of
from core.data.plausible import judge
from core.data.recognise import recognise
from core.project.project import Project
from tests.commands import CommandLine
from tests.places import SAMPLES
from tests.streets import small_scan

EARTH_M = 6378137.0
RAW = "2011_09_26/2011_09_26_drive_0001_sync"
DRIVE = "2013_05_28_drive_0000_sync"
RAW_360 = f"data_3d_raw/{DRIVE}/velodyne_points/data"


@pytest.fixture
def lidarloop(capsys) -> CommandLine:
    return CommandLine(capsys)


def write(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def scans(root: Path, folder: str, *frames: int) -> None:
    (root / folder).mkdir(parents=True, exist_ok=True)
    for frame in frames:
        small_scan(0)[0].tofile(root / folder / f"{frame:010d}.bin")


# -- oxts -----------------------------------------------------------------------------------------

# The inertial unit is 1 m behind the scanner, 0.5 m to its right and 0.2 m below.
IMU = "R: 1 0 0 0 1 0 0 0 1\nT: -1 -0.5 -0.2\n"


def oxts(north_m: float = 0, east_m: float = 0, up_m: float = 0, yaw: float = 0) -> str:
    """A row at latitude 0, where Mercator's metres are those of the ground; roll and pitch 0."""
    latitude, longitude = np.degrees(north_m / EARTH_M), np.degrees(east_m / EARTH_M)
    return f"{latitude:.17g} {longitude:.17g} {112 + up_m} 0 0 {yaw} 1 2 3 4 5\n"


def raw(root: Path, rows: dict[int, str]) -> KittiRaw:
    scans(root, f"{RAW}/velodyne_points/data", *rows)
    write(root, {f"{RAW}/oxts/data/{frame:010d}.txt": row for frame, row in rows.items()})
    write(root, {"2011_09_26/calib_imu_to_velo.txt": IMU})
    return KittiRaw()


def pose(layout: KittiRaw, root: Path, frame: int, folder: str = f"{RAW}/velodyne_points/data"):
    return layout.pose(root, f"{folder}/{frame:010d}")


def test_a_drive_to_the_north_that_turns_left(tmp_path: Path):
    """The car heads north (yaw 90 degrees against east), drives 10 m, climbs 1 m, turns to the
    west around its inertial unit."""
    north, west = np.pi / 2, np.pi
    layout = raw(tmp_path, {4: oxts(yaw=north), 5: oxts(10, 0, 1, north), 6: oxts(10, 0, 1, west)})
    np.testing.assert_allclose(pose(layout, tmp_path, 4), np.eye(4), atol=1e-9)
    wanted = np.eye(4)
    wanted[:3, 3] = 10, 0, 1  # ahead is x
    np.testing.assert_allclose(pose(layout, tmp_path, 5), wanted, atol=1e-6)
    # The scanner's place seen from the inertial unit is (1, 0.5, 0.2), turned left (-0.5, 1, 0.2):
    # it moves by (-1.5, 0.5, 0).
    turned = np.array([[0, -1, 0, 8.5], [1, 0, 0, 0.5], [0, 0, 1, 1], [0, 0, 0, 1]], float)
    np.testing.assert_allclose(pose(layout, tmp_path, 6), turned, atol=1e-6)
    assert layout.notes(tmp_path, RAW) == ()


def test_metres_are_those_of_the_latitude(tmp_path: Path):
    """At 60 degrees north a degree of longitude has half the metres of one at the equator."""
    rows = {0: "60 8 0 0 0 0\n", 1: f"60 {8 + np.degrees(10 / EARTH_M):.17g} 0 0 0 0\n"}
    moved = pose(raw(tmp_path, rows), tmp_path, 1)
    np.testing.assert_allclose(moved[:3, 3], [5, 0, 0], atol=1e-6)


def test_roll_and_pitch_turn_about_their_axes(tmp_path: Path):
    rows = {0: "0 0 0 0 0 0\n", 1: "0 0 0 0.1 0 0\n", 2: "0 0 0 0 0.1 0\n"}
    layout = raw(tmp_path, rows)
    c, s = np.cos(0.1), np.sin(0.1)
    np.testing.assert_allclose(
        pose(layout, tmp_path, 1)[:3, :3], [[1, 0, 0], [0, c, -s], [0, s, c]], atol=1e-12
    )
    np.testing.assert_allclose(
        pose(layout, tmp_path, 2)[:3, :3], [[c, 0, s], [0, 1, 0], [-s, 0, c]], atol=1e-12
    )


def test_rows_that_are_none_and_frames_without_are_told(tmp_path: Path):
    rows = {0: oxts(), 1: "nan 8 1 0 0 0\n", 2: "here\n", 3: "1 2 3\n", 4: oxts(4)}
    layout = raw(tmp_path, rows)
    (tmp_path / RAW / "oxts/data/0000000004.txt").rename(
        tmp_path / RAW / "oxts/data/0000000009.txt"
    )
    assert [pose(layout, tmp_path, frame) is not None for frame in range(5)] == [True] + [False] * 4
    damaged, without = layout.notes(tmp_path, RAW)
    assert "frame 1, 2, 3 cannot be read" in damaged
    assert "4 of 5 scans have no pose: 0000000001" in without


@pytest.mark.parametrize(
    "text", [None, "", "R: 1 0 0\nT: 0 0 0\n", "R: 0 0 0 0 0 0 0 0 0\nT: 0 0 0\n"]
)
def test_oxts_without_a_calibration_are_told(tmp_path: Path, text: str | None):
    layout = raw(tmp_path, {0: oxts(), 1: oxts(1)})
    file = tmp_path / "2011_09_26/calib_imu_to_velo.txt"
    file.unlink()
    if text is not None:
        file.write_text(text)
    assert pose(layout, tmp_path, 1) is None
    (said,) = layout.notes(tmp_path, RAW)
    assert "calib_imu_to_velo.txt" in said
    notes = judge(open_dataset("kitti-raw", tmp_path, [RAW], [])).notes
    assert said in notes


def test_a_drive_without_oxts_has_no_poses_and_no_notes(tmp_path: Path):
    scans(tmp_path, f"{RAW}/velodyne_points/data", 0)
    assert pose(KittiRaw(), tmp_path, 0) is None
    assert KittiRaw().notes(tmp_path, RAW) == ()


@pytest.mark.parametrize("line", ["", "1 2 3 4 5", "1 2 3 4 5 inf", "90 2 3 4 5 6", "a b c d e f"])
def test_lines_that_are_no_measurement(line: str):
    assert row_of(line) is None


def test_oxts_of_a_real_drive_are_its_poses():
    """Of tracking sequence 0000 the poses of camera 0 lie beside, from another program: 154 frames,
    each within a millimetre and a hundredth of a degree."""
    root = SAMPLES / "kitti_tracking"
    if not root.is_dir():
        pytest.skip(f"the sample scans are not at {SAMPLES}")
    layout = KittiTracking()
    tr = layout.calibration(root, "training/velodyne/0000/000000").tr
    assert tr is not None
    rows = np.loadtxt(root / "training/poses/0000.txt").reshape(-1, 3, 4)
    assert len(rows) == 154
    for frame, row in enumerate(rows):
        found = layout.pose(root, f"training/velodyne/0000/{frame:06d}")
        wanted = np.linalg.inv(tr) @ np.vstack([row, [0, 0, 0, 1]]) @ tr
        assert found is not None
        np.testing.assert_allclose(found[:3, 3], wanted[:3, 3], atol=1e-3)
        np.testing.assert_allclose(found[:3, :3], wanted[:3, :3], atol=2e-4)


# -- KITTI-360 ------------------------------------------------------------------------------------

# Camera 0 (x right, y down, z ahead) is 0.3 m ahead of the scanner, which looks along x.
CAM_TO_VELO = "0 0 1 0.3 -1 0 0 0 0 -1 0 0"
# The unit of the poses looks ahead with x too, its z downwards: camera 0 is 2 m ahead, 1 m above.
CAM_TO_POSE = "image_00: 0 0 1 2 1 0 0 0 0 1 0 -1\nimage_01: 0 0 1 2 1 0 0 0.6 0 1 0 -1\n"
PERSPECTIVE = "calib_time: 05-Apr-2019\nR_rect_00: 1 0 0 0 1 0 0 0 1\n"
PERSPECTIVE += (
    "P_rect_00: 100 0 50 0 0 100 40 0 0 0 1 0\nP_rect_01: 100 0 50 -60 0 100 40 0 0 0 1 0\n"
)


def drive(x: float, y: float, yaw: float = 0.0) -> np.ndarray:
    """The pose of a unit with z down, in a world with z up."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, s, 0, x], [s, -c, 0, y], [0, 0, -1, 100], [0, 0, 0, 1]])


POSES = {1: drive(1000, 2000), 5: drive(1004, 2000), 9: drive(1004, 2000, np.pi / 2)}


def line(frame: int, numbers: np.ndarray) -> str:
    return " ".join(map(str, [frame, *numbers.reshape(-1).tolist()]))


def poses_text(rows: dict[int, np.ndarray]) -> str:
    return "\n".join(line(frame, pose[:3]) for frame, pose in rows.items()) + "\n"


def kitti_360(root: Path) -> Path:
    scans(root, RAW_360, *range(11))
    write(
        root,
        {
            "calibration/calib_cam_to_velo.txt": CAM_TO_VELO,
            "calibration/calib_cam_to_pose.txt": CAM_TO_POSE,
            "calibration/perspective.txt": PERSPECTIVE,
            f"data_poses/{DRIVE}/poses.txt": poses_text(POSES),
            f"data_2d_raw/{DRIVE}/image_00/data_rect/0000000005.png": "",
        },
    )
    return root


def of_360(root: Path, frame: int) -> np.ndarray | None:
    return Kitti360().pose(root, f"{RAW_360}/{frame:010d}")


def check_poses(root: Path) -> None:
    np.testing.assert_allclose(of_360(root, 1), np.eye(4), atol=1e-9)
    moved = np.eye(4)
    moved[0, 3] = 4
    np.testing.assert_allclose(of_360(root, 5), moved, atol=1e-9)
    # It turns left around the unit, which is 2 - 0.3 m behind the scanner.
    turned = np.array([[0, -1, 0, 4 - 1.7], [1, 0, 0, 1.7], [0, 0, 1, 0], [0, 0, 0, 1]], float)
    np.testing.assert_allclose(of_360(root, 9), turned, atol=1e-9)
    assert all(of_360(root, frame) is None for frame in (0, 2, 3, 4, 6, 7, 8, 10))
    (said,) = Kitti360().notes(root, DRIVE)
    assert said.startswith("8 of 11 scans have no pose: 0000000000, 0000000002")


def test_the_poses_of_kitti_360_are_the_scanners(tmp_path: Path):
    check_poses(kitti_360(tmp_path))


def test_poses_of_camera_0_are_the_same(tmp_path: Path):
    """Where poses.txt is missing; the rectified camera may be turned a little."""
    root = kitti_360(tmp_path)
    (root / f"data_poses/{DRIVE}/poses.txt").unlink()
    to_imu = np.array([[0, 0, 1, 2], [1, 0, 0, 0], [0, 1, 0, -1], [0, 0, 0, 1]], float)
    c, s = np.cos(0.02), np.sin(0.02)
    rectify = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    turn = np.eye(4)
    turn[:3, :3] = rectify
    text = PERSPECTIVE.replace("1 0 0 0 1 0 0 0 1", " ".join(map(repr, rectify.ravel().tolist())))
    rows = {frame: pose @ to_imu @ np.linalg.inv(turn) for frame, pose in POSES.items()}
    lines = "\n".join(line(frame, row) for frame, row in rows.items())
    write(
        root, {"calibration/perspective.txt": text, f"data_poses/{DRIVE}/cam0_to_world.txt": lines}
    )
    check_poses(root)


def test_the_picture_of_kitti_360_is_hit(tmp_path: Path):
    root = kitti_360(tmp_path)
    camera = Kitti360().camera(root, f"{RAW_360}/0000000005")
    assert camera is not None
    assert camera.image == root / f"data_2d_raw/{DRIVE}/image_00/data_rect/0000000005.png"
    # 10 m ahead of the camera, 1 m to the left, 2 m up: 10 pixels left of and 20 above the centre.
    pixels, ahead = camera.pixels(np.array([[10.3, 1.0, 2.0], [-10.0, 0, 0]]))
    np.testing.assert_allclose(pixels[0], [40, 20])
    assert ahead.tolist() == [True, False]
    assert Kitti360().camera(root, f"{RAW_360}/0000000004") is None


def test_kitti_360_is_found_from_each_of_its_folders(lidarloop, tmp_path: Path):
    root = kitti_360(tmp_path / "k")
    for folder in (root, root / "data_3d_raw", root / f"data_3d_raw/{DRIVE}"):
        found = recognise(folder)
        assert found is not None
        assert (found.format, found.sequences, found.scans) == ("kitti-360", (DRIVE,), 11)
        dataset = open_dataset("kitti-360", found.root, [DRIVE], [])
        assert [dataset.pose(scan) is not None for scan in dataset.train].count(True) == 3
        assert sum(dataset.camera(scan) is not None for scan in dataset.train) == 1
    words = ("--format", "kitti-360", "--root", root, "--train", f"{DRIVE}:0000000001-0000000002")
    said = lidarloop("new", tmp_path / "p", *words)
    assert said.code == 0, said.told
    assert "8 of 11 scans have no pose" in said.out + said.told
    assert lidarloop("prepare", tmp_path / "p", "--workers", 1).code == 0
    assert lidarloop("query", tmp_path / "p", "--units", 5).code == 0
    with Project(tmp_path / "p") as project:
        assert project.classes.name == "kitti"
        assert project.dataset.format.label_file(root, project.dataset.train[0])[0] == (
            f"data_3d_raw/{DRIVE}/labels/0000000001.label"
        )


def test_an_older_project_that_reads_kitti_360_as_raw_still_opens(tmp_path: Path):
    root = kitti_360(tmp_path)
    dataset = open_dataset("kitti-raw", root, [f"data_3d_raw/{DRIVE}"], [])
    assert len(dataset.train) == 11


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("calibration/calib_cam_to_velo.txt", None, "no use without"),
        ("calibration/calib_cam_to_velo.txt", "1 2 3", "is not 12 numbers"),
        ("calibration/calib_cam_to_velo.txt", "0 " * 12, "no use without a rotation"),
        ("calibration/calib_cam_to_pose.txt", None, "no use without image_00"),
        ("calibration/calib_cam_to_pose.txt", "image_00: x", "is not 12 numbers"),
        (f"data_poses/{DRIVE}/poses.txt", "1 2 3\n5 nan\nx y\n", "3 lines are no poses"),
        (f"data_poses/{DRIVE}/poses.txt", "1 " + "0 " * 12, "1 lines are no poses"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_them_is_one_sentence(tmp_path: Path, name: str, text: str | None, says):
    root = kitti_360(tmp_path)
    (root / name).unlink()
    if text is not None:
        (root / name).write_text(text)
    assert of_360(root, 1) is None
    (said,) = Kitti360().notes(root, DRIVE)
    assert says in said


def test_a_calibration_that_turns_by_no_rotation_is_told_with_the_picture(tmp_path: Path):
    root = kitti_360(tmp_path)
    (root / "calibration/calib_cam_to_velo.txt").write_text("0 " * 12)
    with pytest.raises(DataError, match="turns by no rotation"):
        Kitti360().camera(root, f"{RAW_360}/0000000005")
    (root / "calibration/calib_cam_to_velo.txt").unlink()
    camera = Kitti360().camera(root, f"{RAW_360}/0000000003")
    assert camera is None
