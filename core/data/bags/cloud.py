"""sensor_msgs/PointCloud2 of any layout: named columns, its sizes held against its data.

Fields may lie anywhere in a point, overlap, and have several numbers; rows may be padded; a message
may be of either byte order, and organised (ros.org, sensor_msgs/PointCloud2 and PointField).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.data.clouds.columns import Columns
from core.data.clouds.source import wrong

_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}
_DO = "Leave the scan out, or record it again."


def columns_of(message: Any, path: Path) -> Columns:
    """The columns of a message; `path` is what sentences call it. Raises DataError where its sizes
    cannot be."""
    width, height, step = int(message.width), int(message.height), int(message.point_step)
    row, data = int(message.row_step), message.data
    order = ">" if message.is_bigendian else "<"
    names, kinds, offsets = [], [], []
    for field in message.fields:
        kind = _TYPES.get(field.datatype)
        if kind is None:
            raise wrong(path, f"has a field {field.name} of type {field.datatype}", _DO)
        count = max(int(field.count), 1)  # some drivers write 0 for 1
        size = np.dtype(kind).itemsize * count
        if field.offset + size > step:
            raise wrong(
                path,
                f"says that {field.name} ends at byte {field.offset + size:,} of a point of "
                f"{step:,} bytes",
                _DO,
            )
        names.append(field.name)
        kinds.append((order + kind, (count,)) if count > 1 else order + kind)
        offsets.append(int(field.offset))
    if height < 2:
        row = width * step
    elif row < width * step:
        raise wrong(path, f"has rows of {row:,} bytes for {width:,} points of {step:,} bytes", _DO)
    # The padding of the last row may be missing.
    least, most = (height - 1) * row + width * step if height else 0, height * row
    if not least <= len(data) <= max(most, least):
        raise wrong(
            path,
            f"says {width:,} x {height:,} points of {step:,} bytes, and has {len(data):,} bytes",
            _DO,
        )
    kept = [f"f{at}" for at in range(len(names))]
    if not names or not width * height:
        return Columns(path, tuple(names), tuple(np.zeros(0, np.float32) for _ in names))
    point = np.dtype({"names": kept, "formats": kinds, "offsets": offsets, "itemsize": step})
    points = np.ndarray((height, width), point, data, strides=(row, step)).reshape(-1)
    return Columns(path, tuple(names), tuple(points[name] for name in kept))
