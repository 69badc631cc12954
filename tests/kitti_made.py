"""A small dataset as KITTI's object benchmark has one: made roads with cars and people, boxes and
calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.boxes.camera import AS_IF
from core.boxes.formats import kitti_object
from core.boxes.table import Boxes
from core.data.classes import load_classes
from core.simulate.semantickitti import numbers

NAMES = load_classes("kitti").names
CAR, PEDESTRIAN = NAMES.index("car"), NAMES.index("pedestrian")


def road(seed: int) -> tuple[np.ndarray, Boxes]:
    """(N, 4) float32 points before the car, all in the picture's width, and a car and a person."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(6, 15, 2), rng.uniform(-2.5, 2.5)
    boxes = Boxes.of(
        [
            [x[0], y, -0.95, 3.9, 1.6, 1.56, rng.uniform(-3, 3)],
            [x[1], y + 3.2 if y < 0 else y - 3.2, -0.87, 0.8, 0.6, 1.73, rng.uniform(-3, 3)],
        ],
        [CAR, PEDESTRIAN],
    )
    parts = [rng.uniform((5, -8, -1.75, 0), (16, 8, -1.71, 1), (800, 4))]
    for box in boxes.box:
        inside = rng.uniform(-0.49, 0.49, (80, 4)) * [*box[3:6], 1] + [0, 0, 0, 0.5]
        c, s = np.cos(box[6]), np.sin(box[6])
        inside[:, :2] = inside[:, :2] @ np.array([[c, s], [-s, c]])
        inside[:, :3] += box[:3]
        parts.append(inside)
    return np.concatenate(parts).astype(np.float32), boxes


def kitti_at(root: Path, frames: int, *, calibrated: bool = True) -> Path:
    """Write frames 000000 and on below `root`/training."""
    training = root / "training"
    for folder in ("velodyne", "label_2", "calib"):
        (training / folder).mkdir(parents=True)
    for seed in range(frames):
        name = f"{seed:06d}"
        points, boxes = road(seed)
        points.tofile(training / f"velodyne/{name}.bin")
        text = kitti_object.written(boxes, AS_IF, NAMES, (1242, 375)).text
        (training / f"label_2/{name}.txt").write_text(text)
        if calibrated:
            (training / f"calib/{name}.txt").write_text(
                f"P2: {numbers(AS_IF.p2)}\nR0_rect: 1 0 0 0 1 0 0 0 1\n"
                f"Tr_velo_to_cam: {numbers(AS_IF.tr[:3])}\n"
            )
    return root
