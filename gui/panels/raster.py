"""Points as a picture of Qt: steps in depth shaded, the unit's points outlined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QImage

from gui.look.squares import grown, seen

_LEAST_M, _STEP_M = 0.12, 0.6  # steps of fewer metres are rough surface, larger count as these
_SHADE, _DARKEST = 1.2, 0.5
_EDGE_PX, _GAP_PX, _JOINED_PX = 1.5, 2, 5  # the last: from what joins what it goes around


@dataclass(frozen=True)
class Spots:
    """What is drawn of n points.

    Attributes
    ----------
    places, sizes : (2, n) pixels across and down
    depth : (n,) metres from the eye, or what counts like them
    colours : (n, 3) uint8; mine : (n,) bool, the unit's
    flat : (n,) bool, never shaded: the ground steps from ring to ring
    front : whether the unit's points hide all others
    """

    places: np.ndarray
    sizes: np.ndarray
    depth: np.ndarray
    colours: np.ndarray
    mine: np.ndarray
    flat: np.ndarray
    front: bool


def points_image(
    size: tuple[int, int], ratio: float, spots: Spots, edge: tuple[int, int, int]
) -> QImage:
    """A picture of a size (width, height) in logical pixels, `ratio` of its own to each; clear
    where no point is; the unit's points within an edge of a colour.

    Where the picture steps away from the eye, it is darker (Boucheny 2009, eye-dome lighting).
    """
    wide, high = (max(1, round(side * ratio)) for side in size)
    scale = np.float32(ratio)
    depth = spots.depth.astype(np.float32)
    before = np.where(spots.mine, depth - np.float32(1e5), depth) if spots.front else depth
    shown = seen(wide, high, spots.places * scale, spots.sizes * scale, before)
    at = np.minimum(shown, len(spots.colours))  # the last one stands for nothing
    rgba = np.zeros((len(spots.colours) + 1, 4), np.uint8)
    rgba[:-1, :3], rgba[:-1, 3] = spots.colours[:, ::-1], 255  # as Qt has it: blue first
    data = rgba.view(np.uint32)[:, 0].take(at).view(np.uint8).reshape(high, wide, 4)
    shade = _steps(np.append(depth, np.float32(np.inf)).take(at), max(1, round(ratio)))
    shaded = np.flatnonzero((shade < 1) & ~np.append(spots.flat, True).take(at))
    pixels = data.reshape(-1, 4)
    pixels[shaded, :3] = pixels[shaded, :3] * shade.reshape(-1)[shaded, None]
    if spots.mine.any():
        own = np.append(spots.mine, False).take(at)
        joined = grown(own, round(_JOINED_PX * ratio))
        inner = ~grown(~joined, round((_JOINED_PX - _GAP_PX) * ratio))
        data[grown(inner, max(1, round(_EDGE_PX * ratio))) & ~inner] = (*edge[::-1], 255)
    kind = QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(data.data, wide, high, wide * 4, kind).copy()
    image.setDevicePixelRatio(ratio)
    return image


def _steps(depth: np.ndarray, apart: int) -> np.ndarray:
    """(h, w) _DARKEST..1: how much the pixels beside each are nearer than it, by depth (h, w)."""
    total = np.zeros_like(depth)
    for axis in (0, 1):
        first = np.moveaxis(depth, axis, 0)
        with np.errstate(invalid="ignore"):  # between two places without a point
            step = first[apart:] - first[:-apart]
        into = np.moveaxis(total, axis, 0)
        into[apart:] += np.nan_to_num(_counted(step), nan=0.0)
        into[:-apart] += np.nan_to_num(_counted(-step), nan=0.0)
    return np.maximum(np.exp(-_SHADE * total), _DARKEST)


def _counted(step: np.ndarray) -> np.ndarray:
    return np.clip(step - _LEAST_M, 0, _STEP_M)
