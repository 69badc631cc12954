"""Colours that show form: hue by height over the ground, of leaves another one than of what has a
surface; lightness by reflection and light.

In OKLCH (Ottosson 2020), where equal steps look equal. Arrays only, no Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

LEVELS, TONES = 256, 64
# Metres over the ground; hue in degrees and chroma of what has a surface, then of leaves: walls are
# never green, and leaves always.
_KNOTS = np.array(
    [
        (-0.5, 300, 0.08, 300, 0.08),
        (0.0, 265, 0.02, 150, 0.03),
        (0.15, 260, 0.04, 150, 0.06),
        (0.3, 255, 0.09, 150, 0.09),
        (1.0, 240, 0.11, 150, 0.13),
        (1.5, 240, 0.01, 147, 0.14),
        (1.51, 80, 0.01, 147, 0.14),
        (2.0, 80, 0.06, 144, 0.15),
        (3.5, 75, 0.11, 138, 0.16),
        (6.0, 60, 0.14, 128, 0.16),
        (12.0, 42, 0.14, 115, 0.15),
    ]
)
MARKED_M = (0.0, 0.3, 1.0, 2.0, 3.5, 6.0, 12.0)  # heights that a legend names


@dataclass(frozen=True)
class Tone:
    """How lightness is made: its base, and the shares of reflection, light and ground."""

    base: float
    reflection: float
    light: float
    ground: float

    def of(
        self, reflection: np.ndarray, normal: np.ndarray, low: np.ndarray, light: np.ndarray
    ) -> np.ndarray:
        """(n,) 0..1 by reflection (n,), normal (n, 3), ground rows (n,) bool and the direction that
        light (3,) comes from. The point visual computes the same (gui.view.cloud)."""
        lit = normal @ light
        tone = self.base + self.reflection * (2 * reflection - 1) + self.light * lit
        return np.asarray(np.clip(tone - self.ground * low, 0, 1))


CLUSTER, CELL = Tone(0.58, 0.24, 0.34, 0.2), Tone(0.50, 0.40, 0.22, 0.0)


def light_on(middle: np.ndarray) -> np.ndarray:
    """(3,) where the light comes from for a unit with a middle (3,): over the scanner's shoulder,
    from the left, so that what faces the scanner is bright and its sides differ."""
    ray = np.array([*middle[:2], 0.0], float)
    length = np.linalg.norm(ray)
    ray = ray / length if length > 1e-6 else np.array([1.0, 0.0, 0.0])
    light = -0.45 * ray + 0.55 * np.array([-ray[1], ray[0], 0.0]) + np.array([0.0, 0.0, 0.7])
    return np.asarray(light / np.linalg.norm(light))


def levels(height: np.ndarray) -> np.ndarray:
    """(n,) float32 0..1: places of heights (n,) along the table's knots."""
    return np.interp(height, _KNOTS[:, 0], np.linspace(0, 1, len(_KNOTS))).astype(np.float32)


@cache
def relief_table(*, dark: bool) -> np.ndarray:
    """(TONES, 2 LEVELS, 3) uint8, read-only: colour by tone and level, on a dark or a light canvas;
    of what has a surface in the first half, of leaves in the second."""
    at = np.linspace(0, len(_KNOTS) - 1, LEVELS)
    halves = [
        [np.interp(at, range(len(_KNOTS)), _KNOTS[:, k + leafy]) for k in (1, 2)]
        for leafy in (0, 2)
    ]
    hue, chroma = np.hstack(halves)
    tone = np.linspace(0, 1, TONES)[:, None]
    light = 0.36 + 0.60 * tone if dark else 0.78 - 0.52 * tone
    chroma = chroma * (np.interp(light, (0.3, 0.7, 1.0), (0.8, 1.0, 0.55)) if dark else 1.0)
    table = oklch(light, chroma, np.radians(hue))
    table.flags.writeable = False
    return table


def oklch(light: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """(..., 3) uint8 sRGB of lightness 0..1, chroma and hue in radians, clipped to its gamut."""
    light, a, b = np.broadcast_arrays(light, chroma * np.cos(hue), chroma * np.sin(hue))
    lms = np.stack(
        [
            light + 0.3963377774 * a + 0.2158037573 * b,
            light - 0.1055613458 * a - 0.0638541728 * b,
            light - 0.0894841775 * a - 1.2914855480 * b,
        ],
        axis=-1,
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(lms**3 @ to_rgb.T, 0, 1)
    shown = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(shown * 255).astype(np.uint8))


def relief(table: np.ndarray, level: np.ndarray, tone: np.ndarray, leafy: np.ndarray) -> np.ndarray:
    """(n, 3) uint8 from relief_table by level (n,), tone (n,) and how leafy (n,), all 0..1."""
    row = np.minimum((tone * TONES).astype(np.intp), TONES - 1)
    column = np.minimum((level * LEVELS).astype(np.intp), LEVELS - 1)
    even, green = table[row, column].astype(np.float32), table[row, column + LEVELS]
    return np.round(even + leafy[:, None] * (green - even)).astype(np.uint8)
