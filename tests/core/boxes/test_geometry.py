"""Overlap, suppression and points inside, against golden numbers, shapely and properties."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from core.boxes import fit_kernel, kernel
from core.boxes.geometry import (
    EDGES,
    corners,
    covered,
    moved,
    nms,
    points_in_boxes,
    points_per_box,
    rotated_iou,
    rotated_iou_of_pairs,
    wrapped,
)
from tests.core.boxes.given import golden, in_metres

CAR = (0.0, 0.0, 0.0, 4.0, 2.0, 1.5, 0.0)
PAIRS = golden("rotated_iou")["pairs"]


def some_boxes(rng: np.random.Generator, count: int, spread: float = 4.0) -> np.ndarray:
    return np.column_stack(
        [
            rng.uniform(-spread, spread, (count, 3)),
            rng.uniform(0.2, 5, (count, 3)),
            rng.uniform(-7, 7, count),
        ]
    )


def shapely_iou(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """The same by another library and other formulas."""
    one, other = (Polygon(corners(box[None])[0, :4, :2]) for box in (a, b))
    area = one.intersection(other).area
    height = min(a[2] + a[5] / 2, b[2] + b[5] / 2) - max(a[2] - a[5] / 2, b[2] - b[5] / 2)
    volume = area * max(height, 0.0)
    both = one.area + other.area - area
    return area / both, volume / (one.area * a[5] + other.area * b[5] - volume)


@pytest.mark.parametrize("kind", PAIRS)
def test_overlaps_are_the_golden_ones(kind: str):
    rows = np.array(PAIRS[kind])
    seen, space = rotated_iou_of_pairs(in_metres(rows[:, :7]), in_metres(rows[:, 7:14]))
    assert np.abs(seen - rows[:, 14]).max() < 2e-6
    assert np.abs(space - rows[:, 15]).max() < 2e-6


def test_all_with_all_is_shapely_and_the_pairs():
    rng = np.random.default_rng(3)
    a, b = some_boxes(rng, 40), some_boxes(rng, 30)
    seen, space = rotated_iou(a, b)
    wanted = np.array([[shapely_iou(one, other) for other in b] for one in a])
    assert (wanted[..., 1] > 0.1).sum() > 20
    np.testing.assert_allclose(np.stack([seen, space], -1), wanted, atol=1e-12)
    pairs = rotated_iou_of_pairs(a[:30], b)
    np.testing.assert_array_equal(pairs[0], seen[:30].diagonal())
    np.testing.assert_array_equal(pairs[1], space[:30].diagonal())


number = st.floats(-30, 30)
size = st.floats(0.01, 20)
box = st.tuples(number, number, number, size, size, size, st.floats(-10, 10))


@settings(max_examples=300, deadline=None)
@given(box, box, st.floats(-7, 7), number, number)
def test_overlap_is_symmetric_bounded_and_turns_with_the_world(a, b, turn, x, y):
    a, b = np.array([a]), np.array([b])
    seen, space = rotated_iou(a, b)
    assert 0 <= space[0, 0] <= 1 + 1e-9
    assert 0 <= seen[0, 0] <= 1 + 1e-9
    back = rotated_iou(b, a)
    np.testing.assert_allclose([back[0], back[1]], [seen, space], atol=1e-9)
    pose = np.eye(4)
    pose[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    pose[:2, 3] = x, y
    there = rotated_iou(moved(a, pose), moved(b, pose))
    np.testing.assert_allclose([there[0], there[1]], [seen, space], atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(box, st.integers(-4, 4))
def test_a_box_is_itself_turned_by_half_a_turn(a, halves):
    a = np.array([a])
    again = a.copy()
    again[0, 6] += halves * np.pi
    seen, space = rotated_iou(a, again)
    assert seen[0, 0] == pytest.approx(1, abs=1e-6)
    assert space[0, 0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("column", [3, 4, 5, 0, 2, 6])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_box_that_is_none_shares_nothing(column: int, value: float):
    bad = np.array([CAR])
    bad[0, column] = value
    if value in (0.0, -1.0) and column in (0, 2, 6):
        return  # a place and an angle like any other
    for a, b in ((bad, np.array([CAR])), (np.array([CAR]), bad), (bad, bad)):
        seen, space = rotated_iou(a, b)
        assert space[0, 0] == 0
        if column not in (2, 5):
            assert seen[0, 0] == covered(a, b)[0, 0] == 0
    assert points_per_box(np.zeros((1, 3)), bad)[0] <= (value in (0.0, np.inf))


def test_unequal_lists_are_no_pairs():
    """The compiled code would read beyond the shorter one."""
    with pytest.raises(ValueError, match="2 boxes and 1 are no pairs"):
        rotated_iou_of_pairs(np.array([CAR, CAR]), np.array([CAR]))


def test_how_much_is_covered():
    small = np.array([CAR]) * (1, 1, 1, 0.5, 1, 1, 1)
    assert covered(small, np.array([CAR]))[0, 0] == pytest.approx(1)
    assert covered(np.array([CAR]), small)[0, 0] == pytest.approx(0.5)


@pytest.mark.parametrize("case", golden("nms"), ids=lambda case: case["note"])
def test_suppression_is_the_golden_one(case):
    labels = np.array(case["labels"]) if "labels" in case else None
    kept = nms(
        in_metres(case["boxes"]),
        np.array(case["scores"]),
        case["thr"],
        labels=labels,
        top=case.get("top"),
    )
    assert kept.tolist() == case["keep"]


def test_suppression_is_the_literal_one():
    rng = np.random.default_rng(5)
    boxes, scores = some_boxes(rng, 200), rng.integers(0, 50, 200) / 50
    left, kept = sorted(range(200), key=lambda i: (-scores[i], i)), []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if shapely_iou(boxes[best], boxes[i])[0] <= 0.2]
    assert 10 < len(kept) < 150
    assert nms(boxes, scores, 0.2).tolist() == kept


def test_corners_by_hand():
    found = corners(np.array([(10, 20, 5, 4, 2, 1, np.pi / 2)]))[0]
    lower = [(9, 22), (9, 18), (11, 18), (11, 22)]
    np.testing.assert_allclose(found[:4], [(*xy, 4.5) for xy in lower], atol=1e-12)
    np.testing.assert_allclose(found[4:], [(*xy, 5.5) for xy in lower], atol=1e-12)
    lengths = np.linalg.norm(found[EDGES[:, 0]] - found[EDGES[:, 1]], axis=1)
    assert sorted(lengths.round(9)) == [1] * 4 + [2] * 4 + [4] * 4


def test_points_inside_as_literally():
    rng = np.random.default_rng(7)
    points = rng.uniform(-6, 6, (3000, 4)).astype(np.float32)
    points[5] = np.nan
    boxes = some_boxes(rng, 25)
    inside = np.zeros((3000, 25), bool)
    for j, (x, y, z, length, width, height, yaw) in enumerate(boxes):
        about = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
        own = (points[:, :3].astype(float) - (x, y, z)) @ about.T
        inside[:, j] = (np.abs(own) <= np.array([length, width, height]) / 2).all(axis=1)
    wanted = np.where(inside.any(1), inside.argmax(1), -1)
    np.testing.assert_array_equal(points_in_boxes(points, boxes), wanted)
    np.testing.assert_array_equal(points_per_box(points, boxes), inside.sum(0))
    assert points_in_boxes(points, boxes).dtype == np.int32


def test_sides_belong_to_the_box():
    points = np.array([(2.0, 0, 0), (2.0, 1.0, 0.75), (2.001, 0, 0), (0, 0, -0.751)])
    assert points_in_boxes(points, np.array([CAR])).tolist() == [0, 0, -1, -1]


def test_of_nothing_comes_nothing():
    none, one = np.zeros((0, 7)), np.array([CAR])
    assert rotated_iou(none, one)[0].shape == (0, 1)
    assert nms(none, np.zeros(0), 0.5).tolist() == []
    assert points_in_boxes(np.zeros((2, 3)), none).tolist() == [-1, -1]
    assert points_per_box(np.zeros((0, 3)), one).tolist() == [0]
    assert corners(none).shape == (0, 8, 3)


@given(st.floats(-1e4, 1e4))
def test_angles_are_wrapped(angle: float):
    found = float(wrapped(np.array(angle)))
    assert -np.pi <= found < np.pi
    assert np.cos(found - angle) == pytest.approx(1)
    if -np.pi <= angle < np.pi:
        assert found == angle


@pytest.mark.parametrize("module", [kernel, fit_kernel], ids=["kernel", "fit"])
def test_what_is_compiled_lets_other_threads_go_on(module: ModuleType):
    """Readers of a training, and the window while boxes are fitted."""
    compiled = [one for one in vars(module).values() if hasattr(one, "targetoptions")]
    assert compiled
    assert all(one.targetoptions["nogil"] for one in compiled)
