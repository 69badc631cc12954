"""The nearest rows, exact: products in single precision say which can be, doubles which are.

Loading this loads numba.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_ROWS, _COLUMNS = 512, 512  # of a block, which stays in the cache
_PART = 64  # columns that are passed over at once
_ROUNDING = 2.0**-22  # of a product of single precision, for each number of a row


def k_nearest(
    values: np.ndarray, others: np.ndarray, k: int, *, same: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """For each row of values (n, F) its `k` nearest of others (m, F): squared distances (n, k)
    float64, ascending, infinite where there are no more, and their rows (n, k) int64, the first
    among equals. `same`: others are the values, and no row is its own neighbour.

    |a|² + |b|² - 2ab in float32 passes over what is farther than its rounding could hide; all else
    is Σ (a - b)² in float64. Both are held in blocks.
    """
    square = np.full((len(values), k), np.inf)
    row = np.full((len(values), k), -1)
    if not len(values) or not len(others) or not k:
        return square, row
    mean = others.mean(axis=0, dtype=np.float64)
    right = others - mean
    length = np.einsum("ij,ij->i", right, right)
    # Of numbers up to 1: single precision neither overflows nor, beside its rounding, underflows.
    scale = float(np.sqrt(length.max()))
    scale = scale if scale > 1e-100 else 1.0
    right = np.vstack([right.T * (-2 / scale), length / scale**2]).astype(np.float32)
    farthest, rounding = 1.0, _ROUNDING * (values.shape[1] + 8)
    block = np.empty((_ROWS, _COLUMNS), np.float32)
    left = np.ones((_ROWS, values.shape[1] + 1), np.float32)
    values, others = np.ascontiguousarray(values), np.ascontiguousarray(others)
    for start in range(0, len(values), _ROWS):
        mine = values[start : start + _ROWS]
        part = (mine - mean) / scale
        own = np.einsum("ij,ij->i", part, part)
        far = own.max() > 1e30  # from all others: every one is looked at in doubles
        left[: len(mine), :-1] = 0 if far else part
        slack = np.full(len(mine), np.inf) if far else rounding * (own + farthest)
        found = square[start : start + _ROWS], row[start : start + _ROWS]
        for column in range(0, right.shape[1], _COLUMNS):
            tile = right[:, column : column + _COLUMNS]
            # A tile of fewer columns is another array: its rows must lie close together.
            out = block.reshape(-1)[: len(mine) * tile.shape[1]].reshape(len(mine), -1)
            np.matmul(left[: len(mine)], tile, out=out)
            first = start - column if same else -(1 << 40)
            _renew(out, slack - own, scale**2, mine, others, column, first, *found)
    return square, row


@njit(cache=True, fastmath={"nnan", "nsz", "reassoc"})
def _least(values):
    least = values[0]
    for value in values:
        least = min(least, value)
    return least


@njit(cache=True, error_model="numpy")
def _renew(block, slack, unit, mine, others, column, first, square, row):
    """Take the rows of a block that may be nearer into square, row (n, k).

    block (n, m): |b|^2 - 2ab of others[column : column + m], in units of `unit`; slack (n,): what
    rounding hides, less |a|^2; the column `first` + i is the row i itself.
    """
    k = square.shape[1]
    for i in range(block.shape[0]):
        limit = np.float32(square[i, k - 1] / unit + slack[i])
        for part in range(0, block.shape[1], _PART):
            end = min(part + _PART, block.shape[1])
            if _least(block[i, part:end]) > limit:
                continue
            for j in range(part, end):
                if block[i, j] > limit or j == first + i:
                    continue
                total = 0.0
                for f in range(mine.shape[1]):
                    step = np.float64(mine[i, f]) - np.float64(others[column + j, f])
                    total += step * step
                if total >= square[i, k - 1]:
                    continue
                place = k - 1
                while place and square[i, place - 1] > total:
                    square[i, place] = square[i, place - 1]
                    row[i, place] = row[i, place - 1]
                    place -= 1
                square[i, place] = total
                row[i, place] = column + j
                limit = np.float32(square[i, k - 1] / unit + slack[i])
