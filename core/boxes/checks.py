"""What is odd about a frame's boxes, in sentences: nothing is changed or left out for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.words import counted
from core.boxes.geometry import points_per_box, rotated_iou
from core.boxes.table import Boxes

_ON_EACH_OTHER = 0.8  # IoU in space
_SHOWN = 3


def oddities(boxes: Boxes, points: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    """Sentences on boxes that hold none of the scan's points (N, >= 3), and on boxes of one class
    that lie on each other: labelled twice, or of another scan."""
    counts = ~boxes.ignore
    empty = np.flatnonzero((points_per_box(points, boxes.box) == 0) & counts)
    said = []
    if len(empty):
        verb = "holds" if len(empty) == 1 else "hold"
        where = _places(boxes, empty, names)
        said.append(
            f"{counted(len(empty), 'box')} of {len(boxes):,} {verb} no point: {where}. They stay; "
            "where it is most of them, boxes and scan do not belong together."
        )
    overlap = np.triu(rotated_iou(boxes.box, boxes.box)[1], 1)
    same = boxes.label[:, None] == boxes.label[None]
    first, second = np.nonzero((overlap > _ON_EACH_OTHER) & same & counts[:, None] & counts[None])
    if len(first):
        twice = np.unique(second)
        verb = "lies" if len(twice) == 1 else "lie"
        where = _places(boxes, twice, names)
        said.append(f"{counted(len(twice), 'box')} {verb} on another of the same class: {where}.")
    return tuple(said)


def _places(boxes: Boxes, rows: np.ndarray, names: Sequence[str]) -> str:
    shown = [
        f"{names[boxes.label[row]]} at {boxes.box[row, 0]:.1f}, {boxes.box[row, 1]:.1f} m"
        for row in rows[:_SHOWN]
    ]
    more = f" and {len(rows) - _SHOWN:,} more" if len(rows) > _SHOWN else ""
    return f"{'; '.join(shown)}{more}"
