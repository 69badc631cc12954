"""Where the scanner was in KITTI's recordings: oxts of raw and tracking, poses of KITTI-360."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.calibration import (
    Calibration,
    is_rigid,
    matrix_in,
    rigid_in,
    square,
    text_of,
)
from core.data.oxts import row_of, scanner_poses

_SHOWN = 5


@dataclass(frozen=True)
class Found:
    """Poses (4, 4) float64 of a drive by its frames' numbers, and sentences on what is wrong."""

    poses: dict[int, np.ndarray]
    notes: tuple[str, ...] = ()

    def told(self, frames: Sequence[str]) -> tuple[str, ...]:
        """The notes, and which of the frames have no pose where some have one."""
        lost = [frame for frame in frames if number(frame) not in self.poses]
        if not lost or not self.poses:
            return self.notes
        more = f" and {len(lost) - _SHOWN:,} more" if len(lost) > _SHOWN else ""
        return (
            *self.notes,
            f"{len(lost):,} of {len(frames):,} scans have no pose: {', '.join(lost[:_SHOWN])}"
            f"{more}.",
        )


def number(frame: str) -> int:
    """The number that a frame's name is, -1 where it is none."""
    return int(frame) if frame.isascii() and frame.isdigit() else -1


@lru_cache(maxsize=64)
def of_raw(drive: Path) -> Found:
    """Poses of a raw drive, from oxts/data and calib_imu_to_velo.txt above."""
    folder, calibration = drive / "oxts/data", drive.parent / "calib_imu_to_velo.txt"
    if not folder.is_dir():
        return Found({})
    try:
        way = rigid_in(calibration) if calibration.exists() else None
        if way is None:
            return Found({}, (f"{drive}: oxts has no use without R and T in {calibration.name}.",))
        files = {number(p.stem): p for p in folder.glob("*.txt") if number(p.stem) >= 0}
        rows = {frame: row_of(text_of(file)) for frame, file in sorted(files.items())}
    except DataError as error:  # a scan can be labelled without
        return Found({}, (f"{error.what} {error.do}",))
    return _of_rows(rows, way, f"{folder}", calibration)


@lru_cache(maxsize=64)
def of_tracking(file: Path, calibration: Path) -> Found:
    """Poses of a tracking drive, from a file with a line of oxts for each frame and Tr_imu_velo."""
    if not file.exists():
        return Found({})
    try:
        way = None
        for name in ("Tr_imu_velo", "Tr_imu_to_velo"):
            if way is None and calibration.exists():
                way = matrix_in(calibration, name)
        if way is None:
            return Found({}, (f"{file} has no use without Tr_imu_velo in {calibration}.",))
        lines = text_of(file).splitlines()
    except DataError as error:
        return Found({}, (f"{error.what} {error.do}",))
    rows = {at: row_of(line) for at, line in enumerate(lines)}
    return _of_rows(rows, square(way), f"{file}", calibration)


def _of_rows(
    rows: dict[int, np.ndarray | None], way: np.ndarray, where: str, calibration: Path
) -> Found:
    if not is_rigid(way):
        return Found({}, (f"{where} has no use: {calibration} turns by no rotation.",))
    good = {frame: row for frame, row in rows.items() if row is not None}
    lost = [str(frame) for frame, row in rows.items() if row is None]
    notes: tuple[str, ...] = ()
    if lost:
        more = f" and {len(lost) - _SHOWN:,} more" if len(lost) > _SHOWN else ""
        notes = (f"{where}: frame {', '.join(lost[:_SHOWN])}{more} cannot be read: no pose.",)
    if not good:
        return Found({}, notes)
    return Found(dict(zip(good, scanner_poses([*good.values()], way), strict=True)), notes)


@lru_cache(maxsize=16)
def calibration_360(folder: Path) -> Calibration:
    """The calibration of KITTI-360's left colour camera (image_00). Raises DataError."""
    scanner, cameras = folder / "calib_cam_to_velo.txt", folder / "perspective.txt"
    way = matrix_in(scanner, "") if scanner.exists() else None
    if way is None:
        return Calibration()
    if not is_rigid(way):
        raise DataError(f"{scanner} turns by no rotation.", "Bring the dataset's own file.")
    tr, p2 = np.linalg.inv(square(way)), None
    if cameras.exists():
        p2 = matrix_in(cameras, "P_rect_00")
        tr = rectification(folder) @ tr
    return Calibration(p2, tr)


def rectification(folder: Path) -> np.ndarray:
    """(4, 4) float64 from camera 0 to its rectified picture, which the files may leave out."""
    cameras, found = folder / "perspective.txt", np.eye(4)
    turn = matrix_in(cameras, "R_rect_00", 9) if cameras.exists() else None
    if turn is not None:
        found[:3, :3] = turn.reshape(3, 3)
    return found


@lru_cache(maxsize=64)
def of_360(folder: Path, calibration: Path) -> Found:
    """Poses of a drive of KITTI-360 from its folder in data_poses: poses.txt (of the inertial unit)
    or else cam0_to_world.txt (of rectified camera 0), to the first one's place."""
    imu, camera = folder / "poses.txt", folder / "cam0_to_world.txt"
    scanner = calibration / "calib_cam_to_velo.txt"
    try:
        way = matrix_in(scanner, "") if scanner.exists() else None
        mounted = calibration / "calib_cam_to_pose.txt"
        to_imu = matrix_in(mounted, "image_00") if mounted.exists() else None
        if not (imu.exists() or camera.exists()):
            return Found({})
        if way is None or not is_rigid(way):
            return Found({}, (f"{folder} has no use without a rotation in {scanner}.",))
        to_camera = np.linalg.inv(square(way))
        if imu.exists() and to_imu is not None:
            rows, lost = _by_frame(imu, 12)
            poses = {frame: square(row.reshape(3, 4)) @ square(to_imu) for frame, row in rows}
        elif camera.exists():
            rows, lost = _by_frame(camera, 16)
            turn = rectification(calibration)
            poses = {frame: row.reshape(4, 4) @ turn for frame, row in rows}
        else:
            return Found({}, (f"{imu} has no use without image_00 in {mounted}.",))
    except DataError as error:
        return Found({}, (f"{error.what} {error.do}",))
    lost += sum(not is_rigid(pose) for pose in poses.values())
    poses = {frame: pose for frame, pose in poses.items() if is_rigid(pose)}
    notes = (f"{folder}: {lost:,} lines are no poses: left out.",) if lost else ()
    if not poses:
        return Found({}, notes)
    first = np.linalg.inv(poses[min(poses)] @ to_camera)
    return Found({frame: first @ pose @ to_camera for frame, pose in poses.items()}, notes)


def _by_frame(file: Path, count: int) -> tuple[list[tuple[int, np.ndarray]], int]:
    """The frame and (count,) numbers of each line, and how many lines have not."""
    rows, lost = [], 0
    for line in text_of(file).splitlines():
        frame, *words = line.split() or [""]
        if not frame:
            continue
        try:
            row = np.array(words, np.float64)
        except ValueError:
            row = np.zeros(0)
        if len(row) != count or not np.isfinite(row).all() or number(frame) < 0:
            lost += 1
        else:
            rows.append((number(frame), row))
    return rows, lost
