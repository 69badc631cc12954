"""Orders of large arrays by one sort of packed 64-bit numbers: the same as numpy's stable sorts.

A group, the bits of a float and the row share one number, so that equal ones cannot meet and no
stable sort is needed; where they do not fit, numpy's own does it.
"""

from __future__ import annotations

import numpy as np

_SIGN = np.uint32(1 << 31)


def order_by_group(group: np.ndarray, groups: int) -> np.ndarray:
    """(n,) int64, as np.argsort(group, kind="stable") gives it; group (n,) ints 0..groups-1."""
    row_bits = len(group).bit_length()
    if groups.bit_length() + row_bits > 63:
        return np.argsort(group, kind="stable")
    packed = group.astype(np.uint64) << np.uint64(row_bits) | np.arange(len(group), dtype=np.uint64)
    packed.sort()
    return _rows(packed, row_bits)


def order_by_group_and_value(group: np.ndarray, value: np.ndarray, groups: int) -> np.ndarray:
    """(n,) int64, as np.lexsort((value, group)) gives it; group (n,) ints 0..groups-1, value (n,)
    float32, no NaN."""
    row_bits = len(group).bit_length()
    if groups.bit_length() + 32 + row_bits > 64:
        return np.lexsort((value, group))
    packed = group.astype(np.uint64) << np.uint64(32 + row_bits)
    packed |= _ordered_bits(value).astype(np.uint64) << np.uint64(row_bits)
    packed |= np.arange(len(group), dtype=np.uint64)
    packed.sort()
    return _rows(packed, row_bits)


def sorted_in_groups(group: np.ndarray, value: np.ndarray, groups: int) -> np.ndarray:
    """(n,) float32 value by group, ascending in each; group and value as above, groups < 2³²."""
    packed = group.astype(np.uint64) << np.uint64(32) | _ordered_bits(value)
    packed.sort()
    bits = packed.astype(np.uint32)
    bits ^= np.where(bits & _SIGN, _SIGN, ~np.uint32(0))
    found: np.ndarray = bits.view(np.float32)
    return found


def unique_int32(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted unique values of (n,) int32 and each one's place among them (n,) int64, as
    np.unique(values, return_inverse=True) gives them; n < 2³²."""
    packed = (values.astype(np.int64) + (1 << 31)).astype(np.uint64) << np.uint64(32)
    packed |= np.arange(len(values), dtype=np.uint64)
    packed.sort()
    rows = _rows(packed, 32)
    ordered = values[rows]
    new = np.ones(len(values), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    places = np.empty(len(values), np.int64)
    places[rows] = np.cumsum(new) - 1
    return ordered[new], places


def _rows(packed: np.ndarray, bits: int) -> np.ndarray:
    packed &= np.uint64((1 << bits) - 1)
    return packed.view(np.int64)


def _ordered_bits(value: np.ndarray) -> np.ndarray:
    """(n,) uint32 in the order of the floats; 0 and -0 are equal, as they are to a sort."""
    bits = (value + np.float32(0)).view(np.uint32)
    bits ^= np.where(bits & _SIGN, ~np.uint32(0), _SIGN)
    return bits
