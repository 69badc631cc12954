"""Where a box is seen: the three views' places on the screen and in the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.boxes.edit import Side

KNOB_PX = 20.0  # from the front to the knob that turns the box
Frame = tuple[float, float, float, float]  # left, top, width, height in pixels


@dataclass(frozen=True)
class Aspect:
    """From where a box is seen: which of its axes (0 ahead, 1 to its left, 2 up) goes to the right
    in the view and which upward; `sides`: those at the right, the left, the top and the bottom."""

    title: str
    across: int
    upward: int
    sides: tuple[Side, Side, Side, Side]

    @property
    def from_above(self) -> bool:
        return self.upward == 1


TOP = Aspect("Top", 0, 1, ("front", "back", "left", "right"))
SIDE = Aspect("Side", 0, 2, ("front", "back", "top", "bottom"))
FRONT = Aspect("Front", 1, 2, ("left", "right", "top", "bottom"))
ASPECTS = (TOP, SIDE, FRONT)


class Sheet(NamedTuple):
    """A view's place on the screen and in the world.

    Attributes
    ----------
    aspect : from where it looks
    left, top, width, height : pixels
    middle : (3,) float64, what is in its middle; yaw : along which it looks
    pixels : to the metre
    """

    aspect: Aspect
    left: float
    top: float
    width: float
    height: float
    middle: np.ndarray
    yaw: float
    pixels: float

    def holds(self, x: float, y: float) -> bool:
        right, bottom = self.left + self.width, self.top + self.height
        return self.left <= x < right and self.top <= y < bottom

    def places(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) float64 pixels of points (n, 3) in the scan's coordinates."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        axes = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        local = (points - self.middle) @ axes[:, [self.aspect.across, self.aspect.upward]]
        return self._pixels(local)

    def _pixels(self, local: np.ndarray) -> np.ndarray:
        made = np.empty(local.shape)
        made[:, 0] = self.left + self.width / 2 + local[:, 0] * self.pixels
        made[:, 1] = self.top + self.height / 2 - local[:, 1] * self.pixels
        return made

    def outline(self, box: np.ndarray) -> np.ndarray:
        """(4, 2) float64 pixels of a box's (7,) corners in the view: those between its right and
        top, left and top, left and bottom, right and bottom sides."""
        across, upward = self.aspect.across, self.aspect.upward
        half = box[3:6] / 2
        offsets = np.zeros((4, 3))
        offsets[:, across] = half[across] * np.array([1, -1, -1, 1])
        offsets[:, upward] = half[upward] * np.array([1, 1, -1, -1])
        c, s = np.cos(box[6]), np.sin(box[6])
        axes = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        return self.places(box[:3] + offsets @ axes.T)

    def knob(self, box: np.ndarray) -> np.ndarray:
        """(2,) pixels of the knob that turns a box, before its front; for a view from above."""
        outline = self.outline(box)
        front = (outline[0] + outline[3]) / 2
        ahead = np.array([np.cos(box[6] - self.yaw), -np.sin(box[6] - self.yaw)])
        found: np.ndarray = front + KNOB_PX * ahead
        return found

    def metres(self, dx: float, dy: float) -> tuple[float, float]:
        """Pixels to the right and down as metres to the right and up."""
        return dx / self.pixels, -dy / self.pixels


def arranged(width: float, height: float, rooms: np.ndarray) -> tuple[tuple[Frame, ...], float]:
    """Where the three views lie (left, top, width, height) and the pixels to the metre at which all
    of them hold `rooms` (3,) metres ahead, aside and up: side by side, below each other, or the
    first over the others, whichever shows most."""
    ahead, aside, up = rooms.tolist()
    wide, high = max(width, 1.0), max(height, 1.0)
    needs = ((ahead, aside), (ahead, up), (aside, up))
    beside, below = 2 * ahead + aside, aside + 2 * up
    columns = [wide * part / beside for part in (ahead, ahead, aside)]
    lines = [high * part / below for part in (aside, up, up)]
    over = high * aside / (aside + up)
    left = wide * ahead / (ahead + aside)
    ways = (
        tuple((sum(columns[:k]), 0.0, columns[k], high) for k in range(3)),
        tuple((0.0, sum(lines[:k]), wide, lines[k]) for k in range(3)),
        (
            (0.0, 0.0, wide, over),
            (0.0, over, left, high - over),
            (left, over, wide - left, high - over),
        ),
    )

    def shown(frames: tuple[Frame, ...]) -> float:
        return min(min(f[2] / a, f[3] / b) for f, (a, b) in zip(frames, needs, strict=True))

    best = max(ways, key=shown)
    return best, shown(best)
