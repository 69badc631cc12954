"""calib.txt and poses.txt in other dress, through the command line; and the real ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.assist.surroundings import surroundings
from core.base.errors import DataError
from core.data.calibration import calibration_of, poses_of
from core.data.opening import open_dataset
from core.project.project import Project
from tests.commands import CommandLine, case


@pytest.fixture
def lidarloop(capsys) -> CommandLine:
    return CommandLine(capsys)


def poses(path: Path) -> list[np.ndarray | None]:
    with Project(path) as project:
        return [project.dataset.scan(scan).pose for scan in project.dataset.train]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("calib-of-kitti-raw", ""),
        ("calib-tr-velo-to-cam", ""),
        ("calib-crlf-bom", ""),
        ("poses-shifted-subset", ""),
        ("poses-without-calib", "is taken for the scanner's own"),
    ],
)
def test_poses_that_are_used(lidarloop, tmp_path: Path, name: str, told: str):
    said = lidarloop.new(tmp_path / "p", case(name), "00", format="semantickitti")
    assert said.code == 0
    assert told in said.told if told else "poses" not in said.told
    first, second = poses(tmp_path / "p")
    apart = 0 if name == "calib-crlf-bom" else 1
    frames = (1, 2) if name == "poses-shifted-subset" else (0, apart)
    assert [round(float(pose[0, 3]), 9) for pose in (first, second)] == list(frames)
    with Project(tmp_path / "p") as project:
        assert len(surroundings(project, project.dataset.train[0], 1).points) > 100


def test_poses_kept_for_some_frames_are_told_with_both_numbers(lidarloop, tmp_path: Path):
    data = case("poses-subset")
    said = lidarloop.new(tmp_path / "p", data, "00", format="semantickitti")
    assert said.code == 0
    assert "2 poses for 2 scans, whose frames go up to 10" in said.told
    assert poses(tmp_path / "p") == [None, None]
    said = lidarloop("prepare", tmp_path / "p", "--workers", 1)
    assert (said.code, "2 poses for 2 scans" in said.told) == (0, True)
    with Project(tmp_path / "p") as project, pytest.raises(DataError, match="it has no pose"):
        surroundings(project, project.dataset.train[0], 1)


def test_a_lost_pose_is_skipped_and_named(lidarloop, tmp_path: Path):
    said = lidarloop.new(tmp_path / "p", case("poses-nan"), "00", format="semantickitti")
    assert (said.code, "frame 000001 is not finite" in said.told) == (0, True)
    first, second = poses(tmp_path / "p")
    assert first is not None
    assert second is None
    with Project(tmp_path / "p") as project:
        for scan in project.dataset.train:
            with pytest.raises(DataError, match="cannot be shown with its neighbours"):
                surroundings(project, scan, 1)


LINE = "1 0 0 {} 0 1 0 0 0 0 1 {}\n"


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    """A sequence's folder with poses that drive along x; without a calibration."""
    folder = tmp_path / "sequences/00"
    (folder / "velodyne").mkdir(parents=True)
    (folder / "poses.txt").write_text("".join(LINE.format(k, 0) for k in range(5)))
    for frame in range(5):
        np.zeros((4, 4), "<f4").tofile(folder / f"velodyne/{frame:06d}.bin")
    calibration_of.cache_clear()
    return folder


def test_poses_of_a_camera_are_not_taken_for_the_scanners(sequence: Path):
    found = poses_of(sequence)
    assert found is not None
    assert len(found.rows) == 5
    (sequence / "poses.txt").write_text("".join(LINE.format(0, k) for k in range(5)))
    found = poses_of(sequence)
    assert found is not None
    assert (len(found.rows), "a camera's" in found.notes[0]) == (0, True)


def places(sequence: Path, lines: list[str], frames: int, end: str = "\n") -> dict[str, float]:
    """x of each frame's pose, of a poses.txt with these lines of which "" is a blank one."""
    text = end.join(LINE.format(line, 0).strip() if line.strip() else line for line in lines)
    (sequence / "poses.txt").write_bytes(text.encode())
    found = poses_of(sequence)
    assert found is not None
    known, _ = found.of([f"{frame:06d}" for frame in range(frames)])
    return {scan[-1]: float(pose[0, 3]) for scan, pose in known.items()}


