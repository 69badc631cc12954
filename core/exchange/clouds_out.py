"""Points and labels in one file: .ply and .pcd coloured by class, .las; and labels alone as .npy.

Coordinates are those of the source file, with all its digits: not turned to the rig, and without a
local origin taken off.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np

from core.base.errors import DataError, ProjectError
from core.data.classes import IGNORED, ClassList
from core.data.scans import Dataset
from core.exchange.raw_labels import classes_of

_GREY = (128, 128, 128)  # of points without a class
_PCD = {"f": "F", "u": "U"}
_LAS_STEP_M = 0.0001
_LAS_STEPS = 2_000_000_000  # from the middle; more do not fit in 32 bits
_LAS_MOST = 255  # of its classification


def npy(raw: np.ndarray) -> bytes:
    """Labels (N,) uint32 as a .npy file holds them."""
    buffer = BytesIO()
    np.save(buffer, raw.astype("<u4"), allow_pickle=False)
    return buffer.getvalue()


def ply(dataset: Dataset, scan: str, raw: np.ndarray, classes: ClassList) -> bytes:
    """A binary little-endian .ply: x, y, z as doubles, colour of the class, intensity, class (raw
    id) and instance of each point, in the order of the scan's rows."""
    points = _points(dataset, scan, len(raw))
    columns = [("x", "<f8"), ("y", "<f8"), ("z", "<f8")]
    columns += [("red", "u1"), ("green", "u1"), ("blue", "u1")]
    columns += [("intensity", "<f4"), ("class", "<u2"), ("instance", "<u2")]
    rows = np.zeros(len(raw), columns)
    for place, name in enumerate(("x", "y", "z", "intensity")):
        rows[name] = points[:, place]
    rows["class"], rows["instance"] = raw & 0xFFFF, raw >> 16
    colours = _colours(raw, classes)
    for place, name in enumerate(("red", "green", "blue")):
        rows[name] = colours[:, place]
    kinds = {"<f8": "double", "<f4": "float", "u1": "uchar", "<u2": "ushort"}
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(raw)}"]
    head += [f"property {kinds[kind]} {name}" for name, kind in columns]
    return "\n".join([*head, "end_header", ""]).encode() + rows.tobytes()


def pcd(dataset: Dataset, scan: str, raw: np.ndarray, classes: ClassList) -> bytes:
    """A binary .pcd 0.7: x, y, z as the source file has them (float32, or double where it has more
    digits), rgb of the class as PCL packs it in a float, intensity, class (raw id) and instance of
    each point, in the order of the scan's rows."""
    points = _points(dataset, scan, len(raw))
    place = "<f4" if points.dtype == np.float32 else "<f8"
    columns = [("x", place), ("y", place), ("z", place), ("rgb", "<u4")]
    columns += [("intensity", "<f4"), ("class", "<u2"), ("instance", "<u2")]
    rows = np.zeros(len(raw), columns)
    for at, name in enumerate(("x", "y", "z", "intensity")):
        rows[name] = points[:, at]
    rows["class"], rows["instance"] = raw & 0xFFFF, raw >> 16
    red, green, blue = _colours(raw, classes).astype(np.uint32).T
    rows["rgb"] = red << 16 | green << 8 | blue
    kinds = [("F", 4) if name == "rgb" else (_PCD[kind[1]], int(kind[2])) for name, kind in columns]
    head = ["# .PCD v0.7 - Point Cloud Data file format", "VERSION 0.7"]
    head += [f"FIELDS {' '.join(name for name, _ in columns)}"]
    head += [f"SIZE {' '.join(str(size) for _, size in kinds)}"]
    head += [f"TYPE {' '.join(kind for kind, _ in kinds)}", f"COUNT {' '.join('1' for _ in kinds)}"]
    head += [f"WIDTH {len(raw)}", "HEIGHT 1", "VIEWPOINT 0 0 0 1 0 0 0", f"POINTS {len(raw)}"]
    return "\n".join([*head, "DATA binary", ""]).encode() + rows.tobytes()


def las(dataset: Dataset, scan: str, raw: np.ndarray, classes: ClassList) -> bytes:
    """A .las file (1.4, point format 6) whose classification is the raw class of each point.

    Where an id is more than 255, an extra dimension "class_id" has the ids of all points, and the
    classification is no class for those; instances, where there are some, are in "instance". Points
    without finite coordinates, or too far away for the file's steps of 0.1 mm, are marked as
    withheld and lie in the middle, so that rows keep their places. Raises ProjectError where no id
    of a byte is left that is no class.
    """
    import laspy

    points = _points(dataset, scan, len(raw))
    xyz = points[:, :3].astype(np.float64)
    finite = np.isfinite(xyz).all(axis=1)
    middle = np.round(np.median(xyz[finite], axis=0)) if finite.any() else np.zeros(3)
    xyz[~finite] = middle
    step = _LAS_STEP_M / dataset.reading.metres
    good = finite & (np.abs(xyz - middle).max(axis=1) < _LAS_STEPS * step)
    xyz[~good] = middle
    ids, instance = raw & 0xFFFF, raw >> 16
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.offsets, header.scales = middle, np.full(3, step)
    if (ids > _LAS_MOST).any():
        header.add_extra_dim(laspy.ExtraBytesParams("class_id", "u2", "raw id of the class"))
    if instance.any():
        header.add_extra_dim(laspy.ExtraBytesParams("instance", "u2", "thing of its class"))
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = xyz.T
    strength = np.nan_to_num(dataset.normalised(points.astype(np.float32))[:, 3])
    cloud.intensity = np.round(np.clip(strength, 0, 1) * 65535).astype(np.uint16)
    if (ids > _LAS_MOST).any():
        ids = np.where(ids > _LAS_MOST, _no_class(classes), ids)
    cloud.classification = ids.astype(np.uint8)
    cloud.withheld = (~good).astype(np.uint8)
    if "class_id" in cloud.point_format.dimension_names:
        cloud["class_id"] = (raw & 0xFFFF).astype(np.uint16)
    if instance.any():
        cloud["instance"] = instance.astype(np.uint16)
    buffer = BytesIO()
    cloud.write(buffer)
    return buffer.getvalue()


def _no_class(classes: ClassList) -> int:
    """An id of a byte that is no class."""
    if classes.has_none and classes.none <= _LAS_MOST:
        return classes.none
    if classes.raw_to_class.get(0, IGNORED) == IGNORED:
        return 0
    raise ProjectError(
        f"A .las holds ids of classes up to {_LAS_MOST} where others look for them, and the class "
        f"list {classes.name} has larger ones.",
        "Export as ply, pcd, npy or label; or name one that is no class at the top of "
        "classes.toml, such as ignored = [255].",
    )


def _colours(raw: np.ndarray, classes: ClassList) -> np.ndarray:
    """(N, 3) uint8 colours of the classes of raw labels (N,)."""
    colours = np.full((256, 3), _GREY, np.uint8)
    colours[: len(classes)] = classes.colours
    found: np.ndarray = colours[classes.now[classes_of(raw, classes)]]
    return found


def _points(dataset: Dataset, scan: str, rows: int) -> np.ndarray:
    """(N, 4) coordinates and intensity as the source file has them."""
    points = dataset.format.points(dataset.root, scan)
    if points.ndim != 2 or points.shape[1] < 4 or len(points) != rows:
        raise DataError(
            f"Scan {scan} has {rows:,} labels, and its points are {points.shape}.",
            "Bring the file back as it was prepared.",
        )
    return points
