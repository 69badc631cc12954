"""Files of others, read within bounds: a pipe never waits, and what inflates is known to fit before
it is unpacked.
"""

from __future__ import annotations

import ast
import errno
import math
import os
import stat
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any, BinaryIO, cast

import numpy as np

MOST_TEXT = 1 << 29  # bytes of a JSON file: a query of some million items
MOST_TABLE = 1 << 32  # of a dataset: nuScenes names three million sweeps in 1.3 GB
MOST_TOML = 1 << 24
MOST_NAME = 1 << 12
MOST_INFLATED = 1 << 29  # bytes of one array that is stored in fewer
_MOST_HEADER = 1 << 16
_MOST_TRIES = 10
_PARSING = Lock()

Check = Callable[[str, tuple[int, ...], np.dtype[Any]], None]


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading. Raises OSError where it is none: a pipe would wait for
    ever, and a device never end."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return cast(BinaryIO, os.fdopen(handle, "rb"))
    kind = stat.S_ISDIR(os.fstat(handle).st_mode)
    os.close(handle)
    raise OSError(errno.EINVAL, "it is a folder" if kind else "it is a pipe or a device, no file")


def read_whole(path: Path, most: int) -> bytes:
    """The content of a regular file. Raises OSError where it is none, or has more than `most`
    bytes."""
    with open_file(path) as file:
        # A buffer is made of what is asked for: not of all that the file might have.
        size, pieces, left = os.fstat(file.fileno()).st_size, [], most + 1
        left = 0 if size > most else left
        while left and (piece := file.read(min(size + 1, left))):
            pieces.append(piece)
            left -= len(piece)
    if not left:
        raise OSError(errno.EFBIG, f"it has more than the {most:,} bytes that it can have")
    return b"".join(pieces)


def read_archive(
    path: Path, wanted: Callable[[list[str]], list[str]], check: Check
) -> dict[str, Any]:
    """Arrays of an .npz: of the names that are there, those that `wanted` picks.

    `check(name, shape, dtype)` raises for an array that is not what it should be; then none of its
    values were unpacked. Raises KeyError for a name that is not there, OSError, ValueError, and
    what zipfile raises for a damaged archive.
    """
    with open_file(path) as file, zipfile.ZipFile(file) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        found = {}
        for name in wanted(names):
            with archive.open(f"{name}.npy") as member:
                shape, fortran, dtype = npy_header(member)
                check(name, shape, dtype)
                count = math.prod(shape)
                size = count * dtype.itemsize
                if size > max(MOST_INFLATED, archive.getinfo(f"{name}.npy").compress_size):
                    raise ValueError(f"{name} would take {size:,} bytes")
                data = member.read(size + 1)
            if len(data) != size:
                raise ValueError(f"{name} is not {size:,} bytes, as it says")
            array = np.frombuffer(data, dtype, count)
            found[name] = array.reshape(shape, order="F" if fortran else "C").copy()
    return found


def npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether Fortran's order, and dtype of an .npy, which is read up to its values.

    Read here, since numpy warns on the terminal where it repairs a header. Raises ValueError, and
    what Python raises for a literal that is none.
    """
    start = file.read(8)
    if start[:6] != b"\x93NUMPY" or start[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise ValueError("it is no .npy of a version that is known")
    length = int.from_bytes(file.read(2 if start[6] == 1 else 4), "little")
    text = file.read(min(length, _MOST_HEADER + 1))
    if len(text) != length or b"\\" in text:
        raise ValueError("its header is damaged")
    said = literal(text.decode("latin-1" if start[6] < 3 else "utf-8").strip())
    if not isinstance(said, dict) or said.keys() != {"descr", "fortran_order", "shape"}:
        raise ValueError("its header names other things than an array's")
    shape, fortran = said["shape"], said["fortran_order"]
    whole = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    if not whole or not isinstance(fortran, bool):
        raise ValueError(f"it has the shape {shape!r}")
    dtype: np.dtype[Any] = np.lib.format.descr_to_dtype(said["descr"])
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    return shape, fortran, dtype


def literal(text: str) -> Any:
    """The value of a Python literal. Raises as ast.literal_eval does.

    Before 3.11.8 threads that parse at once may each be refused a good text with a SystemError
    (CPython gh-106905), whether or not the others parse here: it is asked again.
    """
    with _PARSING:
        for _ in range(_MOST_TRIES - 1):
            with suppress(SystemError):
                return ast.literal_eval(text)
        return ast.literal_eval(text)


def map_npy(path: Path) -> np.ndarray:
    """The array of an .npy, mapped into memory and read only. Raises as `npy_header` does, and
    OSError; ValueError where the file holds less than its header says."""
    with open_file(path) as file:
        shape, fortran, dtype = npy_header(file)
        offset = file.tell()
    if not math.prod(shape) * dtype.itemsize:
        return np.empty(shape, dtype)
    order: Any = "F" if fortran else "C"
    # As a plain array: what is picked from a memmap would be one too, without a file.
    return np.asarray(np.memmap(path, dtype, "r", offset, shape, order))
