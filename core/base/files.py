"""Files that are whole or absent: atomic writes, content hashes, the one-writer lock."""

from __future__ import annotations

import contextlib
import errno
import getpass
import hashlib
import json
import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, get_args, get_origin

import filelock
import numpy as np

from core.base.bounded import MOST_TEXT, map_npy, read_archive, read_whole
from core.base.errors import DataError, LockedError, ProjectError, StorageError

_CHUNK_BYTES = 1 << 20
_RESTORE = "Restore it from a copy of the project."
_MAKE_AGAIN = "Delete it and do the step that makes it again, or restore it from a copy."
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
# Of a stored array: its dtype and its axes, a character each. A digit is the axis's length; a
# letter stands for a length that is the same wherever it occurs. ("f4", "U3") is (U, 3) float32.
Column = tuple[Any, str]


def storage_error(path: Path, error: OSError) -> StorageError:
    """Turn an OSError of a write into the sentence a person needs."""
    name = path.name
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            f"No space is left on the disk for {name} in {path.parent}.",
            "Free some space, then do the step again; everything saved before is intact.",
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StorageError(
            f"{name} cannot be written: {path.parent} is read-only for you.",
            "Change the folder's permissions or copy the project to a folder of your own.",
        )
    return StorageError(
        f"Writing {name} in {path.parent} failed: {error.strerror or error}.",
        "Check the disk, then do the step again; everything saved before is intact.",
    )


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that the file is the old one or the new one, never a part.

    Temporary name beside it, fsync, rename, fsync of the folder. Raises StorageError.
    """
    write_pieces(path, [data])


def write_pieces(
    path: Path, pieces: Iterable[bytes], *, before: Callable[[str], object] = lambda _: None
) -> str:
    """Write pieces one after another to `path`, as `write_atomic` does, with one of them in memory;
    return the hash of them all, as `hash_file` has it. `before` is called with that hash when all
    is written and has not its name yet. Raises StorageError."""
    digest = hashlib.blake2b(digest_size=16)
    name = os.fsencode(path.name)
    # A name may be as long as a file system allows: the temporary one is not to be longer.
    short = path.name if len(name) < 220 else hashlib.blake2b(name, digest_size=16).hexdigest()
    temporary = path.with_name(f".{short}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            for piece in pieces:
                digest.update(piece)
                _write_all(handle, piece)
            os.fsync(handle)
        finally:
            os.close(handle)
        before(digest.hexdigest())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException as error:  # what makes the pieces may fail, or be cancelled
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise storage_error(path, error) from error
        raise
    return digest.hexdigest()


def append_line(path: Path, text: str) -> None:
    """Add a line to a text file, whole where nothing but the process ends. Raises StorageError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            _write_all(handle, f"{text}\n".encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise storage_error(path, error) from error


def settle(built: Path, path: Path) -> None:
    """Give a file that was built beside its place its name, for good. Raises StorageError."""
    try:
        os.replace(built, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise storage_error(path, error) from error


def _write_all(handle: int, data: bytes | bytearray) -> None:
    with memoryview(data) as whole:
        done = 0
        while done < len(whole):
            done += os.write(handle, whole[done:])


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is durable by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented UTF-8 JSON, atomically."""
    write_atomic(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


def read_json(path: Path, *, do: str = _RESTORE, **members: Any) -> Any:
    """Read a JSON file; `members` names those that an object must have, with the type of each.

    Types are such as int, list[str] or dict[str, Any]. Raises ProjectError, with `do`, where it is
    missing, damaged or holds something else.
    """
    try:
        text = read_whole(path, MOST_TEXT)
        value = json.loads(text)
        if _SURROGATE.search(text):  # half a character cannot be written again
            json.dumps(value, ensure_ascii=False).encode()
    except FileNotFoundError as error:
        raise ProjectError(f"{path.name} is missing in {path.parent}.", do) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectError(f"{path} cannot be read: {error}.", do) from error
    for name, kind in members.items():
        if not isinstance(value, dict) or not _is(value.get(name), kind):
            raise ProjectError(f"{path} is damaged: it has no usable value for {name}.", do)
    return value


def _is(value: Any, kind: Any) -> bool:
    """Whether a JSON value is of a type, its members too."""
    if kind is Any:
        return True
    if not isinstance(value, get_origin(kind) or kind):
        return False
    if isinstance(value, bool) and kind is not bool:  # which to Python is a number
        return False
    inside = value.values() if isinstance(value, dict) else value
    return all(_is(item, get_args(kind)[-1]) for item in inside) if get_args(kind) else True


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], *, compress: bool = True) -> None:
    """Write named arrays as one .npz, atomically; equal arrays give equal bytes."""
    buffer = BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, allow_pickle=False, **arrays)
    write_atomic(path, buffer.getvalue())


def read_arrays(
    path: Path,
    columns: Mapping[str, Column],
    *,
    optional: Mapping[str, Column] | None = None,
    do: str = _MAKE_AGAIN,
    **lengths: int,
) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz that `columns` names, and of those `optional` ones that are there;
    the lengths of its letters may be given.

    Raises ProjectError, with `do`, where the file is missing or damaged or an array is another.
    """
    known = {**columns, **(optional or {})}

    def check(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        _check(path, name, shape, dtype, known[name], lengths, do)

    try:
        arrays = read_archive(
            path, lambda there: [*columns, *(n for n in optional or () if n in there)], check
        )
    except ProjectError:
        raise
    except Exception as error:  # zipfile, zlib and numpy each raise their own kinds
        raise ProjectError(f"{path} cannot be read: {error}.", do) from error
    return {  # of no values numpy knows no dtype
        name: array if array.size else array.astype(known[name][0])
        for name, array in arrays.items()
    }


def write_array(path: Path, array: np.ndarray) -> None:
    """Write one array as .npy, atomically, for `map_array` to read."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_atomic(path, buffer.getvalue())


def map_array(path: Path, column: Column, *, do: str = _MAKE_AGAIN, **lengths: int) -> np.ndarray:
    """Map an .npy file into memory, read only: what is not looked at is not read.

    Raises ProjectError, with `do`, where it is missing or damaged or another array.
    """
    try:
        array = map_npy(path)
    except Exception as error:  # of a damaged header Python raises several kinds
        raise ProjectError(f"{path} cannot be read: {error}.", do) from error
    _check(path, path.stem, array.shape, array.dtype, column, lengths, do)
    return array if array.size else array.astype(column[0])


def _check(
    path: Path,
    name: str,
    shape: tuple[int, ...],
    found: np.dtype[Any],
    column: Column,
    lengths: dict[str, int],
    do: str,
) -> None:
    """Raise ProjectError where an array is not what its column says; lengths not known yet are
    added to `lengths`."""
    dtype, axes = np.dtype(column[0]), column[1]
    alike = found.kind == "U" if dtype.kind == "U" else found == dtype
    alike = alike or 0 in shape
    wanted = [
        int(axis) if axis.isdecimal() else lengths.setdefault(axis, length)
        for axis, length in zip(axes, shape, strict=False)
    ]
    if not alike or len(axes) != len(shape) or wanted != list(shape):
        needed = ", ".join(str(length) for length in wanted + list(axes[len(wanted) :]))
        raise ProjectError(
            f"{path} is damaged: {name} is {shape} {found}, not ({needed}) {dtype}.", do
        )


def write_columns(
    folder: Path,
    columns: Mapping[str, tuple[Any, tuple[int, ...]]],
    pieces: Iterable[Mapping[str, np.ndarray]],
    label: Path,
    value: Any,
) -> None:
    """Write arrays too large for memory, `folder`/<name>.npy each, for `map_array` to read.

    `columns` gives dtype and shape; `pieces` hold the next rows of each. The JSON file `label`,
    which says `value`, is removed before the first array is replaced and written after the last:
    where it stands, all are whole. Equal pieces give equal bytes. Raises StorageError.
    """
    with contextlib.ExitStack() as open_files:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            writers = {
                name: open_files.enter_context(_ArrayWriter(folder / f"{name}.npy", *column))
                for name, column in columns.items()
            }
            for piece in pieces:
                for name, writer in writers.items():
                    writer.append(piece[name])
            for writer in writers.values():
                writer.finish()
            label.unlink(missing_ok=True)
            _sync_folder(label.parent)
            for writer in writers.values():
                os.replace(writer.temporary, writer.path)
            _sync_folder(folder)
        except OSError as error:
            raise storage_error(folder, error) from error
    write_json(label, value)


class _ArrayWriter:
    """Writes one .npy from front to back under a temporary name, which it removes at the end.

    Not through a map: where the disk is full, that ends the process without a word.
    """

    def __init__(self, path: Path, dtype: Any, shape: tuple[int, ...]) -> None:
        self.path = path
        self.temporary = path.with_name(f".{path.name}.tmp")
        self._dtype, self._shape, self._rows = np.dtype(dtype), shape, 0
        header = BytesIO()
        about = {"descr": self._dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, about)
        self._waiting = bytearray(header.getvalue())

    def __enter__(self) -> _ArrayWriter:
        self._file: int | None = os.open(
            self.temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        with contextlib.suppress(OSError):
            self.temporary.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def append(self, rows: np.ndarray) -> None:
        assert (rows.dtype, rows.shape[1:]) == (self._dtype, self._shape[1:])
        self._rows += len(rows)
        self._waiting += rows.tobytes()
        if len(self._waiting) >= _CHUNK_BYTES:
            self._flush()

    def _flush(self) -> None:
        assert self._file is not None
        _write_all(self._file, self._waiting)
        self._waiting.clear()

    def finish(self) -> None:
        """All rows are there: see to it that they are on the disk."""
        assert self._rows == self._shape[0]
        self._flush()
        assert self._file is not None
        os.fsync(self._file)
        self._close()


def hash_file(path: Path) -> str:
    """BLAKE2b (16 bytes, hex) of a file's content."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def hash_input(path: Path) -> str:
    """As `hash_file` has it, of a file that a step was given or made before. Raises DataError."""
    try:
        return hash_file(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}.",
            "Bring the file back, then do the step again.",
        ) from error


def hash_bytes(data: bytes) -> str:
    """As `hash_file` has it."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def hash_json(value: Any) -> str:
    """BLAKE2b (16 bytes, hex) of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold `folder` for writing; the operating system frees it if the process dies.

    Raises LockedError that says who holds it, StorageError where the folder cannot be written.
    """
    lock = filelock.FileLock(folder / ".lock")
    holder = folder / ".lock.holder"
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        who = "another program"
        with contextlib.suppress(OSError):
            who = holder.read_text(encoding="utf-8").strip() or who
        raise LockedError(
            f"{folder.name} is open in {who}.",
            "Close it there, or open it here for reading only.",
        ) from error
    except OSError as error:
        raise storage_error(folder / ".lock", error) from error
    try:
        me = f"another window (process {os.getpid()} of {getpass.getuser()} on "
        write_atomic(holder, f"{me}{socket.gethostname()})\n".encode())
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def is_network_disk(folder: Path) -> bool:
    """Whether `folder` lies on a network file system (Linux; elsewhere assumed local)."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    place = folder.resolve()
    best, kind = "", ""
    for line in mounts:
        _, point, found, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if len(point) >= len(best) and place.is_relative_to(point):
            best, kind = point, found
    return kind.startswith(("nfs", "cifs", "smb", "fuse.sshfs", "9p", "ceph"))
