"""What the context panel shows of a unit: its scan seen along the scanner's ray, and its sizes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from gui.desk.content import Content
from gui.look.relief import CELL, CLUSTER, levels, light_on, relief, relief_table
from gui.view.form import Form, cell_heights

_NOWHERE_M = 1e6


@dataclass(frozen=True)
class Subject:
    """A unit among the N points of its scan.

    Attributes
    ----------
    content : the scan
    rows : (R,) the unit's, finite ones only
    is_ground : whether it is a cell of the ground
    """

    content: Content
    rows: np.ndarray
    is_ground: bool

    @property
    def form(self) -> Form:
        return self.content.form

    @cached_property
    def middle(self) -> np.ndarray:
        """(3,) metres in the scan: the unit's mean, at the height of the ground under it."""
        unit = self.content.points[self.rows, :3].astype(np.float64)
        middle = unit.mean(axis=0)
        middle[2] = np.median(unit[:, 2] - self.form.height[self.rows])
        return middle

    @cached_property
    def ray(self) -> np.ndarray:
        """(2,) unit vector over the ground from the scanner to the unit."""
        length = float(np.hypot(*self.middle[:2]))
        return self.middle[:2] / length if length > 1e-6 else np.array([1.0, 0.0])

    @cached_property
    def placed(self) -> np.ndarray:
        """(3, N) float32 metres of all points from the middle: to the right of the ray, along it,
        and up. What is not finite is far away."""
        solid = np.where(self.finite[:, None], self.content.points[:, :3], np.float32(0))
        (rx, ry), (mx, my, mz) = self.ray.astype(np.float32), self.middle.astype(np.float32)
        x, y = solid[:, 0] - mx, solid[:, 1] - my
        placed = np.stack([x * ry - y * rx, x * rx + y * ry, solid[:, 2] - mz])
        placed[:, ~self.finite] = _NOWHERE_M
        return placed

    @cached_property
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and highest (3,) of the unit's `placed`."""
        own = self.placed[:, self.rows]
        return own.min(axis=1), own.max(axis=1)

    def colours(self, rows: np.ndarray, *, dark: bool) -> np.ndarray:
        """(n, 3) uint8 of rows (n,), for a dark canvas or a light one: hue by height, around a cell
        of the ground by its own shape; lightness by reflection and light."""
        form, light = self.form, light_on(self.middle).astype(np.float32)
        tone = CELL if self.is_ground else CLUSTER
        shade = tone.of(form.reflection[rows], form.normal[rows], form.low[rows], light)
        return relief(_table(dark), levels(self._heights[rows]), shade)

    @cached_property
    def finite(self) -> np.ndarray:
        """(N,) bool: points that are somewhere."""
        return np.isfinite(self.content.points[:, :3]).all(axis=1)

    @cached_property
    def mine(self) -> np.ndarray:
        """(N,) bool: the unit's points."""
        mine = np.zeros(len(self.content.points), bool)
        mine[self.rows] = True
        return mine

    @cached_property
    def _heights(self) -> np.ndarray:
        """(N,) metres over the ground, of ground around a cell what shows a kerb."""
        if self.is_ground:
            return cell_heights(self.content.points, self.form, self.rows)
        return self.form.height

    def words(self) -> str:
        """Its sizes, where it is, and of how many points."""
        low, high = self.box
        long, wide = footprint(self.placed[:2, self.rows].T)
        away = float(np.hypot(*self.middle[:2]))
        base = float(low[2])
        if self.is_ground:
            size = f"{long:.1f} x {wide:.1f} m of ground"
        else:
            tall = float(high[2] - low[2])
            words = f"{tall:.1f} m" if tall >= 0.3 else f"{100 * tall:.0f} cm"
            size = f"{words} high, {long:.1f} x {max(wide, 0.1):.1f} m"
            if base > 0.5:
                size += f", {base:.1f} m over the ground"
        return f"{size} · {away:.0f} m away · {len(self.rows):,} points"


@cache
def _table(dark: bool) -> np.ndarray:
    return relief_table(dark=dark)


def hull(places: np.ndarray, room: float) -> np.ndarray:
    """(k, 2) corners of the convex hull around squares of half a side `room` > 0 at places (n, 2):
    so that a single point has one too."""
    from scipy.spatial import ConvexHull

    corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)]) * room
    around = (places[:, None, :].astype(np.float64) + corners).reshape(-1, 2)
    return around[ConvexHull(around).vertices]


def footprint(places: np.ndarray) -> tuple[float, float]:
    """Length and width in metres of the narrowest rectangle around places (n, 2)."""
    corners = hull(places, 1e-3)
    edges = np.roll(corners, -1, axis=0) - corners
    turn = np.arctan2(edges[:, 1], edges[:, 0])
    along = np.stack([np.cos(turn), np.sin(turn)])
    across = np.stack([-along[1], along[0]])
    sizes = np.stack([np.ptp(corners @ along, axis=0), np.ptp(corners @ across, axis=0)])
    best = sizes[:, sizes.prod(axis=0).argmin()]
    return float(best.max()), float(best.min())
