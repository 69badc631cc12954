"""Labelled frames as samples: objects of others are set in them, and never on anything."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.jobs import Job
from core.boxes.geometry import points_in_boxes, points_per_box, rotated_iou
from core.boxes.kinds import kinds
from core.boxes.labelled import Frame, LabelledFrames, most_objects
from core.boxes.table import Boxes
from core.data.classes import load_classes
from tests.kitti_made import CAR, NAMES, PEDESTRIAN, road

MOST = {CAR: 4, PEDESTRIAN: 3}


def frames(count: int, **columns) -> tuple[list[Frame], dict[str, np.ndarray]]:
    made, points = [], {}
    for seed in range(count):
        points[str(seed)], boxes = road(seed)
        made.append(Frame(str(seed), boxes, f"digest {seed}"))
    return made, points


def samples(count: int = 5, seed: int = 0, *, paste: bool = True) -> LabelledFrames:
    made, points = frames(count)
    return LabelledFrames(made, points.__getitem__, MOST, seed, Job(), paste=paste)


def test_each_frame_comes_once_before_any_comes_again():
    found = samples(5, paste=False)
    first = [found.sample(number).boxes[0, 0] for number in range(5)]
    second = [found.sample(number).boxes[0, 0] for number in range(5, 10)]
    assert len(set(first)) == 5
    assert set(first) == set(second)
    assert first != second


def test_what_is_set_in_a_frame_touches_nothing_and_holds_its_points():
    found, without = samples(), samples(paste=False)
    more = 0
    for number in range(20):
        sample, bare = found.sample(number), without.sample(number)
        own = len(bare.boxes)
        np.testing.assert_array_equal(sample.boxes[:own], bare.boxes)
        more += len(sample.boxes) - own
        overlap = rotated_iou(sample.boxes, sample.boxes)[0]
        assert (overlap[~np.eye(len(overlap), dtype=bool)] == 0).all()
        for label, most in MOST.items():
            assert (sample.labels == label).sum() <= most
        inside = points_per_box(sample.points, sample.boxes)
        assert (inside[own:] >= 5).all()
        # What lay where a thing was set is gone: each holds the points of one object.
        alone = points_per_box(bare.points, bare.boxes)
        np.testing.assert_array_equal(inside[:own], alone)
        assert (inside[own:] <= 81 + 60).all()
    assert more > 20


def test_a_sample_depends_on_seed_and_number_alone():
    a, b = samples(), samples()
    b.sample(3)
    for number in (7, 0):
        for mine, its in zip(a.sample(number), b.sample(number), strict=True):
            np.testing.assert_array_equal(mine, its)
    other = samples(seed=1)
    assert any(
        len(a.sample(n).points) != len(other.sample(n).points)
        or not np.array_equal(a.sample(n).points, other.sample(n).points)
        for n in range(4)
    )
    assert a.key == b.key != other.key


def test_the_key_tells_frames_boxes_and_contents_apart():
    made, points = frames(2)
    read, job = points.__getitem__, Job()
    key = LabelledFrames(made, read, MOST, 0, job).key
    moved = Frame("1", made[1].boxes.edited(0, made[1].boxes.box[0] + 0.01), made[1].digest)
    other = Frame("1", made[1].boxes, "another")
    for changed in ([made[0]], [made[0], moved], [made[0], other]):
        assert LabelledFrames(changed, read, MOST, 0, job).key != key
    assert LabelledFrames(made, read, {CAR: 1}, 0, job).key != key


def test_what_nobody_can_see_or_vouches_for_is_ignored():
    points, boxes = road(0)
    away = boxes.box[0] + np.eye(7)[0] * 60  # holds no point
    table = Boxes.of(
        [*boxes.box, away], [CAR, PEDESTRIAN, CAR], ignore=np.array([False, True, False])
    )
    found = LabelledFrames([Frame("0", table, "")], lambda _: points, MOST, 0, Job())
    sample = found.sample(0)
    np.testing.assert_allclose(sample.boxes, boxes.box[:1], rtol=1e-6)
    assert len(sample.ignore) == 2
    assert found.counts() == {CAR: 1}
    assert [item.label for item in found.items] == [CAR]


def test_a_frame_without_boxes_is_learnt_as_empty():
    points = road(0)[0]
    none = Boxes.of(np.zeros((0, 7)), [])
    found = LabelledFrames([Frame("0", none, "")], lambda _: points, MOST, 0, Job())
    sample = found.sample(0)
    assert (sample.boxes.shape, sample.labels.shape) == ((0, 7), (0,))
    np.testing.assert_array_equal(sample.points, points)


def test_items_are_the_objects_points_from_their_middles():
    found = samples(1)
    points, boxes = road(0)
    for item, box in zip(found.items, boxes.box, strict=True):
        inside = points[points_in_boxes(points, box[None]) == 0]
        back = item.points[:, :3] + item.box[:3]
        np.testing.assert_allclose(back, inside[:, :3], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "most"), [("car", 15), ("pedestrian", 10), ("cyclist", 10), ("van", 3), ("tram", 3)]
)
def test_so_many_objects_of_a_class_as_the_papers_code_has(name: str, most: int):
    about = kinds(NAMES, load_classes("kitti").name)
    assert most_objects(about)[NAMES.index(name)] == most
