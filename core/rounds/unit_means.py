"""What the rows of a unit come to: means of their numbers, and the class that most of them have."""

from __future__ import annotations

import numpy as np


def unit_means(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """(count, c) float32: means of values (N, c) over the rows of each unit, in float64.

    rows (N,) int32: unit number of each row, negative for none; every unit has a row.
    """
    order = np.flatnonzero(rows >= 0)
    order = order[np.argsort(rows[order], kind="stable")]
    if not count:
        return np.zeros((0, values.shape[1]), np.float32)
    starts = np.searchsorted(rows[order], np.arange(count))
    sums = np.add.reduceat(values[order].astype(np.float64), starts, axis=0)
    sizes = np.bincount(rows[order], minlength=count)
    return (sums / sizes[:, None]).astype(np.float32)


def unit_classes(
    classes: np.ndarray, rows: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The class (count,) uint8 that most rows of each unit have, ties to the lowest, and their
    share (count,) float32. classes (N,) uint8, rows (N,) as for `unit_means`."""
    inside = rows >= 0
    pairs = np.bincount(rows[inside].astype(np.int64) << 8 | classes[inside], minlength=count << 8)
    counts = pairs.reshape(count, 256)
    best = counts.argmax(axis=1)
    share = counts[np.arange(count), best] / np.maximum(counts.sum(axis=1), 1)
    return best.astype(np.uint8), share.astype(np.float32)
