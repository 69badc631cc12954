"""The part of a line that KITTI's object and tracking labels share, from the type on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.base.errors import DataError
from core.base.words import counted
from core.boxes.camera import InCamera, completed, from_camera, to_camera
from core.boxes.formats.source import checked, numbers, part, whole
from core.boxes.names import Names, spelled
from core.boxes.table import Boxes
from core.data.calibration import Calibration

TYPES = (
    *("Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc"),
    "DontCare",
)
_REGION = "DontCare"
_NO_ALPHA = -10.0


class Line(NamedTuple):
    """A line: where it stands, its type, the 14 numbers behind it, its score (NaN for none) and the
    track before it ("" for none)."""

    where: str
    type: str
    values: Sequence[float]
    score: float
    track: str


def line_of(words: Sequence[str], where: str, track: str = "") -> Line:
    """A line of type, 14 numbers and maybe a score. Raises DataError for another count of words or
    what is no number."""
    values = numbers(words[1:15], where)
    score = numbers(words[15:16], where)
    return Line(where, words[0], values, score[0] if score else np.nan, track)


def tr_of(calibration: Calibration, file: Path) -> np.ndarray:
    """(4, 4) from the scanner to the rectified camera. Raises DataError where it is not known."""
    if calibration.tr is None:
        raise DataError(
            f"{file} cannot be placed: the scan's calibration has no way from the scanner to the "
            "camera, or is missing.",
            "Bring calib with Tr_velo_to_cam and R0_rect: KITTI's boxes are kept in the camera's "
            "coordinates.",
        )
    return calibration.tr


def table_of(
    lines: Sequence[Line], tr: np.ndarray, names: Names, levels: bool, file: Path
) -> Boxes:
    """The table of a frame's lines; with `levels`, truncation is tracking's 0, 1, 2."""
    real = [line for line in lines if line.type != _REGION]
    regions = [line.values[3:7] for line in lines if line.type == _REGION]
    values = np.array([line.values for line in real], np.float64).reshape(-1, 14)
    box = from_camera(InCamera(values[:, 7:10], values[:, 10:13], values[:, 13]), tr)
    for line, row in zip(real, box, strict=True):
        checked(row, line.where)
    occluded = [whole(line.values[1], -1, 3, "occlusion", line.where) for line in real]
    picture = np.where((values[:, 3:7] == -1).all(1)[:, None], np.nan, values[:, 3:7])
    return Boxes.of(
        box,
        names.ids([line.type for line in real], file),
        track=[line.track for line in real],
        score=[line.score for line in real],
        truncated=[_truncated(line, levels) for line in real],
        occluded=occluded,
        alpha=np.where(values[:, 2] == _NO_ALPHA, np.nan, values[:, 2]),
        picture=picture,
        regions=np.array(regions).reshape(-1, 4),
    )


def _truncated(line: Line, levels: bool) -> float:
    value = line.values[0]
    if value == -1:
        return np.nan
    if levels:
        return whole(value, 0, 2, "truncation", line.where) / 2
    return part(value, "truncation", line.where)


def level(truncated: float) -> float:
    """Tracking's level of a truncation 0..1: 0 for none, 1 up to a half, 2 beyond; -1 stays."""
    return -1.0 if truncated < 0 else float(np.ceil(truncated * 2))


class Rows(NamedTuple):
    """Lines to write: of boxes their types, (n, 14) float64 values, scores (n,), NaN for none, and
    tracks (n,); (m, 4) rectangles of DontCare; and notes."""

    types: list[str]
    values: np.ndarray
    scores: np.ndarray
    tracks: np.ndarray
    regions: np.ndarray
    notes: tuple[str, ...]


def rows_of(
    boxes: Boxes,
    calibration: Calibration,
    names: Sequence[str],
    size: tuple[int, int] | None,
) -> Rows:
    """A table as KITTI has it; `calibration` has a `tr`, `size` is the picture's width and height.

    What was labelled in the picture (rectangle, alpha) stands as it is, what is unknown is
    computed. A box that the picture does not show has the rectangle -1 -1 -1 -1: KITTI's evaluators
    pass over it.
    """
    notes = []
    assert calibration.tr is not None
    camera = to_camera(boxes.box, calibration.tr)
    boxes = completed(boxes, calibration, size)
    picture = boxes.picture
    hidden = np.isnan(picture).any(1)
    unseen = hidden & ~boxes.ignore
    if unseen.any():
        notes.append(
            f"{counted(int(unseen.sum()), 'box')} cannot be seen in the picture: written with the "
            "rectangle -1 -1 -1 -1, KITTI's evaluators pass over them."
        )
    if boxes.ignore.any():
        lost = int((hidden & boxes.ignore).sum())
        notes.append(
            f"{counted(int(boxes.ignore.sum()), 'box')} to ignore: KITTI knows such regions in the "
            f"picture only, {lost:,} of them are not there and not written."
        )
    values = np.column_stack(
        [
            np.where(np.isnan(boxes.truncated), -1, boxes.truncated),
            boxes.occluded,
            boxes.alpha,
            np.where(hidden[:, None], -1, picture),
            camera.size,
            camera.place,
            camera.turn,
        ]
    )
    count = ~boxes.ignore
    return Rows(
        [spelled(names[label], TYPES) for label in boxes.label[count]],
        values[count],
        boxes.score[count],
        boxes.track[count],
        np.concatenate([boxes.regions, picture[boxes.ignore & ~hidden]]),
        tuple(notes),
    )


def calib_text(calibration: Calibration, rectified: str, way: str) -> str:
    """A file of calib: `calibration`'s p2 for each camera, and what a benchmark calls R0_rect and
    Tr_velo_to_cam."""
    assert calibration.p2 is not None
    assert calibration.tr is not None
    rows = [*((f"P{camera}:", calibration.p2) for camera in range(4))]
    rows += [(rectified, np.eye(3)), (way, calibration.tr[:3])]
    return "".join(f"{name} {' '.join(f'{v:.12e}' for v in m.flat)}\n" for name, m in rows)
