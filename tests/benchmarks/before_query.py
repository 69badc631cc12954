"""Eq. 3 as it was before it was done in tiles: the reference of the benchmark."""

from __future__ import annotations

import numpy as np

_CHUNK = 1024


def sum_of_distances(features: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """(n,) float64: for each row of features (n, F) the sum of Euclidean distances to the rows of
    `labelled` (m, F); zeros where m is 0.

    By |a - b|² = |a|² + |b|² - 2ab in float64, both centred on the labelled mean, in chunks:
    the (n, m) matrix never exists.
    """
    total = np.zeros(len(features))
    if not len(labelled) or not len(features):
        return total
    mean = labelled.mean(axis=0, dtype=np.float64)
    others = labelled - mean
    # One more column on each side makes the product -2ab + |b|² in one go.
    right = np.vstack([others.T * -2, np.einsum("ij,ij->i", others, others)])
    block = np.empty((min(_CHUNK, len(features)), len(labelled)))
    left = np.empty((len(block), right.shape[0]))
    for start in range(0, len(features), _CHUNK):
        part = features[start : start + _CHUNK] - mean
        left[: len(part), :-1] = part
        left[: len(part), -1] = 1
        square = np.matmul(left[: len(part)], right, out=block[: len(part)])
        square += np.einsum("ij,ij->i", part, part)[:, None]
        np.maximum(square, 0, out=square)
        np.sqrt(square, out=square)
        square.sum(axis=1, out=total[start : start + _CHUNK])
    return total
