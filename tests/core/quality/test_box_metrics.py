"""What found boxes are worth: numbers by hand, and the lines that tell them."""

from __future__ import annotations

import numpy as np
import pytest

from core.boxes.camera import AS_IF, completed
from core.boxes.evaluation.kitti_ap import Frame
from core.boxes.kinds import kinds
from core.boxes.table import NONE, Boxes
from core.data.classes import load_classes
from core.quality.box_metrics import Judged, box_metrics, told
from tests.kitti_made import CAR, NAMES, PEDESTRIAN, road

KINDS = kinds(NAMES, load_classes("kitti").name)


def judged(shift: float, seed: int = 0, *, picture: bool = True) -> Judged:
    points, labels = road(seed)
    box = labels.box.copy()
    box[:, 2] += shift
    found = Boxes.of(box, labels.label, score=[0.9, 0.8])
    both = (completed(b, AS_IF, (1242, 375)) for b in (labels, found))
    return Judged(labels, found, points, Frame(*both) if picture else None)


def test_perfect_boxes_have_all_and_kitti_is_capped():
    made = box_metrics([judged(0, seed) for seed in range(3)], NAMES, KINDS)
    assert set(made["classes"]) == {"car", "pedestrian"}
    car = made["classes"]["car"]
    assert (car["objects"], car["found"], car["strict"], car["bev_strict"]) == (3, 3, 1.0, 1.0)
    assert car["d_ece"] == pytest.approx(0.1)  # always right, and said with 0.9
    assert car["kitti"]["r40"]["3d"][2] == pytest.approx(100 * 2 / 40)
    assert made["mean"] == {"strict": 1.0, "loose": 1.0, "bev_strict": 1.0}
    assert made["half_right_from"] is None  # six boxes tell nothing
    more = box_metrics([judged(0, seed) for seed in range(6)], NAMES, KINDS)
    assert more["half_right_from"] == 0.8
    assert any("5.0% of 5.0% at most (3)" in line for line in told(made))


def test_boxes_that_hang_in_the_air_are_right_from_above_alone():
    made = box_metrics([judged(0.5)], NAMES, KINDS)
    car = made["classes"]["car"]
    # IoU in space (1.56 - .5) / (1.56 + .5) = .51: loose, not strict.
    assert (car["strict"], car["loose"], car["bev_strict"]) == (0.0, 1.0, 1.0)
    assert car["d_ece"] == pytest.approx(0.9)


def test_what_was_not_found_or_is_not_there_is_told():
    one = judged(0, picture=False)
    car, person = (one.labels.take(one.labels.label == label) for label in (CAR, PEDESTRIAN))
    wrong = one.found.take(one.found.label == PEDESTRIAN)
    made = box_metrics([one._replace(labels=car, found=wrong)], NAMES, KINDS)
    assert made["classes"]["car"]["strict"] == 0.0
    assert made["classes"]["car"]["d_ece"] is None
    assert made["classes"]["pedestrian"]["objects"] == 0
    assert made["classes"]["pedestrian"]["strict"] is None
    assert made["mean"]["strict"] == 0.0
    assert "kitti" not in made["classes"]["car"]
    assert "–" in "".join(told(made))
    nothing = box_metrics([Judged(NONE, NONE, np.zeros((0, 3)))], NAMES, KINDS)
    assert (nothing["classes"], nothing["mean"]["strict"]) == ({}, None)
    assert len(person) == 1
