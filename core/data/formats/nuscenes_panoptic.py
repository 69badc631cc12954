"""nuScenes' panoptic labels (nuscenes.org/panoptic): class · 1000 + instance of each point, uint16,
as "data" in <token>_panoptic.npz. Here they are a label's: the instance in the high 16 bits.
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np

from core.base.bounded import npy_header
from core.base.errors import DataError, ProjectError
from core.data.clouds.source import file_size, wrong

SUFFIX = "_panoptic.npz"
MOST_INSTANCE = 999
_CLASSES, _MEMBER = 32, "data.npy"
_TIMES = 1000
_MOST_A_BYTE = 1032  # bytes that one of deflate can become
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day a zip file knows: equal labels, equal bytes


def panoptic_name(lidarseg: str) -> str:
    """Where the panoptic labels lie of a scan whose lidarseg labels have the name `lidarseg`."""
    parts = lidarseg.split("/")
    folder = max(at for at, part in enumerate(parts) if part == "lidarseg")
    parts[folder] = "panoptic"
    return "/".join(parts).removesuffix("_lidarseg.bin") + SUFFIX


def read_panoptic(path: Path) -> np.ndarray:
    """(N,) uint32 labels, the class in the low 16 bits, the instance in the high ones. Raises
    DataError."""
    numbers = _numbers(path)
    if numbers.ndim != 1 or numbers.dtype.kind not in "ui":
        raise wrong(path, f"holds {numbers.shape} {numbers.dtype}, not a number for each point")
    most = _CLASSES * _TIMES - 1
    if len(numbers) and (int(numbers.min()) < 0 or int(numbers.max()) > most):
        raise wrong(path, f"holds numbers that are not class x 1000 + instance, 0 to {most:,}")
    classes, instance = np.divmod(numbers.astype(np.uint32), np.uint32(_TIMES))
    found: np.ndarray = classes | instance << np.uint32(16)
    return found


def packed_panoptic(raw: np.ndarray, scan: str) -> bytes:
    """What a file holds for labels (N,) uint32. Raises ProjectError for one that does not fit."""
    classes, instance = raw & 0xFFFF, raw >> 16
    if classes.max(initial=0) >= _CLASSES or instance.max(initial=0) > MOST_INSTANCE:
        raise ProjectError(
            f"The labels of {scan} go up to the class {int(classes.max(initial=0)):,} and the "
            f"instance {int(instance.max(initial=0)):,}; nuScenes' panoptic labels hold 31 and "
            f"{MOST_INSTANCE}.",
            "Export fewer scans at a time, or with --as label.",
        )
    array, out = BytesIO(), BytesIO()
    np.save(array, (classes * _TIMES + instance).astype("<u2"), allow_pickle=False)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(_MEMBER, _EPOCH), array.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _numbers(path: Path) -> np.ndarray:
    size = file_size(path)
    try:
        with zipfile.ZipFile(path) as archive:
            about = archive.getinfo(_MEMBER)
            # Other ways to pack may ask for memory by what a header says.
            if about.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise wrong(path, f"is packed in a way ({about.compress_type}) that is not read")
            if about.file_size > size * _MOST_A_BYTE:
                raise wrong(path, f"says it holds {about.file_size:,} bytes, which it cannot")
            content = BytesIO(archive.read(about))
        shape, _, dtype = npy_header(content)
        return np.frombuffer(content.read(), dtype).reshape(shape)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # zipfile, zlib, numpy and ast each raise several kinds
        raise wrong(path, f"cannot be read: {str(error) or type(error).__name__:.200}") from error
