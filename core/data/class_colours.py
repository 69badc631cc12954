"""Colours of classes: one that is unlike all others, and which are hard to tell apart.

Distances are in CIELAB (CIE 1976); how people without red or green cones see, by Machado et al.
2009, "A physiologically-based model for simulation of color vision deficiency", severity 1.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np

ALIKE = 12.0  # ΔE below which small patches of points are confused
_CANVAS = ("#101418", "#f4f6f8")  # dark and light: no class looks like nothing
_SEEN = {
    "everybody": np.eye(3),
    "people who see no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "people who see no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)


def alike(colours: Sequence[str]) -> list[tuple[int, int, str]]:
    """Pairs of "#rrggbb" that are hard to tell apart, by their places, and for whom first."""
    found: dict[tuple[int, int], str] = {}
    for who, matrix in _SEEN.items():
        apart = _distances(_lab(_linear(colours), matrix))
        for one, other in np.argwhere(np.triu(apart < ALIKE, 1)).tolist():
            found.setdefault((one, other), who)
    return [(one, other, who) for (one, other), who in found.items()]


def free_colour(taken: Sequence[str]) -> str:
    """The colour that is most unlike those taken and the canvas, for whoever sees it worst."""
    candidates = [
        "#{:02x}{:02x}{:02x}".format(
            *(round(255 * part) for part in colorsys.hls_to_rgb(hue / 24, light, full))
        )
        for light in (0.6, 0.45, 0.75)
        for full in (0.9, 0.5)
        for hue in range(24)
    ]
    others = [*taken, *_CANVAS]
    least = np.full(len(candidates), np.inf)
    for matrix in _SEEN.values():
        lab = _lab(_linear([*candidates, *others]), matrix)
        near = np.linalg.norm(lab[: len(candidates), None] - lab[None, len(candidates) :], axis=2)
        least = np.minimum(least, near.min(axis=1))
    return candidates[int(least.argmax())]


def _linear(colours: Sequence[str]) -> np.ndarray:
    """(n, 3) linear light 0..1."""
    rgb = np.array([list(bytes.fromhex(code[1:])) for code in colours], float).reshape(-1, 3) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray, seen: np.ndarray) -> np.ndarray:
    xyz = np.clip(linear @ seen.T, 0, 1) @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _distances(lab: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(lab[:, None] - lab[None], axis=2))
