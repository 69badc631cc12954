"""calib.txt and poses.txt of a sequence: what of them is used, and what is wrong in a sentence.

Of a calibration only two matrices count, other lines may hold anything: the left colour camera's
projection P2, and the way from the scanner to camera 0, called Tr (KITTI odometry), Tr_velo_to_cam
(KITTI object, before R0_rect) or Tr_velo_cam. KITTI raw has them in calib_velo_to_cam.txt and
calib_cam_to_cam.txt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.base.errors import DataError

POSES, CALIBRATION = "poses.txt", "calib.txt"
_RAW = ("calib_cam_to_cam.txt", "calib_velo_to_cam.txt")
_BEFORE_RECTIFICATION = ("Tr_velo_to_cam", "Tr_velo_cam")
_NO_ROTATION = 0.01  # of R R', away from the unit matrix
_FAR_M = 1e8


@dataclass(frozen=True)
class Calibration:
    """`p2` (3, 4) from rectified camera 0 to pixels, `tr` (4, 4) from the scanner to rectified
    camera 0; float64, None where the files do not hold them."""

    p2: np.ndarray | None = None
    tr: np.ndarray | None = None


@dataclass(frozen=True)
class Poses:
    """The poses of one sequence and what is to be said about them.

    Attributes
    ----------
    rows : (P, 4, 4) float64 from a scan's coordinates to the sequence's, one a line; NaN where
        the file has none
    notes : sentences: what was taken for granted or left out
    blank : (P,) bool, the lines that hold nothing
    """

    rows: np.ndarray
    notes: tuple[str, ...]
    blank: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))

    def of(self, scans: Sequence[str]) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
        """The pose of each scan that has one, and all there is to say.

        Line k belongs to frame k (KITTI). Where a frame lies behind the last line, and there are no
        more lines than scans, it cannot be told which frames they were kept for: none is taken.
        Where frames have no numbers, line k is the k-th scan's, if there are as many of both.
        A blank line keeps its frame's place where so many lines are as there are frames; where so
        many others are, it stands for nothing.
        """
        count, rows, notes = len(scans), self.rows, list(self.notes)
        frames = [scan.rpartition("/")[2] for scan in scans]
        numbered = all(frame.isdecimal() for frame in frames)
        place = dict(zip(scans, map(int, frames) if numbered else range(count), strict=True))
        wanted = max(place.values(), default=-1) + 1
        if self.blank.any() and len(rows) != wanted:
            rows = rows[~self.blank]
            if len(rows) != wanted:
                return {}, (
                    *notes,
                    f"{POSES} has {len(rows):,} poses and {int(self.blank.sum()):,} blank lines "
                    f"between them, for {wanted:,} frames: none is used, for it cannot be told "
                    "whether a blank line stands for a frame; write nan twelve times for a frame "
                    "without a pose, and remove blank lines.",
                )
        total = len(rows)
        if not numbered:
            if total != count:
                return {}, (
                    *notes,
                    f"{total:,} poses for {count:,} scans whose names are no frame numbers: none "
                    "is used, for a line belongs to the scan of its number.",
                )
            notes.append(
                "the scans' names are no frame numbers: line k is taken for the k-th scan."
            )
        beyond = [scan for scan in scans if place[scan] >= total]
        if beyond:
            said = f"{total:,} poses for {count:,} scans, whose frames go up to {wanted - 1}: "
            if total <= count < wanted:
                return {}, (
                    *notes,
                    f"{said}none is used, for line k belongs to frame k, and it cannot be told "
                    "which frame a line was kept for; bring the whole recording's poses.txt.",
                )
            notes.append(f"{said}{len(beyond):,} of them have none.")
        known = {scan: rows[k] for scan, k in place.items() if k < total}
        lost = [scan for scan, pose in known.items() if not np.isfinite(pose).all()]
        if lost:
            shown = ", ".join(scan.rpartition("/")[2] for scan in lost[:5])
            more = f" and {len(lost) - 5:,} more" if len(lost) > 5 else ""
            notes.append(f"frame {shown}{more} is not finite, or no rotation: it has no pose.")
        for scan in lost:
            del known[scan]
        return known, tuple(notes)


@lru_cache(maxsize=64)
def calibration_of(folder: Path) -> Calibration:
    """The calibration in a sequence's folder. Raises DataError for a matrix that cannot be read."""
    file = folder / CALIBRATION
    if file.exists():
        return calibration_in(file)
    cameras, scanner = (folder / name for name in _RAW)
    if not scanner.exists():
        return Calibration()
    tr = rigid_in(scanner)
    if tr is None:
        return Calibration()
    _check_rigid(scanner, tr)
    if not cameras.exists():
        return Calibration(None, tr)
    lines = _lines_by_name(cameras)
    if "R_rect_00" in lines:
        tr = square(_rotation(cameras, "R_rect_00", lines) @ tr[:3])
        _check_rigid(cameras, tr)
    return Calibration(_matrix(cameras, "P_rect_02", lines), tr)


@lru_cache(maxsize=64)
def calibration_in(file: Path) -> Calibration:
    """The calibration of a file with P2 and Tr. Raises DataError for a matrix that cannot be read,
    and where the file is missing."""
    lines = _lines_by_name(file)
    p2 = _matrix(file, "P2", lines)
    tr = _matrix(file, "Tr", lines)
    if tr is None:
        name = next((name for name in _BEFORE_RECTIFICATION if name in lines), "")
        tr = _matrix(file, name, lines)
        rectified = next((n for n in ("R0_rect", "R_rect", "R_rect_00") if n in lines), "")
        if tr is not None and rectified:
            tr = _rotation(file, rectified, lines) @ square(tr)[:3]
    if tr is None:
        return Calibration(p2)
    _check_rigid(file, tr)
    return Calibration(p2, square(tr))


