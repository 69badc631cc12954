"""Files that are whole or absent: atomic writes, content hashes, the one-writer lock."""

from __future__ import annotations

import contextlib
import errno
import getpass
import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from core.base.errors import LockedError, ProjectError, StorageError

_CHUNK_BYTES = 1 << 20


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
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise storage_error(path, error) from error


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


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises ProjectError where it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ProjectError(
            f"{path.name} is missing in {path.parent}.", "Restore it from a copy of the project."
        ) from error
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path} cannot be read: {error}.", "Restore it from a copy of the project."
        ) from error


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], *, compress: bool = True) -> None:
    """Write named arrays as one .npz, atomically; equal arrays give equal bytes."""
    buffer = BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, allow_pickle=False, **arrays)
    write_atomic(path, buffer.getvalue())


def read_arrays(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Read the arrays `names` of an .npz, all by default.

    Raises ProjectError where it is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names or arrays.files}
    except Exception as error:  # zipfile, zlib and numpy each raise their own kinds
        raise ProjectError(
            f"{path} cannot be read: {error}.",
            "Delete it and do the step that makes it again, or restore it from a copy.",
        ) from error


def write_array(path: Path, array: np.ndarray) -> None:
    """Write one array as .npy, atomically, for `map_array` to read."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_atomic(path, buffer.getvalue())


def map_array(path: Path) -> np.ndarray:
    """Map an .npy file into memory, read only: what is not looked at is not read.

    Raises ProjectError where it is missing or damaged.
    """
    try:
        mapped: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"{path} cannot be read: {error}.", "Prepare the project again to make it anew."
        ) from error


def hash_file(path: Path) -> str:
    """BLAKE2b (16 bytes, hex) of a file's content."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


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
