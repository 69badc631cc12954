"""Simple AP, APH, D-ECE and the outcomes they rest on, by hand and against a literal walk."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.boxes.evaluation.outcomes import (
    LEAST_POINTS,
    NOT_COUNTED,
    RIGHT,
    Outcomes,
    Rules,
    counted_points,
    outcomes,
)
from core.boxes.evaluation.reliability import RANGES, d_ece, half_right_from, reliability
from core.boxes.evaluation.simple_ap import simple_ap, simple_aph
from core.boxes.table import Boxes
from tests.core.boxes.given import golden

CAR, VAN = 0, 1
RULES = Rules(CAR, 0.5, points=1, neighbours=(VAN,))


def made(scores, results, objects: int, turns=None) -> Outcomes:
    turn = np.zeros(len(scores)) if turns is None else np.array(turns, float)
    return Outcomes(np.array(scores, float), np.array(results, np.int8), turn, objects)


@pytest.mark.parametrize("case", golden("simple_ap"), ids=lambda case: case["note"])
def test_simple_ap_is_the_golden_one(case):
    pairs = np.array(case["detections"], float).reshape(-1, 2)
    found = made(pairs[:, 0], pairs[:, 1], case["objects"])
    assert simple_ap(found) == pytest.approx(case["ap"], abs=1e-9)
    assert simple_aph(found) == pytest.approx(case["ap"], abs=1e-9)


def literal_ap(found: Outcomes) -> float:
    total = 0.0
    for level in range(1, 41):
        best = 0.0
        for cut in set(found.score):
            above = found.score >= cut
            right = int((found.outcome[above] == 1).sum())
            some = int((found.outcome[above] != -1).sum())
            if some and right * 40 >= level * found.objects:
                best = max(best, right / some)
        total += best / 40
    return total


@pytest.mark.parametrize("seed", range(20))
def test_simple_ap_is_the_literal_one(seed: int):
    rng = np.random.default_rng(seed)
    results = rng.integers(-1, 2, 60)
    objects = int((results == 1).sum()) + int(rng.integers(0, 20))
    found = made(rng.integers(0, 25, 60) / 25, results, objects)
    assert simple_ap(found) == pytest.approx(literal_ap(found), abs=1e-12)


def test_headings_weigh_in_the_precision():
    right, flipped = made([0.9], [1], 1, [0.0]), made([0.9], [1], 1, [math.pi])
    assert simple_aph(right) == 1
    assert simple_aph(flipped) == 0
    half = made([0.9, 0.8], [1, 1], 2, [0, math.pi / 2])
    assert simple_aph(half) == pytest.approx((1 + 0.75) / 2)
    assert simple_ap(half) == 1


def test_without_objects_there_is_no_ap():
    assert math.isnan(simple_ap(made([0.9], [0], 0)))


@pytest.mark.parametrize("case", golden("d_ece")["cases"], ids=lambda case: case["note"])
def test_d_ece_is_the_golden_one(case):
    found = d_ece(made(case["scores"], case["true"], 9))
    if case["d_ece"] is None:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(case["d_ece"], abs=1e-9)


def test_reliability_by_hand():
    found = made([0.05, 0.3, 0.4, 0.8, 1.0, 0.9], [1, 1, 0, 1, 1, NOT_COUNTED], 9)
    bins = reliability(found, RANGES, least=0.0)
    assert bins.boxes.tolist() == [1, 2, 0, 2]
    np.testing.assert_allclose(bins.score, [0.05, 0.35, np.nan, 0.9])
    np.testing.assert_allclose(bins.right, [1, 0.5, np.nan, 1])


# Outcomes -----------------------------------------------------------------------------------------


def car(x: float, y: float = 0.0, yaw: float = 0.0) -> tuple[float, ...]:
    return (x, y, 0.0, 4.0, 2.0, 1.5, yaw)


def in_each(boxes: Boxes) -> np.ndarray:
    return boxes.box[:, :3].copy()


def of_one_frame(labels: Boxes, found: Boxes, rules: Rules = RULES, points=None) -> Outcomes:
    return outcomes([(labels, found, in_each(labels) if points is None else points)], rules)


def test_a_second_box_of_an_object_is_wrong():
    found = Boxes.of([car(10.2), car(10), car(30)], [CAR] * 3, score=[0.8, 0.9, 0.7])
    got = of_one_frame(Boxes.of([car(10)], [CAR]), found)
    assert got.outcome.tolist() == [0, 1, 0]
    assert got.objects == 1


@pytest.mark.parametrize("seed", range(8))
def test_the_points_in_labels_are_all_that_counts(seed: int):
    """By chance: boxes of two classes that overlap, some to be ignored; points on their very sides
    too. Boxes of the other class make car's count as neighbours."""
    rng = np.random.default_rng(seed)
    boxes = rng.uniform((0, -8, -1, 1, 1, 1, -4), (40, 8, 1, 6, 3, 3, 4), (25, 7))
    labels = Boxes.of(boxes, rng.integers(0, 2, 25), ignore=rng.random(25) < 0.3)
    shifted = boxes + rng.normal(0, 0.3, boxes.shape) * (np.arange(7) < 3)
    found = Boxes.of(shifted, labels.label, score=rng.random(25))
    sides = boxes[:, :3] + np.array([0, 0, 0.5]) * boxes[:, 5:6]
    points = np.concatenate([rng.uniform((0, -8, -3), (40, 8, 3), (400, 3)), sides])
    points = np.column_stack([points, rng.random(len(points))]).astype(np.float32)
    kept = counted_points(labels, points)
    assert 0 < len(kept) < len(points) / 2
    assert kept.shape[1] == 3
    objects = set()
    for least in (1, 2, 3, 5, 8):
        rules = Rules(CAR, 0.3, points=least, neighbours=(VAN,))
        whole, part = (of_one_frame(labels, found, rules, some) for some in (points, kept))
        objects.add(whole.objects)
        assert whole.objects == part.objects
        for one, other in zip(whole[:3], part[:3], strict=True):
            np.testing.assert_array_equal(one, other)
    assert len(objects) > 2


