"""Label files of other programs: .label, lidarseg .bin, panoptic .npz, .npy, LAS classification,
.ply and .pcd."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from core.base.bounded import map_npy
from core.base.errors import DataError
from core.data.clouds import las, read
from core.data.formats.nuscenes_panoptic import SUFFIX as PANOPTIC
from core.data.formats.nuscenes_panoptic import read_panoptic
from core.data.formats.raw import read_columns
from core.exchange.raw_labels import MOST_CLASS

SUFFIXES = (".label", "_lidarseg.bin", PANOPTIC, ".bin", ".npy", ".las", ".laz", ".ply", ".pcd")
# Columns of points with their classes; CloudCompare puts scalar_ before a name and writes floats.
_CLASS = re.compile(r"(scalar_)?(class|class_id|classification|label)", re.IGNORECASE)
_INSTANCE = re.compile(r"(scalar_)?(instance|instance_id)", re.IGNORECASE)
_BIN_FOLDERS = ("labels", "lidarseg")  # .bin of any other place holds points


def is_label_file(path: Path) -> bool:
    """Whether a file with one of SUFFIXES may hold labels, by its name alone."""
    if path.name.endswith("_lidarseg.bin") or path.suffix.lower() != ".bin":
        return True
    return path.parent.name.lower() in _BIN_FOLDERS


def read_labels(path: Path) -> np.ndarray:
    """(N,) uint32 labels of a file, the class in the low 16 bits, the instance in the high ones.

    Raises DataError where the file holds no labels.
    """
    kind = path.suffix.lower()
    if kind == ".label":
        found = read_columns(path, 1, "<u4")[:, 0]
    elif kind == ".bin":
        found = read_columns(path, 1, "u1")[:, 0]
    elif kind == ".npz":
        found = read_panoptic(path)
    elif kind == ".npy":
        found = _of_numpy(path)
    elif kind in (".ply", ".pcd"):
        found = _of_columns(path)
    else:
        found = _of_las(path)
    return as_labels(found, str(path))


def as_labels(found: object, where: str) -> np.ndarray:
    """(N,) uint32 labels of what a file or an installed format gave. Raises DataError where it is
    anything but whole numbers, one for each point."""
    labels = np.asarray(found)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise DataError(
            f"{where} holds {labels.shape} {labels.dtype}, which are no labels.",
            "Bring one whole number for each point of the scan.",
        )
    if len(labels) and (int(labels.min()) < 0 or int(labels.max()) > 0xFFFFFFFF):
        raise DataError(
            f"{where} holds the label {int(labels.min() if labels.min() < 0 else labels.max())}.",
            "Labels are 0 and more, the class in the low 16 bits, the instance in the high ones.",
        )
    return labels.astype(np.uint32)


def _of_numpy(path: Path) -> np.ndarray:
    try:
        # As a map: a header that promises more than the file holds is refused, not believed.
        return np.array(map_npy(path))
    except Exception as error:  # of a damaged header numpy raises several kinds
        raise _unreadable(path, error) from error


def _of_columns(path: Path) -> np.ndarray:
    """The class, and the instance where there is one, of points that have them as columns."""
    columns = read(path)
    by_name = dict(zip(columns.names, columns.arrays, strict=True))
    classes = [array for name, array in by_name.items() if _CLASS.fullmatch(name)]
    instances = [array for name, array in by_name.items() if _INSTANCE.fullmatch(name)]
    if len(classes) != 1 or len(instances) > 1:
        raise DataError(
            f"{path} has {len(classes)} columns of classes among {', '.join(columns.names)}.",
            "Bring one column called class, classification or label.",
        )
    both = [_whole(array, path) for array in (*classes, *instances)]
    return both[0] | both[1] << np.uint32(16) if instances else both[0]


def _whole(array: np.ndarray, path: Path) -> np.ndarray:
    """(N,) uint32 of numbers that are whole, whatever they are written as."""
    numbers = array.astype(np.float64)
    if numbers.ndim != 1 or not ((numbers >= 0) & (numbers <= MOST_CLASS)).all():
        raise DataError(
            f"{path} has classes or instances that are no numbers from 0 to {MOST_CLASS:,}.",
            "Bring one whole number for each point.",
        )
    if (numbers != np.floor(numbers)).any():
        raise DataError(f"{path} has classes that are no whole numbers.", "Bring whole ones.")
    return numbers.astype(np.uint32)


def _of_las(path: Path) -> np.ndarray:
    """Classification, or the extra dimension class_id where there is one, and instance."""
    found = las.labels(path)
    return np.zeros(las.count(path), np.uint32) if found is None else found


def _unreadable(path: Path, why: object) -> DataError:
    return DataError(f"{path} cannot be read: {why}.", "Bring the whole file.")
