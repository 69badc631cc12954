"""Chance in a scene: mirrored, turned, scaled, and now and then without intensities."""

from __future__ import annotations

import numpy as np

from core.boxes.geometry import wrapped
from core.boxes.samples import Sample

_TURN = np.pi / 4
_SCALE = (0.95, 1.05)
_WITHOUT_INTENSITY = 0.4  # so that scans that have none work too


def augmented(sample: Sample, rng: np.random.Generator, *, ring: bool) -> Sample:
    """The scene mirrored at x (in a `ring` at y too), turned by up to 45 degrees and scaled by up
    to 5 %, points and boxes alike."""
    draws = rng.random(5)
    mirror = np.array([-1 if ring and draws[0] < 0.5 else 1, -1 if draws[1] < 0.5 else 1])
    turn = (2 * draws[2] - 1) * _TURN
    scale = _SCALE[0] + draws[3] * (_SCALE[1] - _SCALE[0])
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    moved = np.array([[cos, -sin], [sin, cos]]) * mirror
    points = sample.points.copy()
    points[:, :2] = points[:, :2] @ moved.T.astype(np.float32)
    points[:, 2] *= np.float32(scale)
    if draws[4] < _WITHOUT_INTENSITY:
        points[:, 3] = 0
    return sample._replace(
        points=points,
        boxes=_moved(sample.boxes, moved, scale),
        ignore=_moved(sample.ignore, moved, scale),
    )


def _moved(boxes: np.ndarray, moved: np.ndarray, scale: float) -> np.ndarray:
    made = boxes.astype(np.float64)
    heading = np.stack([np.cos(made[:, 6]), np.sin(made[:, 6])], axis=1) @ moved.T
    made[:, :2] = made[:, :2] @ moved.T
    made[:, 2:6] *= scale
    made[:, 6] = wrapped(np.arctan2(heading[:, 1], heading[:, 0]))
    return made.astype(np.float32)