def _check_rigid(file: Path, way: np.ndarray) -> None:
    if not is_rigid(way):
        raise DataError(
            f"{file} turns by no rotation.",
            "Bring the sequence's own calibration, or remove the file.",
        )


def rigid_in(file: Path) -> np.ndarray | None:
    """(4, 4) float64 of R and T in one of KITTI raw's files, None where one is missing. Raises
    DataError."""
    lines = _lines_by_name(file)
    turn, move = _numbers(file, "R", lines, 9), _numbers(file, "T", lines, 3)
    if turn is None or move is None:
        return None
    return square(np.column_stack([turn.reshape(3, 3), move]))


def matrix_in(file: Path, name: str, count: int = 12) -> np.ndarray | None:
    """(count,) float64 under a name, as (3, 4) where they are 12; without a name those of a file
    that has nothing else. None where the name is missing. Raises DataError."""
    if name:
        found = _numbers(file, name, _lines_by_name(file), count)
    else:
        found = _numbers(file, "It", {"It": text_of(file)}, count)
    return found.reshape(3, 4) if found is not None and count == 12 else found


def poses_of(folder: Path) -> Poses | None:
    """The scanner's poses in a sequence's folder, None without poses.txt. Raises DataError where a
    line is none."""
    file = folder / POSES
    if not file.exists():
        return None
    rows, blank = [], []
    for number, line in enumerate(text_of(file).rstrip().splitlines(), 1):
        words = line.split()
        blank.append(not words)
        try:
            rows.append(np.array(words or ["nan"] * 12, float).reshape(3, 4))
        except ValueError as error:
            raise DataError(
                f"The poses of {folder} cannot be read: line {number} of {POSES} is not 12 "
                "numbers.",
                "Bring the sequence's own poses.txt, or remove it.",
            ) from error
    found, empty = square(np.array(rows).reshape(-1, 3, 4)), np.array(blank, bool)
    found[~is_rigid(found)] = np.nan
    tr = calibration_of(folder).tr
    if tr is not None:
        lidar: np.ndarray = np.linalg.inv(tr) @ found @ tr
        return Poses(lidar, (), empty)
    if _are_a_cameras(found):
        return Poses(
            np.zeros((0, 4, 4)),
            (
                f"{POSES} seems to be a camera's (it drives along z) and there is no Tr in "
                f"{CALIBRATION}: the poses are left out; bring the sequence's own calib.txt.",
            ),
        )
    said = f"there is no Tr in {CALIBRATION}: {POSES} is taken for the scanner's own."
    return Poses(found, (said,), empty)


def _are_a_cameras(poses: np.ndarray) -> bool:
    """Whether poses (P, 4, 4) mostly move along their own z, as of a camera that looks ahead."""
    good = poses[np.isfinite(poses).all(axis=(1, 2))]
    if len(good) < 2:
        return False
    steps = good[1:, :3, 3] - good[:-1, :3, 3]
    own = np.abs(np.einsum("kji,kj->ki", good[:-1, :3, :3], steps)).sum(axis=0)
    return bool(own[2] > 2 * max(own[0], own[1]))


def text_of(file: Path) -> str:
    """What a text file holds. Raises DataError."""
    try:
        return file.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise DataError(
            f"{file} cannot be read: {error.strerror}.", "Bring the file back, or remove it."
        ) from error


def _lines_by_name(file: Path) -> dict[str, str]:
    lines = [line.strip() for line in text_of(file).splitlines()]
    # KITTI tracking's R_rect and Tr_velo_cam have no colon.
    pairs = (line.partition(":" if ":" in line else " ") for line in lines)
    return {name.strip(): values for name, colon, values in pairs if colon}


def _numbers(file: Path, name: str, lines: Mapping[str, str], count: int) -> np.ndarray | None:
    """(count,) float64 that stand under a name, None where the name is missing."""
    if name not in lines:
        return None
    try:
        found = np.array(lines[name].split(), float)
    except ValueError:
        found = np.zeros(0)
    if len(found) != count or not np.isfinite(found).all():
        raise DataError(
            f"{name} in {file} cannot be read: it is not {count} numbers.",
            "Bring the sequence's own calibration, or remove the file.",
        )
    return found


def _matrix(file: Path, name: str, lines: Mapping[str, str]) -> np.ndarray | None:
    found = _numbers(file, name, lines, 12)
    return None if found is None else found.reshape(3, 4)


def _rotation(file: Path, name: str, lines: Mapping[str, str]) -> np.ndarray:
    found = _numbers(file, name, lines, 9)
    assert found is not None
    return found.reshape(3, 3)


def is_rigid(poses: np.ndarray) -> np.ndarray:
    """Whether matrices (..., 3 or 4, 4) are a rotation, or a mirror, as files with left-handed axes
    have it, and a place on Earth: (...) bool."""
    turn, place = poses[..., :3, :3], poses[..., :3, 3]
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs(turn @ np.swapaxes(turn, -1, -2) - np.eye(3)).max(axis=(-2, -1))
        good: np.ndarray = (off < _NO_ROTATION) & (np.abs(place).max(axis=-1) < _FAR_M)
    return good


def square(rows: np.ndarray) -> np.ndarray:
    """(..., 4, 4) of (..., 3, 4)."""
    last = np.broadcast_to([[0.0, 0.0, 0.0, 1.0]], (*rows.shape[:-2], 1, 4))
    return np.concatenate([rows, last], axis=-2)
