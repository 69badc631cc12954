"""Frames looked at by a detector: once each, and again only where something changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import Cancelled, DataError
from core.base.jobs import Job
from core.boxes.predictions import read_predictions
from models.boxes import score
from models.boxes.detector import Detector
from models.boxes.score import Frames, predict_to_file
from tests.models.boxes.made import KITTI, scene, trained
from tests.models.training.stops import Stops

SCANS = ("a/0", "a/1", "a/2", "a/3")


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    out = trained(tmp_path_factory.mktemp("d") / "c.safetensors", steps=4)
    return Detector.load(out, fit=True, threads=1)


class World:
    """Scans, and which of them were looked at."""

    def __init__(self) -> None:
        self.looked: list[str] = []
        self.lost: set[str] = set()
        self.digests = {scan: f"digest of {scan}" for scan in SCANS}

    def digest(self, scan: str) -> str:
        if scan in self.lost:
            raise DataError(f"{scan} cannot be read.", "Bring it back.")
        return self.digests[scan]

    def read(self, scan: str) -> np.ndarray:
        self.looked.append(scan)
        return scene(int(scan[-1])).points

    def go(self, detector: Detector, path: Path, job: Job | None = None, scans=SCANS):
        self.looked.clear()
        frames = Frames(self.read, self.digest, np.eye(4), len(KITTI.names))
        return predict_to_file(detector, frames, scans, path, job or Job())


def test_frames_are_looked_at_once(detector: Detector, tmp_path: Path):
    world, path = World(), tmp_path / "p.npz"
    made = world.go(detector, path)
    assert world.looked == list(SCANS)
    for scan in SCANS:
        (alone,) = detector.predict([scene(int(scan[-1])).points])
        np.testing.assert_array_equal(made.frames[scan].box, alone.box)
        assert len(alone)
    before = path.read_bytes()
    world.go(detector, path)
    assert world.looked == []
    assert path.read_bytes() == before
    world.go(detector, path, scans=SCANS[1:])
    assert list(read_predictions(path, classes=len(KITTI.names)).frames) == list(SCANS[1:])


def test_what_was_found_stays_while_a_scan_cannot_be_read(detector: Detector, tmp_path: Path):
    world, path = World(), tmp_path / "p.npz"
    world.go(detector, path)
    whole = path.read_bytes()
    world.lost = {"a/1", "a/3"}
    said: list[str] = []
    world.go(detector, path, Job(lambda report: said.append(report.said)))
    assert world.looked == []
    assert path.read_bytes() == whole
    assert any("2 frames cannot be read, and what was found there before" in one for one in said)
    world.lost = set(SCANS)
    with pytest.raises(DataError, match="a/0"):
        world.go(detector, path)
    assert path.read_bytes() == whole
    world.lost.clear()
    world.digests["a/1"] = "another"
    world.go(detector, path)
    assert world.looked == ["a/1"]


def test_what_changed_is_looked_at_again(detector: Detector, tmp_path: Path):
    world, path = World(), tmp_path / "p.npz"
    world.go(detector, path)
    world.digests["a/2"] = "another"
    world.go(detector, path)
    assert world.looked == ["a/2"]
    world.go(replace(detector, fit=False), path)
    assert world.looked == list(SCANS)


def test_what_a_stopped_call_found_stays_and_is_nobodys_until_all_is_there(
    detector: Detector, tmp_path: Path
):
    world, path = World(), tmp_path / "p.npz"
    with pytest.raises(Cancelled):
        world.go(detector, path, Stops(2))
    assert world.looked == ["a/0", "a/1"]
    assert not path.exists()
    made = world.go(detector, path)
    assert world.looked == ["a/2", "a/3"]
    assert list(made.frames) == list(SCANS)
    assert [file.name for file in tmp_path.iterdir()] == ["p.npz"]


def test_a_killed_call_has_kept_what_it_found_until_a_moment_ago(
    detector: Detector, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(score, "_SAVE_EVERY_S", -1.0)
    world, path = World(), tmp_path / "p.npz"

    class Killed(Job):
        def progress(self, done: int, total: int, text: str, **_: object) -> None:
            if done == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.go(detector, path, Killed())
    world.go(detector, path)
    assert world.looked == ["a/3"]


def test_a_damaged_file_is_told_of_and_made_again(detector: Detector, tmp_path: Path):
    world, path = World(), tmp_path / "p.npz"
    world.go(detector, path)
    good = path.read_bytes()
    path.write_bytes(good[:100])
    said: list[str] = []
    world.go(detector, path, Job(lambda report: said.append(report.said)))
    assert any("Its frames are looked at again" in sentence for sentence in said)
    assert world.looked == list(SCANS)
    assert path.read_bytes() == good
