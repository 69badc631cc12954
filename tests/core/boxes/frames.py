"""Boxes of real frames, and made-up ones, for the tests of box files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.boxes.formats import kitti_object, kitti_tracking
from core.boxes.names import Names
from core.boxes.table import Boxes
from core.data.calibration import Calibration, calibration_in
from core.data.classes import load_classes
from tests.samples import samples

KITTI = load_classes("kitti").names
NAMES = Names(KITTI)


def object_frames() -> list[tuple[Path, Calibration]]:
    folder = samples("kitti_object/training")
    files = sorted((folder / "label_2").glob("*.txt"))
    return [(file, calibration_in(folder / "calib" / file.name)) for file in files]


def drive() -> tuple[Path, Calibration]:
    folder = samples("kitti_tracking/training")
    return folder / "label_02/0000.txt", calibration_in(folder / "calib/0000.txt")


def real_tables() -> dict[str, Boxes]:
    """Every real frame with boxes: KITTI object, a KITTI drive, Argoverse 2, nuScenes."""
    made = {
        file.stem: kitti_object.read(file, calibration, NAMES)
        for file, calibration in object_frames()
    }
    made |= {f"drive/{k}": v for k, v in kitti_tracking.read(*drive(), NAMES).frames.items()}
    others = [*samples("argoverse2").glob("*.json"), *samples("nuscenes_boxes").glob("*.json")]
    for file in sorted(others):
        found = json.loads(file.read_text())
        made[file.stem] = Boxes.of(
            [item["box"] for item in found],
            [len(item["category"]) % len(KITTI) for item in found],
            track=[item.get("track", "") for item in found],
        )
    return made


def made_up(seed: int = 0, count: int = 30) -> Boxes:
    """Boxes with every column known in some rows."""
    rng = np.random.default_rng(seed)
    some = rng.random(count) < 0.5
    corner = rng.uniform(0, 300, (count, 2))
    return Boxes.of(
        np.column_stack(
            [
                rng.uniform(2, 60, count),
                rng.uniform(-20, 20, (count, 2)),
                rng.uniform(0.3, 5, (count, 3)),
                rng.uniform(-3.14, 3.14, count),
            ]
        ),
        rng.integers(0, len(KITTI), count),
        track=[str(i) if some[i] else "" for i in range(count)],
        score=np.where(some, rng.random(count), np.nan),
        truncated=np.where(some, rng.random(count), np.nan),
        occluded=rng.integers(-1, 4, count),
        ignore=rng.random(count) < 0.2,
        alpha=np.where(some, rng.uniform(-3, 3, count), np.nan),
        picture=np.where(some[:, None], np.hstack([corner, corner + 20]), np.nan),
        regions=rng.uniform(0, 300, (2, 4)).cumsum(1),
    )


def drive_poses() -> dict[int, np.ndarray]:
    """By frame (4, 4) from the scanner to the drive's first frame."""
    rows = np.loadtxt(samples("kitti_tracking/training") / "poses/0000.txt").reshape(-1, 3, 4)
    camera = np.tile(np.eye(4), (len(rows), 1, 1))
    camera[:, :3] = rows
    tr = drive()[1].tr
    return dict(enumerate(np.linalg.inv(tr) @ camera @ tr))


def drive_tracks() -> dict[str, dict[int, np.ndarray]]:
    """By track and frame the boxes (7,) of the drive."""
    found: dict[str, dict[int, np.ndarray]] = {}
    for frame, boxes in kitti_tracking.read(*drive(), NAMES).frames.items():
        for track, box, label in zip(boxes.track, boxes.box, boxes.label, strict=True):
            found.setdefault(f"{KITTI[label]} {track}", {})[int(frame)] = box
    return found
