"""LZF, the compression of .pcd: runs of literal bytes and copies of what came before.

The format is that of liblzf (Marc Lehmann), as pcl/io/lzf.h has it. Loading this loads numba.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def inflate(packed: np.ndarray, out: np.ndarray) -> bool:
    """Fill `out` (uint8) from `packed` (uint8); return whether both end together.

    Nothing is read or written outside either, whatever `packed` holds.
    """
    i, o = np.int64(0), np.int64(0)
    while i < packed.size:
        control = np.int64(packed[i])
        i += 1
        if control < 32:
            length = control + 1
            if i + length > packed.size or o + length > out.size:
                return False
            for k in range(length):
                out[o + k] = packed[i + k]
            i += length
        else:
            length = control >> 5
            if length == 7:
                if i >= packed.size:
                    return False
                length += np.int64(packed[i])
                i += 1
            length += 2
            if i >= packed.size:
                return False
            start = o - ((control & 31) << 8) - np.int64(packed[i]) - 1
            i += 1
            if start < 0 or o + length > out.size:
                return False
            for k in range(length):  # byte for byte: a copy may read what it wrote
                out[o + k] = out[start + k]
        o += length
    return bool(o == out.size)
