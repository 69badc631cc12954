"""Boxes to labels of points and back, and what is odd about boxes."""

from __future__ import annotations

import numpy as np

from core.boxes.checks import oddities
from core.boxes.formats import kitti_object
from core.boxes.geometry import points_in_boxes, rotated_iou_of_pairs
from core.boxes.kinds import kinds
from core.boxes.points import from_points, to_points
from core.boxes.table import Boxes
from core.data.classes import IGNORED, UNLABELLED
from core.prepare.ground import ground_mask
from tests.core.boxes.frames import KITTI, NAMES, object_frames
from tests.core.boxes.shapes import corner_of_a_car

CAR, MAN = KITTI.index("car"), KITTI.index("pedestrian")
SIZES = [kind.size for kind in kinds(KITTI, "kitti")]


def test_a_point_is_of_the_smallest_box_it_lies_in():
    boxes = Boxes.of(
        [(0, 0, 0, 4, 2, 2, 0), (0, 0, 0, 1, 1, 2, 0), (0, 0, 0, 20, 20, 5, 0)],
        [CAR, MAN, CAR],
        ignore=[False, False, True],
    )
    points = np.array([(0, 0, 0), (1.5, 0, 0), (5, 0, 0), (50, 0, 0), (np.nan, 0, 0), (0, 0, 0.5)])
    found = to_points(points, boxes, np.arange(6) == 5)
    assert found.label.tolist() == [MAN, CAR, IGNORED, UNLABELLED, UNLABELLED, UNLABELLED]
    assert found.row.tolist() == [1, 0, -1, -1, -1, -1]
    assert (found.label.dtype, found.row.dtype) == (np.uint8, np.int32)


def test_without_boxes_nothing_is_labelled():
    found = to_points(np.zeros((3, 4)), Boxes.of(np.zeros((0, 7)), []))
    assert found.label.tolist() == [UNLABELLED] * 3
    assert found.row.tolist() == [-1] * 3


def test_labels_make_boxes_and_boxes_the_same_labels():
    cars = [corner_of_a_car(12, 5, 0.4), corner_of_a_car(15, -8, 1.2)]
    floor = np.column_stack([*np.mgrid[0:20, -12:12].reshape(2, -1), np.full(480, -1.7)])
    points = np.concatenate([cars[0][0], cars[1][0], floor])
    instance = np.repeat([4, 9, 0], [120, 120, 480])
    label = np.where(instance > 0, CAR, UNLABELLED).astype(np.uint8)
    ground = np.arange(len(points)) >= 240
    boxes, notes = from_points(points, label, instance, SIZES, ground)
    assert notes == ()
    assert boxes.track.tolist() == ["4", "9"]
    overlap = rotated_iou_of_pairs(boxes.box, np.array([box for _, box in cars]))[1]
    assert (overlap > 0.85).all()
    again = to_points(points, boxes, ground)
    np.testing.assert_array_equal(again.label, label)
    np.testing.assert_array_equal(again.row, np.select([instance == 4, instance == 9], [0, 1], -1))


def test_what_is_odd_about_things_is_said():
    points = np.column_stack([np.linspace(10, 11, 40), np.zeros(40), np.linspace(0, 1, 40)])
    instance = np.repeat([1, 1, 2, 3], [15, 15, 5, 5])
    label = np.repeat([CAR, MAN, IGNORED, CAR], [15, 15, 5, 5]).astype(np.uint8)
    ground = np.arange(40) >= 35
    boxes, notes = from_points(points, label, instance, SIZES, ground)
    assert boxes.track.tolist() == [f"{CAR}-1", f"{MAN}-1"]
    assert notes == (
        "1 thing without a class: no box.",
        "1 thing of ground points alone: no box.",
    )
    few = from_points(points[:3], label[:3], instance[:3], SIZES, ground[:3])
    assert few[1] == ("1 thing of fewer than 10 points: of the class's mean size.",)
    none = from_points(points, np.full(40, CAR, np.uint8), np.zeros(40, int), SIZES, ground)
    assert (len(none[0]), none[1]) == (0, ())


def test_real_boxes_come_back_from_their_points():
    right = total = 0
    for file, calibration in object_frames():
        points = np.fromfile(file.parents[1] / f"velodyne/{file.stem}.bin", "<f4").reshape(-1, 4)
        boxes = kitti_object.read(file, calibration, NAMES)
        ground = ground_mask(points, sensor_height_m=1.73)
        found = to_points(points, boxes, ground)
        np.testing.assert_array_equal(
            found.row >= 0, (points_in_boxes(points, boxes.box) >= 0) & ~ground
        )
        held = np.bincount(found.row[found.row >= 0], minlength=len(boxes)) >= 20
        held &= boxes.label == CAR
        made, _ = from_points(points, found.label, found.row + 1, SIZES, ground)
        row = {int(track): box for track, box in zip(made.track, made.box, strict=True)}
        for place in np.flatnonzero(held):
            pair = row[int(place) + 1][None], boxes.box[place][None]
            right += rotated_iou_of_pairs(*pair)[1][0] >= 0.7
            total += 1
    assert total >= 40
    assert right / total > 0.8


def test_boxes_without_points_and_boxes_twice_are_told():
    boxes = Boxes.of(
        [(0, 0, 0, 4, 2, 2, 0), (0.1, 0, 0, 4, 2, 2, 0), (30, 1, 0, 4, 2, 2, 0)], [CAR, CAR, MAN]
    )
    said = oddities(boxes, np.zeros((1, 4)), KITTI)
    assert said[0].startswith("1 box of 3 holds no point: pedestrian at 30.0, 1.0 m.")
    assert said[1] == "1 box lies on another of the same class: car at 0.1, 0.0 m."
    assert oddities(boxes.take([0]), np.zeros((1, 4)), KITTI) == ()
