"""LAS and LAZ files as laspy writes them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import laspy
import numpy as np

FAR = (456_789.0, 5_428_123.0, 312.0)


def las(xyz: np.ndarray, *, format: int = 7, compress: bool = False, **columns: Any) -> bytes:
    """A file of points (N, 3) in steps of a millimetre; what no point format has becomes an extra
    dimension."""
    header = laspy.LasHeader(point_format=format, version="1.4" if format > 5 else "1.2")
    header.scales, header.offsets = np.full(3, 0.001), np.array(FAR)
    own = set(header.point_format.dimension_names)
    for name in columns.keys() - own:
        header.add_extra_dim(laspy.ExtraBytesParams(name, columns[name].dtype))
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = xyz.T
    for name, values in columns.items():
        cloud[name] = values
    buffer = BytesIO()
    cloud.write(buffer, do_compress=compress)
    return buffer.getvalue()


def some(count: int = 40, seed: int = 0) -> np.ndarray:
    """(count, 3) float64 around FAR, whole millimetres."""
    rng = np.random.default_rng(seed)
    return np.array(FAR) + rng.integers(-30_000, 30_000, (count, 3)) / 1000
