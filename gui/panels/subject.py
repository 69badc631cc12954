"""What the context panel shows of a unit: its scan seen along the scanner's ray, and its sizes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gui.desk.content import Content
from gui.desk.sizes import sizes
from gui.look.relief import CELL, CLUSTER, Tone, levels, light_on, relief, relief_table
from gui.view.form import Form, cell_heights

_NOWHERE_M = 1e6
_UNDER, _OVER = 1.5, 3.0  # points under and over the highest beam: what lies between is cut by it
_ONE_WAY, _MOST = 0.8, 0.75  # shares of a surface that has one direction; that is upright
_LEVEL, _UPRIGHT = 0.85, 0.4  # upward parts of a direction


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

    def colours(self, rows: np.ndarray, *, dark: bool, tone: Tone | None = None) -> np.ndarray:
        """(n, 3) uint8 of rows (n,), for a dark canvas or a light one: hue by height, around a cell
        of the ground by its own shape; lightness by reflection and light, as the view's tone for
        such a unit has it, or another one."""
        form, light = self.form, light_on(self.middle).astype(np.float32)
        tone = tone or (CELL if self.is_ground else CLUSTER)
        shade = tone.of(form.reflection[rows], form.normal[rows], form.kind[rows] == 1, light)
        level = levels(self._heights[rows])
        return relief(relief_table(dark=dark), level, shade, self._leafy[rows])

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
    def rough(self) -> float:
        """The median roughness of its surface, 0..1 (gui.view.form)."""
        return float(np.median(self.form.rough[self.rows]))

    @cached_property
    def is_cut(self) -> bool:
        """Whether it reaches the scanner's highest beam, so that it may be higher than it looks."""
        x, y, z = self.content.points[self.rows, :3].T
        top = float(np.arctan2(z, np.hypot(x, y)).max())
        over = (top - self.form.highest) / max(self.form.pitch, 1e-6)
        return bool(-_UNDER <= over <= _OVER)

    def horizon(self, along: np.ndarray) -> np.ndarray:
        """(n,) metres over the middle up to which the scanner sees, `along` (n,) metres behind it
        on the ray."""
        away = float(np.hypot(*self.middle[:2])) + along
        return np.asarray(away * np.tan(self.form.highest) - self.middle[2])

    @cached_property
    def facing(self) -> str:
        """How its surface stands, in words."""
        normal = self.form.normal[self.rows].astype(np.float64)
        spread, axes = np.linalg.eigh(normal.T @ normal / len(normal))
        if spread[2] > _ONE_WAY:
            up = abs(float(axes[2, 2]))
            return "level" if up > _LEVEL else "upright" if up < _UPRIGHT else "sloping"
        upright = float(np.mean(np.abs(normal[:, 2]) < _UPRIGHT))
        return "upright all round" if upright > _MOST else "facing all ways"

    @cached_property
    def _leafy(self) -> np.ndarray:
        """(N,) float32 0..1, of the ground 0: its height is what tells there."""
        kind = self.form.kind
        return np.where(kind < 1, 2 * kind, 0)

    @cached_property
    def _heights(self) -> np.ndarray:
        """(N,) metres over the ground, of ground around a cell what shows a kerb."""
        if self.is_ground:
            return cell_heights(self.content.points, self.form, self.rows)
        return self.form.height

    def words(self) -> str:
        """Its sizes and where it is."""
        xyz, height = self.content.points[self.rows, :3], self.form.height[self.rows]
        return sizes(xyz, height, is_ground=self.is_ground).words(is_cut=self.is_cut)
