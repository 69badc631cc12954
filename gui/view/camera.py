"""A turntable camera for scans: z is up, clicks do not turn it, the wheel zooms to the cursor."""

from __future__ import annotations

from typing import Any

import numpy as np
from vispy.scene.cameras import TurntableCamera

FIELD_OF_VIEW = 45.0
_WHEEL = 1.13
_DEGREES_PER_PIXEL = 0.35


class Camera(TurntableCamera):
    """Left drag turns, middle or Shift+left drag moves, right drag and wheel zoom.

    `threshold_px`: a drag starts only beyond it, so that a click with a shaking hand is a click.
    """

    center: Any  # properties of vispy
    scale_factor: Any

    def __init__(self, threshold_px: float = 10.0) -> None:
        super().__init__(fov=FIELD_OF_VIEW, elevation=35, azimuth=-35, distance=None)
        self.threshold_px = threshold_px
        self._dragging = False
        self._last: np.ndarray | None = None
        self.depth_value = 1e4

    @property
    def top_down(self) -> bool:
        return self.fov == 0

    @top_down.setter
    def top_down(self, on: bool) -> None:
        self.fov = 0.0 if on else FIELD_OF_VIEW
        self.depth_value = 500 if on else 1e4
        self.elevation = 90.0 if on else 35.0

    @property
    def reference(self) -> float:
        """Distance of the centre from the eye, 0 without perspective."""
        if self.fov == 0:
            return 0.0
        width, height = self.viewbox.size
        tall = max(1.0, height / max(width, 1))  # scale_factor is what the shorter side shows
        return float(0.5 * self.scale_factor * tall / np.tan(np.radians(self.fov / 2)))

    @property
    def focal(self) -> float:
        """Logical pixels of a metre that is one metre away; without perspective, of any metre."""
        if self.fov == 0:
            return 1 / self.metres_per_pixel()
        return float(0.5 * self.viewbox.size[1] / np.tan(np.radians(self.fov / 2)))

    def place(self, centre: np.ndarray, size: float, azimuth: float, elevation: float) -> None:
        """Look at a point (3,) with `size` metres in view, from a side and a height in degrees; one
        update instead of four."""
        # Not by the properties: those of equal values change nothing, so others would be lost.
        self._center = tuple(float(part) for part in centre)
        self._scale_factor = float(size)
        self._azimuth = (azimuth + 180.0) % 360.0 - 180.0
        self._elevation = elevation
        self.view_changed()

    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """The directions right and up of the picture, in scan coordinates."""
        azimuth, elevation = np.radians(self.azimuth), np.radians(self.elevation)
        right = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
        ahead = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
        up = ahead * np.sin(elevation) + np.array([0.0, 0.0, np.cos(elevation)])
        return right, up

    def depth(self, points: np.ndarray) -> np.ndarray:
        """(n,) metres of points (n, >= 3) from the eye along the view; without perspective from
        the centre."""
        right, up = self.axes()
        back = np.cross(right, up)
        return self.reference - (points[:, :3].astype(np.float64) - np.array(self.center)) @ back

    def metres_per_pixel(self) -> float:
        """Size of a logical pixel at the centre."""
        width, height = self.viewbox.size
        return float(self.scale_factor) / max(min(width, height), 1)

    def viewbox_mouse_event(self, event: Any) -> None:
        """Handle the mouse ourselves: vispy knows no threshold and zooms on the centre."""
        if event.handled or not self.interactive:
            return
        kind = event.type
        if kind == "mouse_wheel":
            self._zoom(_WHEEL ** -event.delta[1], np.array(event.pos[:2]))
            event.handled = True
        elif kind == "mouse_press":
            self._dragging, self._last = False, None
            event.handled = True
        elif kind == "mouse_move" and event.press_event is not None:
            self._drag(event)
            event.handled = True

    def _drag(self, event: Any) -> None:
        position = np.array(event.pos[:2], float)
        start = np.array(event.press_event.pos[:2], float)
        if not self._dragging:
            if np.abs(position - start).max() < self.threshold_px:
                return
            self._dragging, self._last = True, position
        assert self._last is not None
        dx, dy = position - self._last
        self._last = position
        modifiers = [str(key.name) for key in event.mouse_event.modifiers]
        button = event.press_event.button
        if button == 3 or (button == 1 and "Shift" in modifiers):
            right, up = self.axes()
            self.center = np.array(self.center) + (up * dy - right * dx) * self.metres_per_pixel()
        elif button == 2:
            self._zoom(1.01**dy, None)
        elif self.top_down:
            self.azimuth -= dx * _DEGREES_PER_PIXEL
        else:
            self.azimuth -= dx * _DEGREES_PER_PIXEL
            self.elevation = min(90.0, max(-20.0, self.elevation + dy * _DEGREES_PER_PIXEL))

    def _zoom(self, factor: float, position: np.ndarray | None) -> None:
        """Scale the view; the scan under the cursor stays under it."""
        before = self.metres_per_pixel()
        wanted = min(2000.0, max(0.5, float(self.scale_factor) * factor))
        factor = wanted / float(self.scale_factor)
        if position is not None:
            off = position - np.array(self.viewbox.size) / 2
            right, up = self.axes()
            shift = (right * off[0] - up * off[1]) * before * (1 - factor)
            self.center = np.array(self.center) + shift
        self.scale_factor = wanted
