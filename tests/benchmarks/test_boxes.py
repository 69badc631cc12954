"""Overlaps of boxes that lie on each other against shapely, its polygons made before."""

from __future__ import annotations

import numpy as np
import shapely

from core.boxes.geometry import corners, rotated_iou
from tests.benchmarks.measures import ratio


def test_overlaps_of_three_hundred_boxes_with_each_other(report):
    rng = np.random.default_rng(0)
    places, sizes = rng.uniform(-3, 3, (300, 3)), rng.uniform(0.5, 5, (300, 3))
    boxes = np.column_stack([places, sizes, rng.uniform(-3, 3, 300)])
    polygons = shapely.polygons(corners(boxes)[:, :4, :2])

    def by_shapely() -> np.ndarray:
        return shapely.area(shapely.intersection(polygons[:, None], polygons[None]))

    found = ratio(lambda: rotated_iou(boxes, boxes), by_shapely, runs=5)
    report("overlaps of 300 x 300 boxes", found, "1/20 of shapely")
    assert found <= 1 / 20
