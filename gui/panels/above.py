"""A scan from above, coloured by what preparation made of its points."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from core.prepare.units import INVALID, NOISE, OVERSIZE, is_cell
from core.project.project import Project
from gui.look.theme import Theme
from gui.panels.raster import Spots, points_image

# What a point became -> the theme's colour, in the order in which they are drawn over each other.
PARTS = {"ground": "quiet", "clusters": "accent", "too large": "outline", "noise": "warning"}
_SHOWN = 60_000  # points, at most
_REACH_M = (15.0, 60.0)  # from the middle to the border, least and most
_WITHIN = 92  # per cent of the points that a picture holds, if they are not too far
_SPOT_PX = 1.6


def part_of(unit: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """(N,) int8 place in PARTS of rows with units (N,) int32 of kinds (u,), -1 for what is left
    out."""
    made = np.zeros(len(unit), np.int8)
    own = unit >= 0
    made[own] = (~is_cell(kind[unit[own]])).astype(np.int8)
    made[unit <= OVERSIZE] = 2
    made[unit == NOISE] = 3
    made[unit == INVALID] = -1
    return made


def read_parts(project: Project, scan: str) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) points of a prepared scan that are not left out, and (n,) their places in PARTS."""
    mine = project.need_units().range_of(scan)
    part = part_of(project.rows(scan), project.need_units().kind[mine.start : mine.stop])
    kept = np.flatnonzero(part >= 0)
    kept = kept[:: len(kept) // _SHOWN + 1]
    return project.dataset.scan(scan).points[kept, :3], part[kept]


def picture(
    points: np.ndarray,
    part: np.ndarray,
    size: tuple[int, int],
    ratio: float,
    theme: Theme,
    ahead: tuple[float, float] = (1.0, 0.0),
) -> QImage:
    """Points (n, 3) from above in a size (width, height) of logical pixels, the way `ahead`
    upward."""
    wide, high = size
    away = np.hypot(points[:, 0], points[:, 1])
    reach = float(np.clip(np.percentile(away, _WITHIN), *_REACH_M)) if len(away) else _REACH_M[0]
    pixels = min(wide, high) / 2 / reach
    fx, fy = ahead
    right, front = points[:, 0] * fy - points[:, 1] * fx, points[:, 0] * fx + points[:, 1] * fy
    places = np.stack([wide / 2 + right * pixels, high / 2 - front * pixels])
    colours = np.array([theme.rgb(name) for name in PARTS.values()], np.uint8)
    spots = Spots(
        places=places.astype(np.float32),
        sizes=np.full((2, len(points)), _SPOT_PX, np.float32),
        # What is ground lies below all else, whatever its height.
        depth=-(points[:, 2] + 1000.0 * (part > 0)).astype(np.float32),
        colours=colours[part],
        mine=np.zeros(len(points), bool),
        flat=np.ones(len(points), bool),
        front=False,
    )
    return points_image(size, ratio, spots, theme.rgb("outline"))
