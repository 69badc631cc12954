"""Chance in scenes: points and boxes move together."""

from __future__ import annotations

import numpy as np
import pytest

from core.boxes.geometry import points_in_boxes
from models.boxes.augment import augmented
from tests.models.boxes.made import scene


@pytest.mark.parametrize("ring", [False, True])
def test_points_stay_in_the_boxes_that_they_lie_in(ring: bool):
    sample = scene(0)
    # Not at a side, where rounding decides.
    shrunk = sample.boxes * np.float32([1, 1, 1, 0.99, 0.99, 0.99, 1])
    sample = sample._replace(ignore=shrunk)
    before = points_in_boxes(sample.points, sample.ignore)
    turned, mirrored = set(), set()
    for seed in range(40):
        made = augmented(sample, np.random.default_rng(seed), ring=ring)
        np.testing.assert_array_equal(points_in_boxes(made.points, made.ignore), before)
        scale = made.boxes[:, 3:6] / sample.boxes[:, 3:6]
        assert ((scale >= 0.95 - 1e-6) & (scale <= 1.05 + 1e-6)).all()
        mirrored.add(bool(made.points[:, 0].mean() < 0))
        turned.add(round(float(made.boxes[0, 6]), 3))
        assert made.points.dtype == made.boxes.dtype == np.float32
    assert len(turned) == 40
    assert mirrored == ({False, True} if ring else {False})
    assert sample.points[0, 0] == scene(0).points[0, 0]  # the scene itself stays


def test_two_of_five_scenes_have_no_intensity():
    sample = scene(0)
    without = [
        not augmented(sample, np.random.default_rng(seed), ring=False).points[:, 3].any()
        for seed in range(400)
    ]
    assert 0.33 < np.mean(without) < 0.47