def test_a_blank_line_keeps_the_place_of_its_frame(sequence: Path):
    wanted = {"0": 0, "1": 1, "3": 3, "4": 4}
    assert places(sequence, ["0", "1", "", "3", "4"], 5) == wanted
    assert places(sequence, ["0", "1", "  ", "3", "4", "", " ", ""], 5) == wanted
    (sequence / "calib.txt").write_text("Tr: 1 0 0 0 0 1 0 0 0 0 1 0")
    calibration_of.cache_clear()
    assert places(sequence, ["0", "1", "", "3", "4"], 5) == wanted
    dataset = open_dataset("semantickitti", sequence.parents[1], ["00"], [])
    assert [dataset.pose(scan) is not None for scan in dataset.train] == [1, 1, 0, 1, 1]
    told = " ".join(dataset.format.notes(dataset.root, "00"))
    assert "frame 000002 is not finite, or no rotation: it has no pose" in told


def test_blank_lines_beside_a_pose_for_each_frame_are_nothing(sequence: Path):
    wanted = {str(frame): frame for frame in range(5)}
    lines = [str(frame) for frame in range(5)]
    assert places(sequence, ["", *lines, ""], 5) == wanted
    assert places(sequence, lines, 5, "\r\r\n") == wanted
    assert places(sequence, ["0", "1", "", "2", "3", "4"], 5) == wanted


def test_blank_lines_that_may_be_frames_or_not_leave_no_pose(sequence: Path):
    assert places(sequence, ["0", "", "1", "", "2", "3"], 5) == {}
    found = poses_of(sequence)
    assert found is not None
    known, notes = found.of([f"{frame:06d}" for frame in range(5)])
    assert not known
    assert "4 poses and 2 blank lines between them, for 5 frames: none is used" in notes[-1]


def test_the_three_files_of_kitti_raw(sequence: Path):
    turn = np.array([[0, -1, 0], [0, 0, -1], [1, 0, 0.0]])
    (sequence / "calib_velo_to_cam.txt").write_text(
        "calib_time: 15-Mar-2012 11:37:16\n"
        f"R: {' '.join(map(str, turn.ravel()))}\nT: 0.1 -0.2 -0.3\ndelta_f: 0 0\n"
    )
    (sequence / "calib_cam_to_cam.txt").write_text(
        "calib_time: 09-Jan-2012 13:57:47\ncorner_dist: 9.95e-02\n"
        "R_rect_00: 1 0 0 0 0 1 0 -1 0\nP_rect_02: 7 0 6 4 0 7 2 0 0 0 1 0\n"
    )
    found = calibration_of(sequence)
    rectified = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0.0]])
    assert found.tr is not None
    np.testing.assert_allclose(found.tr[:3, :3], rectified @ turn)
    np.testing.assert_allclose(found.tr[:3, 3], rectified @ [0.1, -0.2, -0.3])
    np.testing.assert_allclose(found.p2, [[7, 0, 6, 4], [0, 7, 2, 0], [0, 0, 1, 0]])


@pytest.mark.parametrize("other", ["R0_rect: 1 0 0 0 1 0 0 0 1", "note: é 7", "\ufeff", "P0: ?"])
def test_lines_that_do_not_matter_may_hold_anything(sequence: Path, other: str):
    tr = "Tr: 0 -1 0 0 0 0 -1 0 1 0 0 0\r\n"
    (sequence / "calib.txt").write_bytes(f"{other}\r\n{tr}".encode("latin-1", "replace"))
    found = calibration_of(sequence)
    assert found.tr is not None
    assert found.p2 is None
    np.testing.assert_array_equal(found.tr[:3, :3], [[0, -1, 0], [0, 0, -1], [1, 0, 0]])


