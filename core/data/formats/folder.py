"""A plain folder of .bin, .npy, .pcd or .ply scans; sub-folders are sequences, "." the folder.

.bin holds float32 x, y, z, intensity; .npy (N, 3) or (N, 4) numbers; .pcd and .ply are read by
open3d, intensity where there is an attribute of that name.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.formats.format import Format
from core.data.formats.raw import file_size, read_columns

SUFFIXES = (".bin", ".npy", ".pcd", ".ply")


class Folder(Format):
    """Scans without labels; the class list is the user's."""

    name = "folder"
    layout = "*.bin, *.npy, *.pcd or *.ply, in the folder or one below"

    def sequences(self, root: Path) -> tuple[str, ...]:
        folders = [root, *sorted(p for p in root.iterdir() if p.is_dir())] if root.is_dir() else []
        return tuple("." if folder == root else folder.name for folder in folders if _files(folder))

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        prefix = "" if sequence == "." else f"{sequence}/"
        files = _files(root / sequence)
        stems = [file.stem for file in files]
        twice = (
            {stem for stem in stems if stems.count(stem) > 1}
            if len(set(stems)) < len(stems)
            else ()
        )
        if twice:
            raise DataError(
                f"Two files below {root / sequence} are called {min(twice)}.",
                "Keep one of them: scans are named without their suffix.",
            )
        return tuple(sorted(f"{prefix}{stem}" for stem in stems))

    def path(self, root: Path, scan: str) -> Path:
        for suffix in SUFFIXES:
            if (root / f"{scan}{suffix}").exists():
                return root / f"{scan}{suffix}"
        return root / f"{scan}{SUFFIXES[0]}"

    def count(self, root: Path, scan: str) -> int:
        path = self.path(root, scan)
        return file_size(path) // 16 if path.suffix == ".bin" else len(self.points(root, scan))

    def points(self, root: Path, scan: str) -> np.ndarray:
        path = self.path(root, scan)
        if path.suffix == ".bin":
            return read_columns(path, 4)
        return _from_numpy(path) if path.suffix == ".npy" else _from_open3d(path)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)


def _from_numpy(path: Path) -> np.ndarray:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read: {error}.", "Bring the whole file.") from error
    if values.ndim != 2 or values.shape[1] not in (3, 4):
        raise DataError(
            f"{path} has the shape {values.shape}.", "Save (N, 3) x y z or (N, 4) with intensity."
        )
    return _four(values)


def _from_open3d(path: Path) -> np.ndarray:
    import open3d

    file_size(path)
    with open3d.utility.VerbosityContextManager(open3d.utility.VerbosityLevel.Error):
        cloud = open3d.t.io.read_point_cloud(path)
    if "positions" not in cloud.point:
        raise DataError(f"{path} holds no points that open3d can read.", "Bring the whole file.")
    columns = [cloud.point.positions.numpy()]
    columns += [cloud.point[name].numpy() for name in ("intensity",) if name in cloud.point]
    return _four(np.hstack(columns))


def _four(values: np.ndarray) -> np.ndarray:
    """Return (N, 4) float32; a missing intensity is 0."""
    points = np.zeros((len(values), 4), np.float32)
    points[:, : values.shape[1]] = values
    return points
