"""What is drawn around a thing to measure it by: a grid on the ground, a person, its outline."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from gui.view.form import Ground
from gui.view.hull import convex
from gui.view.pose import Pose

PERSON_M = 1.75
_LIFT_M = 0.05
_FINE_M = 16.0  # views narrower than this have lines every metre
_HULL_M = 0.25
_STEP_M = 1.0
_NEAR, _FAR = 0.015, 0.05  # ends of the strokes around a point, in widths of the view


def directions(pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """(2,) each: to the right and ahead on the ground, as a pose sees it."""
    azimuth = np.radians(pose.azimuth)
    right = np.array([np.cos(azimuth), np.sin(azimuth)])
    return right, np.array([-right[1], right[0]])


def grid_step(metres: float) -> float:
    """Metres between the lines of the grid in a view of so many metres."""
    return 1.0 if metres < _FINE_M else 5.0


def grid(pose: Pose, ground: Ground) -> np.ndarray:
    """(n, 3) float32: pairs of ends of a grid's lines on the ground, bent as it is."""
    step = grid_step(pose.metres)
    lines = int(np.ceil(0.8 * pose.metres / step))
    right, ahead = directions(pose)
    along = np.arange(-lines * step, lines * step + _STEP_M / 2, _STEP_M)
    across = np.arange(-lines, lines + 1) * step
    ends = []
    for one, other in ((right, ahead), (ahead, right)):
        places = across[:, None, None] * other + along[None, :, None] * one
        ends.append(np.stack([places[:, :-1], places[:, 1:]], axis=2).reshape(-1, 2))
    return draped(np.vstack(ends) + pose.centre[:2], ground)


def draped(xy: np.ndarray, ground: Ground) -> np.ndarray:
    """(n, 3) float32: places xy (n, 2) a little above the ground."""
    return np.column_stack([xy, ground.at(xy) + _LIFT_M]).astype(np.float32)


def around_point(pose: Pose, at: np.ndarray) -> np.ndarray:
    """(n, 3) float32: pairs of ends of four strokes that point at a place (3,), as a pose sees
    it: a single point is hard to find."""
    right, _ = directions(pose)
    across = np.array([right[0], right[1], 0.0])
    near, far = _NEAR * pose.metres, _FAR * pose.metres
    ways = (across, -across, np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, -1.0]))
    ends = [at + way * reach for way in ways for reach in (near, far)]
    return np.array(ends, np.float32)


def person(pose: Pose, low: np.ndarray, high: np.ndarray, ground: Ground) -> np.ndarray:
    """(n, 3) float32: pairs of ends that draw a person on the ground, to the right of a box."""
    right, _ = directions(pose)
    half = (np.abs(right) * (np.asarray(high) - low)[:2]).sum() / 2
    foot = pose.centre[:2] + right * (half + max(0.9, 0.06 * pose.metres))
    base = float(ground.at(foot[None])[0])
    # Across and up, in parts of the height: legs, body, arms, head.
    strokes = [
        (-0.09, 0, 0, 0.47), (0.09, 0, 0, 0.47), (0, 0.47, 0, 0.84),
        (-0.14, 0.52, 0, 0.8), (0.14, 0.52, 0, 0.8),
    ]  # fmt: skip
    turn = np.linspace(0, 2 * np.pi, 13)
    head = np.column_stack([0.06 * np.cos(turn), 0.92 + 0.08 * np.sin(turn)])
    flat = np.vstack([np.reshape(strokes, (-1, 2)), np.repeat(head, 2, axis=0)[1:-1]])
    places = foot + flat[:, :1] * PERSON_M * right
    return np.column_stack([places, base + flat[:, 1] * PERSON_M]).astype(np.float32)


def footprint(points: np.ndarray, ground: Ground) -> np.ndarray:
    """(n, 3) float32: pairs of ends of the line around points (m, >= 2) on the ground."""
    xy = points[:, :2].astype(np.float64)
    hull = xy[convex(xy)]
    if len(hull) < 3:  # all at one place or on one line
        low, high = xy.min(axis=0), xy.max(axis=0)
        hull = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
    out = hull - hull.mean(axis=0)
    hull = hull + _HULL_M * out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
    around = np.vstack([hull, hull[:1]])
    parts = np.linspace(0, 1, 5)[:, None]
    places = np.vstack([a * (1 - parts) + b * parts for a, b in pairwise(around)])
    line = draped(places, ground)
    return np.repeat(line, 2, axis=0)[1:-1]
