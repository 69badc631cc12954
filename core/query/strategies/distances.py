"""Eq. 3 of BaSAL: how far a unit's feature is from all labelled ones."""

from __future__ import annotations

import numpy as np

from core.base.jobs import Job

_ROWS = 1024  # of a block, which stays in the cache
_COLUMNS = 1024
_HELD = 1 << 16  # labelled rows in memory at a time


def sum_of_distances(
    features: np.ndarray,
    rows: np.ndarray,
    labelled: np.ndarray,
    *,
    job: Job | None = None,
    text: str = "distances",
) -> np.ndarray:
    """(n,) float64: for each of `rows` (n,) of features (U, F) the sum of Euclidean distances to
    the rows `labelled` (m,); zeros where m is 0. The job is told of it as the stage `text`.

    By |a - b|² = |a|² + |b|² - 2ab in float64, both centred on the labelled mean, in blocks: what
    is held beside the result does not grow with n or m, and features may be mapped into memory.
    """
    total = np.zeros(len(rows))
    if not len(labelled) or not len(rows):
        return total
    from core.query.strategies.root_sums import add_root_sums

    job = job or Job()
    width = features.shape[1]
    mean = np.zeros(width)
    for first in range(0, len(labelled), _HELD):
        mean += features[labelled[first : first + _HELD]].sum(axis=0, dtype=np.float64)
    mean /= len(labelled)
    block = np.empty((_ROWS, _COLUMNS))
    left = np.empty((_ROWS, width + 1))
    left[:, -1] = 1  # this column makes the product -2ab + |b|² in one go
    done, steps = 0, -(-len(labelled) // _HELD) * -(-len(rows) // _ROWS)
    for first in range(0, len(labelled), _HELD):
        others = features[labelled[first : first + _HELD]] - mean
        right = np.vstack([others.T * -2, np.einsum("ij,ij->i", others, others)])
        for start in range(0, len(rows), _ROWS):
            job.progress(done, steps, text)
            done += 1
            part = features[rows[start : start + _ROWS]] - mean
            left[: len(part), :-1] = part
            own = np.einsum("ij,ij->i", part, part)
            sums = total[start : start + _ROWS]
            for column in range(0, right.shape[1], _COLUMNS):
                tile = right[:, column : column + _COLUMNS]
                # A tile of fewer columns is another array: its rows must lie close together.
                out = block.reshape(-1)[: len(part) * tile.shape[1]].reshape(len(part), -1)
                add_root_sums(np.matmul(left[: len(part)], tile, out=out), own, sums)
    job.progress(steps, steps, text)
    return total
