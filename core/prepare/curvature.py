"""How curved the surface is at a unit's points, as ReDAL (ICCV 2021) measures it; once a scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.base.executors import run_all
from core.base.files import map_array, read_arrays, write_array, write_arrays
from core.base.jobs import Job
from core.base.loading import loading
from core.data.made import file_of
from core.data.scans import Dataset
from core.prepare.units import Units, read_rows, rows_file

NEIGHBOURS, MOST = 51, 0.1  # itself among them; a row's curvature counts for no more
_FILE, _FOLDER = "curvature.npy", "curvature"
_MEASURE = "Run `lidarloop prepare --curvature` on the project."
_CHUNK = 16_384


def curvature_file(folder: Path) -> Path:
    """Where the units' curvature is kept, below units/<fingerprint>."""
    return folder / _FILE


def map_curvature(folder: Path, units: Units) -> np.ndarray:
    """(U,) float32 of all units, mapped into memory. Raises ProjectError where the file is missing
    or damaged."""
    return map_array(curvature_file(folder), (np.float32, "U"), do=_MEASURE, U=len(units))


def measure(
    dataset: Dataset,
    units: Units,
    folder: Path,
    job: Job,
    *,
    workers: int | None = None,
    cluster: str | None = None,
) -> None:
    """Measure all units of `folder`, units/<fingerprint>; a run that was stopped goes on."""
    tasks = {}
    for scan in units.scans:
        if not file_of(folder / _FOLDER, scan).exists():
            count = len(units.range_of(scan))
            tasks[scan] = (dataset, scan, str(rows_file(folder, scan, dataset)), count, str(folder))
    for _ in run_all(
        tasks, measure_to_file, workers=workers, cluster=cluster, job=job, text="curvature"
    ):
        pass
    parts = [
        read_arrays(file_of(folder / _FOLDER, scan), {"curvature": (np.float32, "u")}, do=_MEASURE)[
            "curvature"
        ]
        for scan in units.scans
    ]
    joined = np.concatenate([*parts, np.zeros(0, np.float32)])
    if len(joined) != len(units):
        raise ProjectError(f"{folder / _FOLDER} is of other units.", f"Delete it. {_MEASURE}")
    write_array(curvature_file(folder), joined)


def measure_to_file(dataset: Dataset, scan: str, rows: str, count: int, folder: str) -> None:
    """Measure one scan's units; what a worker runs."""
    xyz = dataset.scan(scan).points[:, :3]
    unit = read_rows(Path(rows), rows=len(xyz), units=count)
    inside = unit >= 0
    good = np.isfinite(xyz).all(axis=1)
    values = np.zeros(len(xyz))
    values[good] = curvature(xyz[good])
    total = np.bincount(unit[inside], values[inside], count)
    means = total / np.maximum(np.bincount(unit[inside], minlength=count), 1)
    write_arrays(file_of(Path(folder) / _FOLDER, scan), {"curvature": means.astype(np.float32)})


def curvature(xyz: np.ndarray) -> np.ndarray:
    """(n,) float64, 0 to 0.1, of points (n, 3): the smallest eigenvalue of the covariance of the 51
    nearest points, over the sum of all three; 0 where they are one place."""
    with loading:
        from scipy.spatial import cKDTree

    points = xyz.astype(np.float64)
    found = np.zeros(len(points))
    near = min(NEIGHBOURS, len(points))
    if near < 2:
        return found
    tree = cKDTree(points)
    for start in range(0, len(points), _CHUNK):
        mine = points[start : start + _CHUNK]
        around = points[tree.query(mine, near)[1]]
        around -= around.mean(axis=1, keepdims=True)
        values = np.linalg.eigvalsh(np.einsum("nki,nkj->nij", around, around) / near)
        total = values.sum(axis=1)
        share = np.divide(values[:, 0], total, where=total > 0, out=np.zeros(len(mine)))
        found[start : start + _CHUNK] = np.clip(share, 0, MOST)
    return found
