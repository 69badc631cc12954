"""KITTI's GPS and inertial measurements as poses, as its raw development kit makes them.

A row of oxts begins with latitude, longitude (degrees), altitude (metres), roll, pitch and yaw
(radians, of the car against east). Latitude and longitude become metres by Mercator's projection at
the scale of the first row's latitude (convertOxtsToPose.m).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_EARTH_M = 6378137.0
_NUMBERS = 6


def row_of(line: str) -> np.ndarray | None:
    """(6,) float64 latitude, longitude, altitude, roll, pitch, yaw of a line; None where it has no
    such numbers."""
    words = line.split()[:_NUMBERS]
    try:
        row = np.array(words, np.float64)
    except ValueError:
        return None
    good = len(row) == _NUMBERS and bool(np.isfinite(row).all()) and abs(row[0]) < 89.9
    return row if good else None


def scanner_poses(rows: Sequence[np.ndarray], imu_to_scanner: np.ndarray) -> np.ndarray:
    """(N, 4, 4) float64 from a scan's coordinates to those of the first, of rows (6,) each and the
    way (4, 4) from the inertial unit to the scanner."""
    imu = _imu_poses(np.stack(rows))
    from_first = np.linalg.inv(imu[0]) @ imu
    found: np.ndarray = imu_to_scanner @ from_first @ np.linalg.inv(imu_to_scanner)
    return found


def _imu_poses(rows: np.ndarray) -> np.ndarray:
    """(N, 4, 4) float64 from the inertial unit to the projection, its first place taken off."""
    latitude, longitude, altitude, roll, pitch, yaw = rows.T
    scale = np.cos(np.radians(latitude[0]))
    east = scale * _EARTH_M * np.radians(longitude)
    north = scale * _EARTH_M * np.log(np.tan(np.radians(90 + latitude) / 2))
    poses = np.tile(np.eye(4), (len(rows), 1, 1))
    poses[:, :3, 3] = np.stack([east - east[0], north - north[0], altitude - altitude[0]], 1)
    poses[:, :3, :3] = _about(yaw, 0, 1) @ _about(pitch, 2, 0) @ _about(roll, 1, 2)
    return poses


def _about(angle: np.ndarray, one: int, other: int) -> np.ndarray:
    """(N, 3, 3) rotations by angles (N,) that bring the axis `one` towards the axis `other`."""
    turn = np.tile(np.eye(3), (len(angle), 1, 1))
    turn[:, one, one] = turn[:, other, other] = np.cos(angle)
    turn[:, other, one], turn[:, one, other] = np.sin(angle), -np.sin(angle)
    return turn
