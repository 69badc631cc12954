"""IoU by hand and by another formula."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.classes import IGNORED, UNLABELLED
from core.quality.iou import confusion, iou, mean_iou


def test_a_case_by_hand():
    truth = np.array([0, 0, 0, 1, 1, IGNORED, UNLABELLED, 2], np.uint8)
    predicted = np.array([0, 0, 1, 1, 0, 0, 1, UNLABELLED], np.uint8)
    matrix = confusion(truth, predicted, 4)
    assert matrix.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    values = iou(matrix)
    np.testing.assert_allclose(values[:2], [2 / 4, 1 / 3])
    assert np.isnan(values[2:]).all()
    assert mean_iou(values) == pytest.approx((2 / 4 + 1 / 3) / 2)
    assert mean_iou(values, np.array([False, True, True, True])) == pytest.approx(1 / 3)


@pytest.mark.parametrize("seed", range(5))
def test_iou_is_intersection_over_union_of_sets(seed: int):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 6, (2, 500)).astype(np.uint8)
    values = iou(confusion(truth, predicted, 7))
    for c in range(7):
        there = set(np.flatnonzero(truth == c).tolist())
        said = set(np.flatnonzero(predicted == c).tolist())
        if there | said:
            assert values[c] == pytest.approx(len(there & said) / len(there | said))
        else:
            assert np.isnan(values[c])


def test_nothing_known_is_none_and_not_zero():
    assert mean_iou(iou(np.zeros((3, 3), np.int64))) is None
