"""The colours that a point file may hold, by the names of its columns."""

from __future__ import annotations

import numpy as np

from core.data.clouds.columns import Columns, plain_name

_APART = (
    ("red", "green", "blue"),
    ("r", "g", "b"),
    ("diffuse_red", "diffuse_green", "diffuse_blue"),
)
_PACKED = ("rgb", "rgba")  # blue in the lowest byte, as pcl writes it


def rgb_of(columns: Columns) -> np.ndarray | None:
    """(N, 3) uint8 red, green, blue of the points, None where the file has none, or one grey for
    all. Numbers up to 1 in floats are shares, whole ones above 255 of sixteen bits."""
    there = {
        plain_name(name): array for name, array in zip(columns.names, columns.arrays, strict=True)
    }
    found = None
    for names in _APART:
        if all(name in there and there[name].ndim == 1 for name in names):
            found = _eight_bits(np.column_stack([there[name] for name in names]))
            break
    else:
        packed = next((there[name] for name in _PACKED if name in there), None)
        if packed is not None and packed.ndim == 1:
            little = _four_bytes(packed)
            found = little.view(np.uint8).reshape(-1, 4)[:, 2::-1] if little is not None else None
    return found if found is not None and len(found) and np.ptp(found) else None


def _four_bytes(packed: np.ndarray) -> np.ndarray | None:
    """Packed colours as the four bytes they are, None for numbers that are none. As text a float32
    has its bits (2.3e-38) or, by an older pcl, is the whole number that they are (4.2108e+06)."""
    if packed.dtype.itemsize == 4:
        return packed.astype(packed.dtype.newbyteorder("<"))
    if packed.dtype != np.float64:
        return None
    values = np.where(np.isfinite(packed), packed, 0.0)
    if ((values == np.rint(values)) & (values >= 0) & (values <= 0xFFFFFFFF)).all():
        return values.astype("<u4")
    with np.errstate(over="ignore"):
        return values.astype("<f4")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0))
    if values.dtype.kind == "f" and top <= 1:
        values = values * 255
    elif top > 255:
        values = values / 257
    return np.clip(values, 0, 255).round().astype(np.uint8)
