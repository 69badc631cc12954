"""Farthest first, exact and lazy: what is farthest from all that is answered or picked comes next.

Loading this loads numba.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from core.query.strategies.near import k_nearest


def farthest_first(
    features: np.ndarray, labelled: np.ndarray, cost: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Picks of features (n, F), in order, by argmax of the least distance to `labelled` (m, F) and
    to earlier picks, ties by the smaller place, until they cost `reach` or nothing is left.

    Returns picks (k,) int64; for each row (n,) float64 its distance when it was picked, or a bound
    from above of what it is at the end; and how many distances to picks were computed. A distance
    only shrinks, so one that was computed before some picks is a bound, and is renewed pick by
    pick only while it is the largest. With nothing answered the first pick is row 0.
    """
    square = least_squares(features, labelled)
    if not len(features):
        return np.zeros(0, np.int64), square, 0
    if not len(labelled):
        square[:] = np.inf
    picks, computed = _pick(np.ascontiguousarray(features), square, cost, reach)
    if not np.isfinite(square[picks[0]]):
        # Nothing was answered: the first is as far as the one that is farthest from it.
        square[picks[0]] = square[picks[1]] if len(picks) > 1 else 0.0
    square[~np.isfinite(square)] = 0.0  # never renewed: the first pick spent it all
    return picks, np.sqrt(square), int(computed)


def least_squares(features: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """(n,) float64: for each row of features (n, F) the least squared distance to the rows of
    `labelled` (m, F), 0 where m is 0."""
    if not len(labelled):
        return np.zeros(len(features))
    return k_nearest(features, labelled, 1)[0][:, 0]


@njit(cache=True)
def _pick(features, square, cost, reach):
    """The picks; `square` (n,) is renewed in place. A heap holds the rows, the farthest on top."""
    count, size = features.shape
    heap = np.arange(count)
    for place in range(count // 2 - 1, -1, -1):
        _sink(heap, square, place, count)
    seen = np.zeros(count, np.int64)  # picks that a row's distance knows of
    picks = np.empty(count, np.int64)
    picked = np.empty((1024, size), features.dtype)  # their numbers, close together
    found, spent, computed = 0, 0, 0
    left = count
    while left and spent < reach:
        row = heap[0]
        while seen[row] < found:
            other = seen[row]
            total = 0.0
            for f in range(size):
                if total >= square[row]:
                    break  # no nearer than what is known: the sum only grows
                step = np.float64(features[row, f]) - np.float64(picked[other, f])
                total += step * step
            computed += 1
            seen[row] += 1
            square[row] = min(square[row], total)
            # Once another is farther, the rest of the picks need not be looked at yet.
            if _below(heap, square, row, left):
                break
        if seen[row] == found and not _below(heap, square, row, left):
            if found == len(picked):
                longer = np.empty((2 * found, size), features.dtype)
                longer[:found] = picked
                picked = longer
            picks[found] = row
            picked[found] = features[row]
            found += 1
            spent += cost[row]
            left -= 1
            heap[0] = heap[left]
        _sink(heap, square, 0, left)
    return picks[:found].copy(), computed


@njit(cache=True)
def _below(heap, square, row, left):
    """Whether a child of the top comes before it."""
    for child in (1, 2):
        if child < left and _before(square, heap[child], row):
            return True
    return False


@njit(cache=True)
def _before(square, one, other):
    return square[one] > square[other] or (square[one] == square[other] and one < other)


@njit(cache=True)
def _sink(heap, square, place, left):
    row = heap[place]
    while True:
        child = 2 * place + 1
        if child >= left:
            break
        if child + 1 < left and _before(square, heap[child + 1], heap[child]):
            child += 1
        if not _before(square, heap[child], row):
            break
        heap[place] = heap[child]
        place = child
    heap[place] = row
