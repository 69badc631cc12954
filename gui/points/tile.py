"""The picture of a unit for the contact sheet, as numbers: numpy only, for any thread."""

from __future__ import annotations

import numpy as np

from core.assist.alike import Alike
from gui.desk.sizes import sizes

NOTHING, AROUND, UNIT = 0, 1, 2
_MARGIN_M = (0.4, 1.5)  # what is shown around the unit at least, and at most
_LEAST_M = 0.5
_DOT_PX = (2, 5)  # side of a point of the unit: the fewer there are, the larger
_FILLED = 0.3  # share of the unit's extent that they would fill if none lay over another


def size_words(alike: Alike) -> str:
    """The unit's sizes, "" where none of its points is anywhere."""
    unit = _finite(alike.points)
    if not len(unit):
        return ""
    return sizes(unit, unit[:, 2], is_ground=alike.ground).short()


def draw_unit(alike: Alike, width: int, height: int) -> np.ndarray:
    """(height, width) uint8 of NOTHING, AROUND and UNIT: a ground cell from above, a cluster along
    its shorter side."""
    unit = _finite(alike.points)
    around = _finite(alike.around)
    drawn = np.zeros((height, width), np.uint8)
    if not len(unit):
        return drawn
    middle = unit[:, :2].mean(axis=0)
    flat = unit[:, :2] - middle
    axis = np.linalg.eigh(np.cov(flat.T))[1][:, 1] if len(unit) > 2 else np.array([1.0, 0.0])

    def seen(xyz: np.ndarray) -> np.ndarray:
        across = (xyz[:, :2] - middle) @ np.array([-axis[1], axis[0]])
        up = across if alike.ground else xyz[:, 2]
        return np.column_stack([(xyz[:, :2] - middle) @ axis, up])

    places = seen(unit)
    low, high = places.min(axis=0), places.max(axis=0)
    size = np.maximum(high - low, _LEAST_M)
    room = size + 2 * np.clip(0.35 * size.max(), *_MARGIN_M)
    scale = min(width / room[0], height / room[1])
    covered = _FILLED * np.prod(size * scale)
    dot = int(np.clip(np.sqrt(covered / len(unit)), *_DOT_PX))
    for points, kind in ((seen(around), AROUND), (places, UNIT)):
        away = (points - (low + high) / 2) * scale
        x = np.floor(width / 2 + away[:, 0]).astype(int)
        y = np.floor(height / 2 - away[:, 1]).astype(int)
        side = 1 if kind == AROUND else dot
        x, y = x - (side - 1) // 2, y - (side - 1) // 2
        for right, down in np.ndindex(side, side):
            inside = (x + right >= 0) & (x + right < width) & (y + down >= 0) & (y + down < height)
            drawn[y[inside] + down, x[inside] + right] = kind
    return drawn


def _finite(points: np.ndarray) -> np.ndarray:
    xyz = points[:, :3].astype(np.float64)
    return xyz[np.isfinite(xyz).all(axis=1)]
