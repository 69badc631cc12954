"""Which point is drawn where, by drawing the rows' numbers as colours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
from vispy.scene import SceneCanvas

from gui.view.camera import Camera
from gui.view.cloud import Cloud

_REACH_PX = 6


class Picker:
    """Reads what is on screen. `alone` hides all but the scan's own points while it is entered."""

    def __init__(
        self,
        canvas: SceneCanvas,
        cloud: Cloud,
        camera: Camera,
        alone: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._canvas, self._cloud, self._camera, self._alone = canvas, cloud, camera, alone
        self._ids: np.ndarray | None = None

    def forget(self) -> None:
        """Something else is on screen now."""
        self._ids = None

    def ids(self) -> np.ndarray:
        """(H, W) int64 in physical pixels: row of the point drawn there, -1 for none."""
        if self._ids is None:
            self._cloud.set_uniform("u_picking", 1.0)
            try:
                with self._alone():
                    image = self._canvas.render(bgcolor=(0, 0, 0, 0), alpha=True).astype(np.int64)
            finally:
                self._cloud.set_uniform("u_picking", 0.0)
            self._ids = (image[..., 0] << 16 | image[..., 1] << 8 | image[..., 2]) - 1
        return self._ids

    def pick(self, x: float, y: float) -> int:
        """Row of the point drawn nearest to a logical pixel, within 6 of them; else -1.

        What is hidden or covered is not found.
        """
        ids = self.ids()
        scale = float(self._canvas.pixel_scale)
        column, line = int(x * scale), int(y * scale)
        reach = round(_REACH_PX * scale)
        top, left = max(line - reach, 0), max(column - reach, 0)
        part = ids[top : line + reach + 1, left : column + reach + 1]
        found = np.argwhere(part >= 0)
        if not len(found):
            return -1
        distance = ((found + np.array([top - line, left - column])) ** 2).sum(axis=1)
        nearest = int(distance.argmin())
        if distance[nearest] > reach * reach:
            return -1
        return int(part[tuple(found[nearest])])

    def screen_xy(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) logical pixels of points (n, 3), NaN for those behind the eye."""
        # The chain of transforms is one matrix: its rows are where the axes and the origin go.
        rows = self._cloud.get_transform("visual", "canvas").map(np.eye(4))
        x, y, w = (points[:, :3] @ rows[:3, k] + rows[3, k] for k in (0, 1, 3))
        w[w <= 1e-6] = np.nan
        return np.stack([x / w, y / w], axis=1)

    def in_sight(self, points: np.ndarray, scan: np.ndarray) -> np.ndarray:
        """(n,) bool: which of points (n, 3) nothing hides; scan (N, 4) are all that are shown.

        A point is hidden where what is drawn at its pixel is nearer by more than 0.5 m or 3 %.
        """
        ids = self.ids()
        scale = float(self._canvas.pixel_scale)
        at = np.floor(np.nan_to_num(self.screen_xy(points) * scale, nan=-1.0)).astype(np.int64)
        height, width = ids.shape
        inside = np.all((at >= 0) & (at < (width, height)), axis=1)
        front = np.full(len(points), -1, np.int64)
        front[inside] = ids[at[inside, 1], at[inside, 0]]
        covered = np.flatnonzero(front >= 0)
        own = self._camera.depth(points[covered])
        nearest = self._camera.depth(scan[front[covered]])
        seen = inside.copy()
        seen[covered] = own <= nearest + np.maximum(0.5, 0.03 * nearest)
        return seen
