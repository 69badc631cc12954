"""The sum of square roots along rows, in one compiled pass over a block."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, fastmath={"reassoc", "nsz"}, error_model="numpy")
def add_root_sums(block, own, total):
    """total[i] += Σ over j of √max(block[i, j] + own[i], 0); block (n, m), own, total (n,) float64.

    The order of a row's sum is the machine's, and always the same on it.
    """
    for i in range(block.shape[0]):
        found = 0.0
        for j in range(block.shape[1]):
            found += np.sqrt(max(block[i, j] + own[i], 0.0))
        total[i] += found
