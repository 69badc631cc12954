"""Poses from the scans alone, by KISS-ICP (Vizzo et al. 2023, the extra `odometry`), and whether
they can be believed.

KISS-ICP always gives a pose. Whether a scan was really fitted to the one before is judged by what
stands upright in both: ground and ceilings fit wherever one moves on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.loading import loading

LEAST_POINTS = 200
_SHARE = 0.45  # of what stands upright that must be met by the scan before
_NEAR_M = 0.5
_COLUMN_M, _UPRIGHT_M, _THIN_M = 2.0, 0.4, 0.3
_LEAST_UPRIGHT = 50
_TURN_DEG = 30.0  # between two scans
_REACH_M = (10.0, 100.0)
_VOXELS = 100  # of a reach, as KISS-ICP has it by default


def need_kiss_icp() -> None:
    """Raise ProjectError where KISS-ICP is not installed."""
    try:
        import_module("kiss_icp.kiss_icp")
    except ImportError as error:
        raise ProjectError(
            "Poses are computed by the package kiss-icp, which is not installed.",
            'Install it: pip install "lidarloop[odometry]".',
        ) from error


class Odometry:
    """Fits scans one after the other.

    Attributes
    ----------
    piece : number of the piece that the last scan is of
    """

    def __init__(self, first: Sequence[np.ndarray]) -> None:
        """`first` are some of the scans, to know how far they reach."""
        need_kiss_icp()
        reach = [np.quantile(np.linalg.norm(xyz, axis=1), 0.95) for xyz in first if len(xyz)]
        self._reach = float(np.clip(np.median(reach) * 1.5 if reach else _REACH_M[1], *_REACH_M))
        self.piece = -1
        self._icp: Any = None
        self._before = np.zeros((0, 3))
        self._last = np.eye(4)

    def add(self, xyz: np.ndarray) -> np.ndarray | None:
        """The pose (4, 4) of a scan's finite points (n, 3) float64 in its piece; None for a scan
        of too few. One that does not fit the scan before begins a piece."""
        if len(xyz) < LEAST_POINTS:
            return None
        upright = _upright(xyz)
        if self._icp is not None:
            pose = self._fit(xyz)
            if self._fits(pose, upright):
                self._before, self._last = upright, pose
                return pose
        self._begin()
        pose = self._fit(xyz)
        self._before, self._last = upright, pose
        return pose

    def _begin(self) -> None:
        with loading:
            from kiss_icp.config import KISSConfig
            from kiss_icp.kiss_icp import KissICP

        config = KISSConfig()
        config.data.max_range = self._reach
        config.data.deskew = False  # scans have no times of their points
        config.mapping.voxel_size = self._reach / _VOXELS
        self._icp = KissICP(config)
        self.piece += 1

    def _fit(self, xyz: np.ndarray) -> np.ndarray:
        self._icp.register_frame(np.ascontiguousarray(xyz, np.float64), np.zeros(0))
        return np.array(self._icp.last_pose)

    def _fits(self, pose: np.ndarray, upright: np.ndarray) -> bool:
        move = np.linalg.inv(self._last) @ pose
        turn = np.degrees(np.arccos(np.clip((np.trace(move[:3, :3]) - 1) / 2, -1, 1)))
        if not np.isfinite(move).all() or turn > _TURN_DEG:
            return False
        return agreement(self._before, upright @ move[:3, :3].T + move[:3, 3]) >= _SHARE


def agreement(before: np.ndarray, after: np.ndarray) -> float:
    """The share of points (n, 3) that have one of others (m, 3) within half a metre; 1 where there
    are too few to say."""
    with loading:
        from scipy.spatial import cKDTree

    if min(len(before), len(after)) < _LEAST_UPRIGHT:
        return 1.0
    away, _ = cKDTree(before).query(after, distance_upper_bound=_NEAR_M)
    return float(np.isfinite(away).mean())


def _upright(xyz: np.ndarray) -> np.ndarray:
    """(m, 3) points, thinned, of columns in which something stands: neither ground nor ceiling."""
    cell = np.floor(xyz / _THIN_M).astype(np.int64)
    thin = xyz[np.unique(cell, axis=0, return_index=True)[1]]
    _, column = np.unique(
        np.floor(thin[:, :2] / _COLUMN_M).astype(np.int64), axis=0, return_inverse=True
    )
    column = column.reshape(-1)
    low = np.full(column.max() + 1, np.inf)
    np.minimum.at(low, column, thin[:, 2])
    return thin[thin[:, 2] > low[column] + _UPRIGHT_M]