def test_the_largest_overlap_is_taken():
    labels = Boxes.of([car(10), car(10.8)], [CAR, CAR])
    found = Boxes.of([car(10.7), car(10.2)], [CAR, CAR], score=[0.9, 0.8])
    assert of_one_frame(labels, found).outcome.tolist() == [1, 1]


def test_a_neighbour_is_neither_right_nor_wrong():
    labels = Boxes.of([car(10), car(10.6)], [VAN, CAR])
    found = Boxes.of([car(10.1), car(10.2), car(10.3)], [CAR] * 3, score=[0.9, 0.8, 0.7])
    # The first takes the car that counts though the van is nearer; the second the van.
    assert of_one_frame(labels, found).outcome.tolist() == [1, NOT_COUNTED, 0]


def test_objects_of_few_points_are_not_counted():
    labels = Boxes.of([car(10), car(20)], [CAR, CAR])
    points = np.repeat(in_each(labels), [5, 4], axis=0)
    found = Boxes.of([car(10), car(20)], [CAR, CAR], score=[0.9, 0.8])
    rules = RULES._replace(points=LEAST_POINTS["hard"])
    got = of_one_frame(labels, found, rules, points)
    assert got.outcome.tolist() == [1, NOT_COUNTED]
    assert got.objects == 1
    assert (LEAST_POINTS["LEVEL_1"], LEAST_POINTS["LEVEL_2"]) == (6, 1)


def test_regions_and_ranges_excuse():
    labels = Boxes.of([car(10), (30, 0, 0, 10, 10, 3, 0)], [CAR, CAR], ignore=[False, True])
    found = Boxes.of([car(30), car(35.1), car(60)], [CAR] * 3, score=[0.9, 0.8, 0.7])
    # 30 lies in the region; of 35.1 only 19 of 40 parts do; 60 is out of range.
    got = of_one_frame(labels, found, RULES._replace(ranges=(0, 50)))
    assert got.outcome.tolist() == [NOT_COUNTED, 0, NOT_COUNTED]
    assert got.objects == 1


def test_turns_and_other_classes():
    labels = Boxes.of([car(10, yaw=3.1)], [CAR])
    found = Boxes.of([car(10, yaw=-3.1), car(10)], [CAR, VAN], score=[0.9, 0.95])
    got = of_one_frame(labels, found)
    assert got.score.tolist() == [0.9]
    assert got.turn[0] == pytest.approx(2 * math.pi - 6.2)


def test_above_and_in_space_differ():
    labels = Boxes.of([car(10)], [CAR])
    found = Boxes.of([(10, 0, 0.9, 4, 2, 1.5, 0)], [CAR], score=[0.9])
    assert of_one_frame(labels, found).outcome.tolist() == [0]
    assert of_one_frame(labels, found, RULES._replace(space=False)).outcome.tolist() == [1]


def test_of_nothing():
    none = Boxes.of(np.zeros((0, 7)), [])
    assert outcomes([], RULES).objects == 0
    assert of_one_frame(none, none, points=np.zeros((0, 3))).outcome.tolist() == []
    got = of_one_frame(Boxes.of([car(10)], [CAR]), none)
    assert simple_ap(got) == 0


def slow_half_right_from(score: np.ndarray, outcome: np.ndarray) -> float:
    """Each score tried by itself."""
    score, right = score[outcome != NOT_COUNTED], outcome[outcome != NOT_COUNTED] == RIGHT
    if len(score) < 10:
        return np.nan
    good = [s for s in score if (score >= s).sum() >= 10 and right[score >= s].mean() >= 0.5]
    return min(good, default=1.0)


@pytest.mark.parametrize("seed", range(12))
def test_from_which_score_on_half_are_right_is_that_of_a_slow_search(seed: int):
    rng = np.random.default_rng(seed)
    parts = []
    for count in rng.integers(0, 40, 3):
        score = np.round(rng.uniform(0.1, 1, count), rng.integers(1, 4))  # some in common
        right = rng.uniform(size=count) < score ** rng.uniform(0.5, 3)
        outcome = np.where(rng.uniform(size=count) < 0.1, NOT_COUNTED, right).astype(np.int8)
        parts.append(Outcomes(score, outcome, np.full(count, np.nan), 9))
    scores, outcome = (np.concatenate([part[k] for part in parts]) for k in range(2))
    found, wanted = half_right_from(parts), slow_half_right_from(scores, outcome)
    assert found == wanted or np.isnan([found, wanted]).all()


def test_where_no_score_is_half_right_it_is_one_and_a_few_boxes_tell_nothing():
    wrong = Outcomes(np.linspace(0.1, 0.9, 12), np.zeros(12, np.int8), np.full(12, np.nan), 5)
    assert half_right_from([wrong]) == 1.0
    few = Outcomes(*(part[:9] for part in wrong[:3]), 5)
    assert np.isnan(half_right_from([few]))
    assert np.isnan(half_right_from([]))
