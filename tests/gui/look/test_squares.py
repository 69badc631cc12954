"""Points as rectangles: the same as painting each one, the furthest first."""

from __future__ import annotations

import numpy as np
import pytest

from gui.look.squares import LARGEST_PX, NONE, grown, seen

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


def painted(width: int, height: int, places, sizes, depth) -> np.ndarray:
    """One rectangle after another: slow, and nothing to get wrong."""
    picture = np.full((height, width), NONE, np.int32)
    for row in np.argsort(-depth, kind="stable"):
        wide, high = (
            next(s for s in SIZES if s >= np.floor(np.clip(size, 0.5, LARGEST_PX) + 0.5))
            for size in sizes[:, row]
        )
        left = int(np.floor(places[0, row] - wide / 2 + 0.5))
        top = int(np.floor(places[1, row] - high / 2 + 0.5))
        picture[max(top, 0) : max(top + high, 0), max(left, 0) : max(left + wide, 0)] = row
    return picture


@pytest.mark.parametrize("seed", range(5))
def test_each_pixel_shows_the_nearest_point_over_it(seed: int):
    rng = np.random.default_rng(seed)
    count = 400
    places = rng.uniform((-40, -40), (120, 90), (count, 2)).T.astype(np.float32)
    sizes = rng.uniform(0, 40, (2, count)).astype(np.float32) ** rng.uniform(0, 1, count)
    depth = rng.permutation(count).astype(np.float32)
    found = seen(80, 50, places, sizes, depth)
    np.testing.assert_array_equal(found, painted(80, 50, places, sizes, depth))


def test_nothing_is_seen_where_nothing_is():
    nowhere = np.array([[1e9, -1e9, 500.0], [3.0, 3.0, 500.0]], np.float32)
    ones = np.ones((2, 3), np.float32)
    assert (seen(20, 10, nowhere, ones, np.zeros(3)) == NONE).all()
    none = np.zeros((2, 0), np.float32)
    assert seen(20, 10, none, none, np.zeros(0)).shape == (10, 20)


def test_a_point_of_three_pixels_is_around_its_place():
    found = seen(9, 7, np.array([[4.5], [2.5]]), np.array([[3.0], [1.0]]), np.zeros(1))
    assert np.argwhere(found == 0).tolist() == [[2, 3], [2, 4], [2, 5]]


def test_a_mask_grows_across_and_down():
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True
    assert grown(mask, 1).sum() == 5
    assert grown(mask, 2).sum() == 13
    np.testing.assert_array_equal(grown(mask, 0), mask)
