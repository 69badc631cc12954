"""Edits of one box: what is named changes, everything else stays where it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.boxes.edit import (
    LEAST_M,
    SIDES,
    flipped,
    grounded,
    in_box,
    quarter,
    shifted,
    shrunk,
    snapped,
    stretched,
    turned,
)
from core.boxes.geometry import corners

OPPOSITE = dict(zip(SIDES, ("back", "front", "right", "left", "bottom", "top"), strict=True))


def boxes(count: int = 40) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    place = rng.uniform(-50, 50, (count, 3))
    size = rng.uniform(0.3, 9, (count, 3))
    return list(np.column_stack([place, size, rng.uniform(-np.pi, np.pi, count)]))


def plane(box: np.ndarray, side: str) -> tuple[np.ndarray, np.ndarray]:
    """A point of a side and the way it faces, from the corners alone."""
    eight = corners(box)[0]
    of = {
        "front": [0, 3], "back": [1, 2], "left": [0, 1], "right": [2, 3],
    }.get(side)  # fmt: skip
    if of is None:
        part = eight[4:] if side == "top" else eight[:4]
    else:
        part = eight[[*of, *(c + 4 for c in of)]]
    middle = part.mean(axis=0)
    return middle, (middle - eight.mean(axis=0)) / np.linalg.norm(middle - eight.mean(axis=0))


def test_a_box_by_hand():
    box = np.array([10.0, 0, 0, 4, 2, 1.5, math.pi / 2])  # it looks along y; its left is -x
    np.testing.assert_allclose(shifted(box, 1, 0.5, 0.25)[:3], [9.5, 1, 0.25], atol=1e-12)
    np.testing.assert_allclose(stretched(box, "front", 1)[:6], [10, 0.5, 0, 5, 2, 1.5], atol=1e-12)
    np.testing.assert_allclose(stretched(box, "left", 1)[:6], [9.5, 0, 0, 4, 3, 1.5], atol=1e-12)
    np.testing.assert_allclose(
        stretched(box, "front", 1, both=True)[:6], [10, 0, 0, 6, 2, 1.5], atol=1e-12
    )
    np.testing.assert_allclose(grounded(box, -1.75)[[2, 5]], [-0.5, 2.5])
    assert turned(box, math.pi)[6] == pytest.approx(-math.pi / 2)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("by", [0.7, -0.1])
def test_one_side_moves_and_the_opposite_one_stays(side: str, by: float):
    for box in boxes():
        made = stretched(box, side, by)
        there, facing = plane(box, side)
        np.testing.assert_allclose(plane(made, side)[0], there + by * facing, atol=1e-9)
        np.testing.assert_allclose(
            plane(made, OPPOSITE[side])[0], plane(box, OPPOSITE[side])[0], atol=1e-9
        )
        wide = stretched(box, side, by, both=True)
        np.testing.assert_allclose(wide[:3], box[:3])
        np.testing.assert_allclose(plane(wide, side)[0], there + by * facing, atol=1e-9)


def test_no_side_gets_shorter_than_the_least():
    for box in boxes():
        for side in SIDES:
            for both in (False, True):
                made = stretched(box, side, -100, both=both)
                assert made[3:6].min() >= min(LEAST_M, box[3:6].min()) - 1e-12


def test_flips_and_quarters_fill_the_same_room():
    for box in boxes():
        room = np.sort(corners(box)[0].round(9), axis=0)
        for change, times in ((flipped, 2), (quarter, 4)):
            made = change(box)
            np.testing.assert_allclose(np.sort(corners(made)[0].round(9), axis=0), room, atol=1e-8)
            assert abs(made[6] - box[6]) > 1
            back = box
            for _ in range(times):
                back = change(back)
            np.testing.assert_allclose(back, box, atol=1e-9)


def test_a_snapped_side_lies_on_the_outermost_point_that_was_inside():
    rng = np.random.default_rng(6)
    for box in boxes():
        points = box[:3] + rng.normal(0, 2, (300, 3))
        held = np.abs(in_box(box, points)) <= box[3:6] / 2
        held = points[held.all(axis=1)]
        if not len(held):
            np.testing.assert_array_equal(shrunk(box, points), box)
            continue
        for side in SIDES:
            made = snapped(box, side, points)
            there, facing = plane(made, side)
            away = (there - held) @ facing  # behind the side
            assert 0 < away.min() < 2e-3 or made[3:6].min() <= LEAST_M + 1e-9
        made = shrunk(box, points)
        local = np.abs(in_box(made, held)) - made[3:6] / 2
        assert local.max() <= 1e-9 or made[3:6].min() <= LEAST_M + 1e-9


def test_an_edit_leaves_the_box_it_was_given():
    box = boxes(1)[0]
    before = box.copy()
    for made in (shifted(box, 1, 1, 1), turned(box, 1), quarter(box), stretched(box, "top", 1)):
        made[:] = 0
    snapped(box, "top", np.zeros((0, 3)))[:] = 0
    np.testing.assert_array_equal(box, before)
