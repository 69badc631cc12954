"""Scans one after the other: by what the format calls a sequence, not by folders and numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.assist.surroundings import around
from core.base.jobs import Job
from core.data.opening import open_dataset
from core.data.own_poses import OwnPoses, write_own
from core.data.places import frames
from core.data.scans import Dataset
from core.desk.scans import _where
from tests.keyframes import FIRST, SECOND, two_scenes
from tests.streets import small_scan, write_scan


@pytest.fixture
def keyframes(tmp_path: Path) -> Dataset:
    return two_scenes(tmp_path)


def test_a_scene_is_a_sequence_and_a_keyframe_a_frame(keyframes: Dataset):
    """Both scenes lie in samples/LIDAR_TOP, and names end in microseconds."""
    assert keyframes.scans == (*FIRST, *SECOND)
    sequence, frame = frames(keyframes.scans, keyframes.places)
    assert sequence == [0] * 12 + [1] * 3
    assert frame == [*range(12), 0, 1, 2]
    assert {keyframes.sequence(scan) for scan in SECOND} == {"scene-0103"}


def test_scenes_are_no_neighbours_and_lie_nowhere_to_each_other(keyframes: Dataset):
    assert around(keyframes, FIRST[11], 2) == [FIRST[9], FIRST[10]]
    assert around(keyframes, SECOND[0], 2) == [SECOND[1], SECOND[2]]
    assert keyframes.move(FIRST[0], FIRST[1]) is not None
    assert keyframes.move(FIRST[0], SECOND[0]) is None


def test_a_frame_counts_in_its_whole_sequence(tmp_path: Path):
    """Of SemanticKITTI it is the number in the name, also where others are not taken."""
    for number in range(8):
        for sequence in ("00", "01"):
            name = f"sequences/{sequence}/velodyne/{number:06d}"
            write_scan(tmp_path, name, np.zeros((9, 4)), None)
    dataset = open_dataset("semantickitti", tmp_path, ["00:1-2", "01:6", "00:7"], ["00:4"])
    sequence, frame = frames(dataset.scans, dataset.places)
    assert [name[-6:] for name in dataset.scans] == ["000001", "000002", "000007", "000006",
                                                     "000004"]  # fmt: skip
    assert (sequence, frame) == ([0, 0, 0, 1, 0], [1, 2, 7, 6, 4])


@pytest.mark.parametrize(
    ("train", "validation"), [(["a:5-9"], ["a:0-4"]), (["a:0-2", "a:6-9"], ["a:3-5", "b"])]
)
def test_frames_are_in_the_order_of_the_recording_whatever_they_are_for(
    tmp_path: Path, train: list[str], validation: list[str]
):
    for scan in (*(f"a/{number}" for number in range(12)), "b/3"):
        write_scan(tmp_path, scan, np.zeros((9, 4)), None)
    dataset = open_dataset("folder", tmp_path, train, validation)
    for scan in ("a/0", "a/9"):
        assert list(dataset.frames(scan)) == [f"a/{number}" for number in range(10)]
    assert dataset.beside("a/0")[:3] == ["a/0", "a/1", "a/2"]


def test_computed_poses_of_two_folders_say_nothing_of_each_other(tmp_path: Path):
    """The poses of each folder are computed by themselves; an installed format's sequence may have
    several."""
    for scan in ("a/0", "a/1", "b/2"):
        write_scan(tmp_path, scan, np.zeros((9, 4)), None)
    dataset = open_dataset("folder", tmp_path, ["a", "b"], [])
    places = {scan: ("drive", place) for place, scan in enumerate(dataset.scans)}
    dataset = replace(dataset, own_poses=tmp_path / "poses", places=places)
    for folder in "ab":
        mine = tuple(scan for scan in dataset.scans if scan.startswith(folder))
        pose = np.tile(np.eye(4), (len(mine), 1, 1))
        write_own(tmp_path / "poses", folder, OwnPoses("", mine, pose, np.zeros(len(mine), int)))
    assert dataset.move("a/0", "a/1") is not None
    assert dataset.move("a/1", "b/2") is None
    assert _where(dataset, Job())[1] == ("drive/piece 1", "drive/piece 1", "drive/piece 2")


def test_scans_that_no_dataset_knows_are_told_by_their_names():
    scans = ("b/10", "b/9", "a/1532402928147847", "b/100", "a/1532402927647951")
    assert frames(scans, {}) == ([0, 0, 1, 0, 1], [1, 0, 1, 2, 0])


def test_scans_in_no_folder_are_one_sequence(tmp_path: Path):
    for name in ("1709641800.25", "1709641800.5"):
        (tmp_path / f"{name}.bin").write_bytes(small_scan(1)[0].tobytes())
    dataset = open_dataset("folder", tmp_path, ["."], [])
    assert frames(dataset.scans, dataset.places) == ([0, 0], [0, 1])
    assert frames(dataset.scans, {}) == ([0, 0], [0, 1])
