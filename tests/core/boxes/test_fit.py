"""Boxes fitted to points: by hand, by property, and on real frames as well as once measured."""

from __future__ import annotations

import numpy as np
import pytest

from core.boxes.click import candidates
from core.boxes.fit import fit_box, ground_height
from core.boxes.formats import kitti_object, kitti_tracking
from core.boxes.geometry import points_in_boxes, rotated_iou_of_pairs
from core.boxes.kinds import kinds
from core.boxes.labelled import most_objects
from core.prepare.ground import ground_mask
from tests.core.boxes.frames import KITTI, NAMES, drive, object_frames
from tests.core.boxes.shapes import corner_of_a_car
from tests.samples import samples

KINDS = kinds(KITTI, "kitti")
SIZES = [kind.size for kind in KINDS]
CAR = KITTI.index("car")
GROUND = -1.7


@pytest.mark.parametrize("yaw", np.radians(range(-85, 90, 17)))
@pytest.mark.parametrize("place", [(12, 5), (12, -6), (-9, 7), (3, -11)])
def test_two_sides_of_a_car_make_the_car(yaw: float, place):
    points, box = corner_of_a_car(*place, yaw)
    found = fit_box(points, SIZES[CAR], ground=GROUND)
    assert rotated_iou_of_pairs(found[None], box[None])[1][0] > 0.9
    # Which end is the front cannot be seen: the one ahead is taken.
    assert -np.pi / 2 <= found[6] < np.pi / 2


def test_a_heading_says_which_end_is_the_front():
    points, _ = corner_of_a_car(12, 5, 0.4)
    ahead = fit_box(points, SIZES[CAR], ground=GROUND, heading=0.5)
    back = fit_box(points, SIZES[CAR], ground=GROUND, heading=0.5 + np.pi)
    assert ahead[6] == pytest.approx(0.4, abs=0.03)
    assert np.cos(back[6] - ahead[6]) == pytest.approx(-1)
    np.testing.assert_allclose(ahead[:6], back[:6])


def test_the_rear_of_a_car_makes_a_car_that_drives_away():
    rng = np.random.default_rng(0)
    points = np.column_stack(
        [rng.normal(10, 0.01, 80), rng.uniform(-0.8, 0.8, 80), rng.uniform(-1.5, -0.3, 80)]
    )
    found = fit_box(points, SIZES[CAR], ground=GROUND)
    np.testing.assert_allclose(found[:2], [10 + 3.9 / 2, 0], atol=0.1)
    np.testing.assert_allclose(found[3:5], [3.9, 1.6], atol=0.1)
    assert abs(found[6]) < 0.05


def test_few_points_make_the_mean_box_behind_them():
    points = np.array([(20.0, 0.1, -1.0), (20.1, -0.1, -0.8)])
    found = fit_box(points, SIZES[CAR], ground=GROUND)
    np.testing.assert_allclose(found[3:5], [3.9, 1.6])
    assert found[0] == pytest.approx(20 + 1.95, abs=0.06)
    assert found[5] == pytest.approx(0.9 * 1.56)
    assert found[2] - found[5] / 2 == pytest.approx(GROUND)


def test_of_an_unknown_class_the_box_holds_just_the_points():
    points, _ = corner_of_a_car(12, 5, 0.4)
    found = fit_box(points, None)
    assert (points_in_boxes(points, found[None]) == 0).all()
    assert found[5] == pytest.approx(np.ptp(points[:, 2]) + 0.08, abs=1e-5)
    one = fit_box(np.array([(1.0, 2, 3)]), None)
    assert (one[3:6] > 0).all()


def test_the_world_may_turn_and_the_sensor_move():
    points, _ = corner_of_a_car(12, 5, 0.4)
    found = fit_box(points, SIZES[CAR], ground=GROUND)
    moved = fit_box(points + np.array([7, -3, 0]), SIZES[CAR], ground=GROUND, sensor=(7, -3))
    np.testing.assert_allclose(moved - found, [7, -3, 0, 0, 0, 0, 0], atol=1e-9)


def test_a_click_on_the_ground_or_on_nothing_makes_no_box():
    points, _ = corner_of_a_car(12, 5, 0.4)
    points[1] = np.nan
    ground, cluster = np.zeros(len(points), bool), np.zeros(len(points), int)
    ground[0] = True
    assert candidates(points, ground, cluster, 0, SIZES) == ()
    assert candidates(points, ground, cluster, 1, SIZES) == ()


