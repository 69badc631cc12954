"""Points as rectangles in a picture, the nearest in front: arrays only, no loop over points."""

from __future__ import annotations

import numpy as np

NONE = np.iinfo(np.int32).max  # no point is seen there
_SIZES = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32])
LARGEST_PX = int(_SIZES[-1])
# Place in _SIZES of the first that is not smaller, by whole pixels.
_KIND = np.searchsorted(_SIZES, np.arange(LARGEST_PX + 1)).astype(np.uint8)


def seen(
    width: int, height: int, places: np.ndarray, sizes: np.ndarray, depth: np.ndarray
) -> np.ndarray:
    """(height, width) int32: which point each pixel shows, NONE where none.

    `places` (2, n) columns and lines of the points' middles; `sizes` (2, n) pixels across and
    down, rounded up to one of a few between 1 and 32; `depth` (n,): less is in front.

    Each pixel first keeps the nearest of the points that begin in it. Then all points spread
    together, the largest first: each round of minima of shifted pictures widens what is there by
    what a size is larger than the next. So the time depends on the pixels, hardly on the points.
    """
    kinds = _KIND[np.clip(sizes + 0.5, 1, LARGEST_PX).astype(np.int32)]
    pad = int(_SIZES[kinds.max(initial=0)])
    wide, high = width + pad, height + pad
    first = np.clip(places, -pad, max(wide, high)) - (_SIZES / 2 - 0.5).astype(np.float32)[kinds]
    column, line = np.floor(first).astype(np.int32) + pad
    there = np.flatnonzero((column >= 0) & (column < wide) & (line >= 0) & (line < high))
    if not len(there):
        return np.full((height, width), NONE, np.int32)
    there = there[np.argsort(depth[there])]
    at = line[there] * wide + column[there]
    across, down = kinds[0][there], kinds[1][there]
    kind = across * len(_SIZES) + down
    order = np.argsort(kind, kind="stable").astype(np.int32)
    counts = np.bincount(kind, minlength=len(_SIZES) ** 2)
    ends = np.cumsum(counts)
    shown = np.full((high, wide), NONE, np.int32)
    for size in range(int(across.max()), -1, -1):
        row = slice(size * len(_SIZES), (size + 1) * len(_SIZES))
        if counts[row].any():
            own = np.full((high, wide), NONE, np.int32)
            for tall in range(int(np.flatnonzero(counts[row])[-1]), -1, -1):
                end = ends[row][tall]
                rank = order[end - counts[row][tall] : end]
                np.minimum.at(own.reshape(-1), at[rank], rank)
                own = _spread(own, _step(tall), 0)
            np.minimum(shown, own, out=shown)
        shown = _spread(shown, _step(size), 1)
    rows = np.append(there, NONE).astype(np.int32)
    return rows[np.minimum(shown[pad:, pad:], len(there))]


def _step(kind: int) -> int:
    """Pixels from a size to the next smaller one; the smallest is a pixel wide itself."""
    return int(_SIZES[kind] - _SIZES[kind - 1]) if kind else 0


def _spread(picture: np.ndarray, by: int, axis: int) -> np.ndarray:
    """Each entry's minimum over itself and the `by` entries before it along an axis."""
    covered = 0
    while covered < by:
        step = min(covered + 1, by - covered)
        out = picture.copy()
        if axis == 0:
            np.minimum(picture[step:], picture[:-step], out=out[step:])
        else:
            np.minimum(picture[:, step:], picture[:, :-step], out=out[:, step:])
        picture, covered = out, covered + step
    return picture


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """(h, w) bool: a mask (h, w) and all within `by` pixels of it, counted across and down."""
    for _ in range(by):
        more = mask.copy()
        more[1:] |= mask[:-1]
        more[:-1] |= mask[1:]
        more[:, 1:] |= mask[:, :-1]
        more[:, :-1] |= mask[:, 1:]
        mask = more
    return mask
