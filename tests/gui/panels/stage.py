"""Made scans for the context panel: a flat ground, what stands on it, a camera that drives by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtGui import QColor, QImage

from gui.desk.content import Content
from gui.panels.subject import Subject
from gui.view.form import form_of
from tests.streets import write_scan

GROUND_M = -1.73
WIDE, HIGH, FOCAL = 600, 200, 300.0


def ground(reach: float = 20.0, step: float = 0.25) -> np.ndarray:
    """(n, 3) points of a level road, a grid."""
    at = np.arange(-reach, reach, step)
    x, y = (side.ravel() for side in np.meshgrid(at, at))
    return np.column_stack([x, y, np.full(len(x), GROUND_M)])


def post(x: float, y: float, tall: float, wide: float = 0.0, count: int = 60) -> np.ndarray:
    """(n, 3) points of a post, or of a board across the way to it, that stands on the road."""
    z = np.linspace(GROUND_M, GROUND_M + tall, count)
    away = np.hypot(x, y)
    places = []
    for off in (-wide / 2, wide / 2) if wide else (0.0,):
        places.append(np.column_stack([x - off * y / away + z * 0, y + off * x / away + z * 0, z]))
    return np.concatenate(places)


def content_of(unit: np.ndarray, *others: np.ndarray, low: int = 0) -> Content:
    """A scan of a unit's points (n, 3), others' and, last, `low` rows of ground among them."""
    xyz = np.concatenate([unit, *others])
    points = np.column_stack([xyz, np.linspace(0.1, 0.9, len(xyz))]).astype(np.float32)
    is_low = np.zeros(len(points), bool)
    is_low[len(points) - low :] = True
    numbers = np.full(len(points), -1, np.int32)
    numbers[: len(unit)] = 0
    return Content(
        scan="sequences/00/velodyne/000000",
        points=points,
        form=form_of(points, is_low),
        unit=numbers,
        table=None,
        units=1,
        labels=np.full(len(points), 255, np.uint8),
        prediction=None,
        entropy=None,
        truth=None,
    )


def subject_of(unit: np.ndarray, *others: np.ndarray) -> Subject:
    """A unit that stands on a level road, among others."""
    road = ground()
    content = content_of(unit, *others, road, low=len(road))
    return Subject(content, np.arange(len(unit)), is_ground=False)


def write_camera(root: Path, sequence: str, scans: int, step_m: float = 0.0) -> None:
    """A calibration, poses and a picture for each scan of a sequence: the car drives `step_m` from
    scan to scan, straight ahead; its camera is where the scanner is and looks ahead."""
    folder = root / "sequences" / sequence
    (folder / "image_2").mkdir(parents=True, exist_ok=True)
    for number in range(scans):
        image = QImage(WIDE, HIGH, QImage.Format.Format_RGB32)
        image.fill(QColor(120, 120 + 10 * number, 120))
        assert image.save(str(folder / f"image_2/{number:06d}.png"))
    # The camera's x is to the right, y down, z ahead; the scanner's x ahead, y left, z up.
    camera = f"P2: {FOCAL} 0 {WIDE / 2} 0 0 {FOCAL} {HIGH / 2} 0 0 0 1 0"
    (folder / "calib.txt").write_text(f"{camera}\nTr: 0 -1 0 0 0 0 -1 0 1 0 0 0\n")
    poses = (f"1 0 0 0 0 1 0 0 0 0 1 {number * step_m}\n" for number in range(scans))
    (folder / "poses.txt").write_text("".join(poses))


def drive(root: Path, step_m: float, *scans: np.ndarray) -> None:
    """Sequence 00 of scans (n, 3), with a camera."""
    for number, xyz in enumerate(scans):
        points = np.column_stack([xyz, np.full(len(xyz), 0.5)])
        write_scan(root, f"sequences/00/velodyne/{number:06d}", points, None)
    write_camera(root, "00", len(scans), step_m)
