"""Have the loops over boxes compiled."""

from __future__ import annotations

import numpy as np

from core.boxes import geometry


def warm() -> None:
    """Compile what a detector's step needs and is not on disk yet, some seconds."""
    box = np.array([[0.0, 0, 0, 1, 1, 1, 0]])
    geometry.rotated_iou(box, box)
    geometry.rotated_iou_of_pairs(box, box)
    geometry.nms(box, np.ones(1), 0.1)
    geometry.points_in_boxes(box, box)
    geometry.points_per_box(box, box)