def test_frames_of_a_real_drive_fall_on_each_other(semantickitti: Path):
    """Frames 0 and 5 of sequence 00: the building in one is where it is in the other."""
    from scipy.spatial import cKDTree

    dataset = open_dataset("semantickitti", semantickitti, ["00"], [])
    first, last = dataset.scan(dataset.train[0]), dataset.scan(dataset.train[5])
    assert first.pose is not None
    assert last.pose is not None
    move = np.linalg.inv(first.pose) @ last.pose
    assert 3 < np.linalg.norm(move[:3, 3]) < 10
    raw = dataset.format.labels(semantickitti, dataset.train[5])
    building = last.points[raw == 50, :3][::20].astype(np.float64)
    tree = cKDTree(first.points[:, :3])
    moved, _ = tree.query(building @ move[:3, :3].T + move[:3, 3])
    still, _ = tree.query(building)
    assert np.median(moved) < 0.1
    assert np.median(moved) < 0.5 * np.median(still)


def test_the_neighbours_and_the_picture_of_real_scans(semantickitti: Path, tmp_path: Path):
    with Project.create(
        tmp_path / "p", format="semantickitti", root=semantickitti, train=["00"]
    ) as project:
        dataset = project.dataset
        scan = dataset.train[2]
        around = surroundings(project, scan, 2)
        assert len(around.points) > 3 * len(dataset.scan(scan).points)
        camera = dataset.camera(scan)
        assert camera is not None
        assert camera.projection is not None
        points = dataset.scan(scan).points
        places, ahead = camera.pixels(points)
        inside = ahead & ((places >= 0) & (places < (1241, 376))).all(axis=1)
        raw = dataset.format.labels(semantickitti, scan)
        # The road is in the lower half of the picture, right before the car.
        road = inside & (raw == 40)
        assert 0.1 < inside.mean() < 0.3
        assert (places[road, 1] > 170).mean() > 0.99


def test_without_tr_the_picture_is_known_and_no_point_is_in_it(semantickitti: Path, tmp_path: Path):
    copy = tmp_path / "sequences/00"
    shutil.copytree(semantickitti / "sequences/00", copy)
    calib = (copy / "calib.txt").read_text()
    (copy / "calib.txt").write_text(calib.replace("Tr:", "Tx:"))
    dataset = open_dataset("semantickitti", tmp_path, ["00"], [])
    camera = dataset.camera(dataset.train[0])
    assert camera is not None
    assert camera.projection is None
    assert not camera.pixels(dataset.scan(dataset.train[0]).points)[1].any()
    assert any("a camera's" in note for note in dataset.format.notes(tmp_path, "00"))


@pytest.mark.parametrize(
    "line",
    [
        "2 0 0 5 0 1 0 0 0 0 1 0",  # it stretches
        "1 0 0 1e300 0 1 0 0 0 0 1 0",  # beyond Earth, and products of it beyond numbers
        "1e200 0 0 5 0 1 0 0 0 0 1 0",
    ],
)
def test_a_line_that_is_no_rotation_is_no_pose(sequence: Path, line: str):
    good = LINE.format(0, 0).strip()
    (sequence / "poses.txt").write_text("\n".join([good, line, good, good, good]))
    for calib in ("", "Tr: 1 0 0 0 0 1 0 0 0 0 1 0"):
        (sequence / "calib.txt").write_text(calib)
        calibration_of.cache_clear()
        found = poses_of(sequence)
        assert found is not None
        known, notes = found.of([f"{frame:06d}" for frame in range(5)])
        assert [*known] == ["000000", "000002", "000003", "000004"]
        assert "frame 000001 is not finite, or no rotation: it has no pose." in notes


@pytest.mark.parametrize(
    "tr", ["0 " * 12, "2 0 0 0 0 1 0 0 0 0 1 0", "1 0 0 1e300 0 1 0 0 0 0 1 0"]
)
def test_a_calibration_that_is_no_rotation_is_told(sequence: Path, tr: str):
    (sequence / "poses.txt").write_text("".join(LINE.format(k, 0) for k in range(5)))
    (sequence / "calib.txt").write_text(f"Tr: {tr}")
    calibration_of.cache_clear()
    with pytest.raises(DataError, match="turns by no rotation"):
        poses_of(sequence)
    dataset = open_dataset("semantickitti", sequence.parents[1], ["00"], [])
    assert dataset.pose(dataset.train[0]) is None
    assert "turns by no rotation" in " ".join(dataset.format.notes(dataset.root, "00"))
