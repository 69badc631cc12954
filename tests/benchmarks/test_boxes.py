"""Overlaps of boxes against shapely, its polygons made before; a fit against its rectangle."""

from __future__ import annotations

import numpy as np
import shapely

from core.boxes.fit import fit_box
from core.boxes.geometry import corners, rotated_iou
from tests.benchmarks.measures import cpu_seconds, ratio
from tests.core.boxes.shapes import corner_of_a_car


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


def test_a_fit_takes_no_more_than_a_few_rectangles(report):
    """Of a car's 300 points: a click must be answered in the frame after it (5 ms)."""
    points, _ = corner_of_a_car(12, 5, 0.4, count=300)
    cloud = shapely.multipoints(points[:, :2])
    size = (3.9, 1.6, 1.56)

    def ours() -> None:
        for _ in range(50):
            fit_box(points, size, ground=-1.7)

    def its() -> None:
        for _ in range(50):
            shapely.oriented_envelope(cloud)

    ours()
    report("a fit, milliseconds", 1000 * cpu_seconds(ours) / 50, "5")
    found = ratio(ours, its, runs=5)
    report("a fit of 300 points", found, "3 of shapely's smallest rectangles around them")
    assert found <= 3