def test_a_click_tries_each_class_and_the_nearest_size_first():
    points, box = corner_of_a_car(12, 5, 0.4, count=300)
    other, _ = corner_of_a_car(40, 5, 0.4)
    all_points = np.concatenate([points, other])
    rows = len(all_points)
    found = candidates(all_points, np.zeros(rows, bool), np.full(rows, -1), 5, SIZES)
    assert found[0].label == CAR
    assert rotated_iou_of_pairs(found[0].box[None], box[None])[0][0] > 0.8
    assert {candidate.label for candidate in found} == set(range(7))
    assert max(found[0].rows) < len(points)
    only = candidates(all_points, np.zeros(rows, bool), np.full(rows, -1), 5, SIZES, CAR)
    assert {candidate.label for candidate in only} == {CAR}


def test_the_kinds_of_a_list():
    assert KINDS[CAR].neighbour == KITTI.index("van")
    assert KINDS[CAR].size == (3.9, 1.6, 1.56)
    assert KINDS[KITTI.index("misc")].size is None
    assert kinds(["car"], "nuscenes")[0].size == (4.63, 1.97, 1.74)
    assert kinds(["Traffic cone"])[0].size == (0.41, 0.41, 1.07)


def test_what_is_unknown_is_nobodys_neighbour():
    found = kinds(["cyclist", "van", "scooter", "car"])
    assert [kind.neighbour for kind in found] == [None, None, None, 1]


def test_a_class_of_a_new_name_is_the_thing_it_was():
    """But where the new one is known too, it is that."""
    names = [{"car": "automobile", "van": "lorry", "cyclist": "tram"}.get(n, n) for n in KITTI]
    was = [(n, "one more") if n in ("car", "van", "cyclist") else () for n in KITTI]
    found = kinds(names, "kitti", was)
    assert found[CAR] == KINDS[CAR]
    assert found[CAR].neighbour == KITTI.index("van")
    assert found[KITTI.index("cyclist")].size == KINDS[KITTI.index("tram")].size
    assert most_objects(found)[CAR] == 15
    # What is another thing now is no neighbour any more.
    names = ["bus" if name == "van" else name for name in KITTI]
    was = [("van",) if name == "bus" else () for name in names]
    found = kinds(names, "kitti", was)
    assert found[KITTI.index("van")].name == "bus"
    assert found[CAR].neighbour is None


def real_scenes():
    """(points, ground, boxes) of the object frames and every tenth of the drive."""
    for file, calibration in object_frames():
        points = np.fromfile(file.parents[1] / f"velodyne/{file.stem}.bin", "<f4").reshape(-1, 4)
        yield points, kitti_object.read(file, calibration, NAMES)
    file, calibration = drive()
    frames = kitti_tracking.read(file, calibration, NAMES).frames
    for frame in range(0, 154, 10):
        scan = samples("kitti_tracking/training") / f"velodyne_reduced/0000/{frame:06d}.bin"
        yield np.fromfile(scan, "<f4").reshape(-1, 4), frames[str(frame)]


@pytest.fixture(scope="module")
def real() -> dict[str, np.ndarray]:
    """By class (n, 4) IoU in space and from above: of own points, of a click in their middle."""
    found: dict[str, list[tuple[float, ...]]] = {}
    wanted = {"car": 77, "van": 34, "pedestrian": 25, "cyclist": 28}
    for points, boxes in real_scenes():
        ground = ground_mask(points, sensor_height_m=1.73)
        for box, label in zip(boxes.box, boxes.label, strict=True):
            inside = points_in_boxes(points, box[None]) == 0
            own = np.flatnonzero(inside & ~ground)
            if KITTI[label] not in wanted or inside.sum() < 20 or len(own) < 5:
                continue
            level = ground_height(points, ground, points[own, :2].mean(0))
            away = np.linalg.norm(points[own, :3] - points[own, :3].mean(0), axis=1)
            clicked = candidates(
                points, ground, np.full(len(points), -1), own[away.argmin()], SIZES, int(label)
            )
            fits = [fit_box(points[own], SIZES[label], ground=level), clicked[0].box]
            overlaps = [rotated_iou_of_pairs(fit[None], box[None]) for fit in fits]
            found.setdefault(KITTI[label], []).append(
                tuple(float(value[0]) for overlap in overlaps for value in overlap[::-1])
            )
    assert {name: len(rows) for name, rows in found.items()} == wanted
    return {name: np.array(rows) for name, rows in found.items()}


# Shares right by the benchmark's IoU, of own points and of a click (docs/method.md, Boxes).
@pytest.mark.parametrize(
    ("name", "least", "own", "click"),
    [
        ("car", 0.7, 0.80, 0.58),
        ("van", 0.7, 0.76, 0.48),
        ("pedestrian", 0.5, 0.40, 0.40),
        ("cyclist", 0.5, 0.99, 0.76),
    ],
)
def test_real_things_are_fitted(real, name: str, least: float, own: float, click: float):
    assert (real[name][:, 0] >= least).mean() >= own
    assert (real[name][:, 2] >= least).mean() >= click
