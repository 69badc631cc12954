"""Points as squares in a picture of Qt, drawn by arrays: as fast as the mouse moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtGui import QImage


class Dots(NamedTuple):
    """`places` (n, 2) float pixels of squares' middles, `size` whole pixels of their sides, their
    `colour` as three bytes, and the `clip` left, top, right, bottom within which they are drawn."""

    places: np.ndarray
    size: int
    colour: tuple[int, int, int]
    clip: tuple[float, float, float, float]


def dots_image(
    size: tuple[int, int], ratio: float, canvas: tuple[int, int, int], layers: Sequence[Dots]
) -> QImage:
    """A picture of a size (width, height) in logical pixels, `ratio` of its own to each; later
    layers over earlier ones."""
    wide, high = (max(1, round(side * ratio)) for side in size)
    data = np.full((high, wide), _word(canvas), np.uint32)
    for layer in layers:
        _draw(data, layer, ratio)
    image = QImage(data.data, wide, high, wide * 4, QImage.Format.Format_RGB32).copy()
    image.setDevicePixelRatio(ratio)
    return image


def _draw(data: np.ndarray, layer: Dots, ratio: float) -> None:
    left, top, right, bottom = (round(end * ratio) for end in layer.clip)
    right, bottom = min(right, data.shape[1]), min(bottom, data.shape[0])
    size = max(1, round(layer.size * ratio))
    part = data[top:bottom, left:right]
    if not part.size:
        return
    at = np.floor(layer.places * ratio - (left, top) - (size - 1) / 2).astype(np.int64)
    inside = (at > -size) & (at < (part.shape[1], part.shape[0]))
    column, line = at[inside.all(axis=1)].T
    word = _word(layer.colour)
    for down in range(size):
        for across in range(size):
            x, y = column + across, line + down
            seen = (x >= 0) & (x < part.shape[1]) & (y >= 0) & (y < part.shape[0])
            part[y[seen], x[seen]] = word


def _word(colour: tuple[int, int, int]) -> np.uint32:
    red, green, blue = colour
    return np.uint32(0xFF000000 | red << 16 | green << 8 | blue)
