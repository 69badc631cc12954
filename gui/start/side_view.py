"""One scan seen from the side, its ground found as a project's settings would find it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from core.base.settings import Settings
from core.data.rig import Rig
from gui.look.squares import seen
from gui.look.theme import Theme

PARTS = {"ground": "accent", "not ground": "quiet", "own vehicle": "warning"}
_BESIDE_M = 8.0  # how far beside the sensor points are drawn: what stands further away hides them
_LONG_M = 30.0  # from the sensor to either border
_GRID_M = 10
_SHOWN = 60_000
_SPOT_PX = 2.0


@dataclass(frozen=True)
class Sight:
    """A scan by settings: turned points (n, 3), (n,) places in PARTS, the share of ground of what
    is not the own vehicle, the sensor's height."""

    points: np.ndarray
    part: np.ndarray
    ground: float
    height_m: float


def sight(points: np.ndarray, settings: Settings) -> Sight:
    """Find the ground of a scan (N, 4) as its file has it. Raises SettingsError."""
    from core.prepare.ground import ground_mask

    rig, prepare = Rig.of(settings.rig), settings.prepare
    turned = rig.turned(points).copy()
    turned = turned[np.isfinite(turned[:, :3]).all(axis=1)]
    own = np.hypot(turned[:, 0], turned[:, 1]) < prepare.ego_radius_m
    own |= rig.inside(turned)
    turned[:, 3] = np.nan_to_num(turned[:, 3]) / np.float32(prepare.intensity_scale)
    part = np.ones(len(turned), np.int8)
    found = ground_mask(turned[~own], sensor_height_m=prepare.sensor_height_m, rig=rig)
    part[own] = 2
    part[np.flatnonzero(~own)[found]] = 0
    share = float(found.mean()) if len(found) else 0.0
    return Sight(turned[:, :3], part, share, prepare.sensor_height_m)


def draw(shown: Sight, size: tuple[int, int], ratio: float, theme: Theme) -> QImage:
    """The scan from its right side in a size (width, height) of logical pixels, ahead to the right,
    up and along to the same scale; the sensor, and where the settings have the ground."""
    wide, high = size
    pixels = wide / (2 * _LONG_M)
    middle = high * 0.55
    near = np.flatnonzero(np.abs(shown.points[:, 1]) < _BESIDE_M)
    near = near[:: len(near) // _SHOWN + 1]
    points, part = shown.points[near], shown.part[near]
    places = np.stack([wide / 2 + points[:, 0] * pixels, middle - points[:, 2] * pixels])
    colours = np.array([(*theme.rgb(name)[::-1], 255) for name in PARTS.values()], np.uint8)
    rgba = np.concatenate([colours[part], np.zeros((1, 4), np.uint8)])  # as Qt has it: blue first
    across, down = round(wide * ratio), round(high * ratio)
    spots = np.full((2, len(near)), _SPOT_PX * ratio, np.float32)
    depth = np.where(part == 0, -1000.0, points[:, 1]).astype(np.float32)
    at = seen(across, down, (places * ratio).astype(np.float32), spots, depth)
    data = rgba[np.minimum(at, len(near))]  # the last one stands for nothing
    kind = QImage.Format.Format_ARGB32_Premultiplied
    cloud = QImage(data.data, across, down, across * 4, kind).copy()
    cloud.setDevicePixelRatio(ratio)
    image = QImage(cloud.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(theme.canvas))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.line), 1))
    for metres in range(-int(_LONG_M), int(_LONG_M) + 1, _GRID_M):
        x = wide / 2 + metres * pixels
        painter.drawLine(QPointF(x, 0), QPointF(x, high))
    painter.drawImage(0, 0, cloud)
    painter.setPen(QPen(QColor(theme.quiet)))
    painter.drawText(QPointF(6, high - 6), f"{_GRID_M} m from line to line")
    ground = middle + shown.height_m * pixels
    painter.setPen(QPen(QColor(theme.outline), 1, Qt.PenStyle.DashLine))
    painter.drawLine(QPointF(0, ground), QPointF(wide, ground))
    sensor = QPointF(wide / 2, middle)
    painter.setPen(QPen(QColor(theme.outline), 2))
    painter.setBrush(QColor(theme.canvas))
    painter.drawEllipse(sensor, 4, 4)
    painter.drawLine(sensor + QPointF(4, 0), sensor + QPointF(16, 0))  # ahead
    painter.end()
    return image
