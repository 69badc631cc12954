"""Where the camera stands, and what things are measured by."""

from __future__ import annotations

import numpy as np
import pytest

from gui.view.form import CELL_M, REACH_M, Ground, cell_heights, form_of
from gui.view.marks import PERSON_M, directions, footprint, grid, person
from gui.view.pose import pose_of, turned

SIZE = round(2 * REACH_M / CELL_M)
FLAT = Ground(np.full((SIZE, SIZE), -1.7, np.float32))
MIDDLES = (np.arange(SIZE) + 0.5) * CELL_M - REACH_M
SLOPE = Ground(np.repeat(0.1 * MIDDLES[:, None], SIZE, axis=1).astype(np.float32))


@pytest.mark.parametrize("middle", [(20, 0), (0, 20), (-15, -3), (7, -9)])
def test_the_camera_looks_along_the_scanners_ray(middle: tuple[float, float]):
    low, high = np.array([*middle, -1.0]) - 0.5, np.array([*middle, -1.0]) + 0.5
    pose = pose_of(low, high, FLAT, flat=False)
    _, ahead = directions(pose)
    np.testing.assert_allclose(ahead, np.array(middle) / np.hypot(*middle), atol=1e-6)
    assert pose.elevation == 15
    assert pose_of(low, high, FLAT, flat=True).elevation > 40


def test_a_thing_in_the_air_is_shown_with_the_ground_under_it():
    low, high = np.array([10.0, 0.0, 0.3]), np.array([11.0, 1.0, 1.3])
    pose = pose_of(low, high, FLAT, flat=False)
    assert pose.centre[2] == pytest.approx((-1.7 + 1.3) / 2)
    assert pose.metres == pytest.approx(5.5 + 1.6 * np.sqrt(1 + 1 + 3**2))
    up = np.array([0, 0, 9])
    assert pose_of(low + up, high + up, FLAT, flat=False).centre[2] == 9.8
    assert pose_of(low, low + 0.1, FLAT, flat=False).metres >= 8


def test_beside_the_scanner_the_camera_looks_as_the_car_drives():
    pose = pose_of(np.array([-1.0, -0.5, -1]), np.array([1.0, 1.0, 0]), FLAT, flat=False)
    np.testing.assert_allclose(directions(pose)[1], [1, 0], atol=1e-9)


def test_flights_turn_the_shorter_way_round():
    assert turned(170, -170, 0.5) == 180
    assert turned(-170, 170, 0.5) == -180
    assert turned(10, 50, 0.25) == 20


def test_the_person_stands_on_the_ground_at_the_right_of_the_thing():
    low, high = np.array([20.0, -1.0, 2.0]), np.array([22.0, 1.0, 4.0])
    pose = pose_of(low, high, SLOPE, flat=False)
    lines = person(pose, low, high, SLOPE)
    right, _ = directions(pose)
    assert len(lines) % 2 == 0
    assert np.ptp(lines[:, 2]) == pytest.approx(PERSON_M, rel=1e-3)
    assert lines[:, 2].min() == pytest.approx(0.1 * 21, abs=1e-3)
    across = (lines[:, :2] - pose.centre[:2]) @ right
    assert across.min() > 1.0  # beside the thing, which is 2 m wide


def test_the_grid_lies_on_the_ground():
    pose = pose_of(np.array([20.0, 3.0, 2.2]), np.array([21.0, 4.0, 3.0]), SLOPE, flat=False)
    lines = grid(pose, SLOPE)
    np.testing.assert_allclose(lines[:, 2], 0.1 * lines[:, 0] + 0.05, atol=1e-4)
    right, _ = directions(pose)
    across = (lines[::2, :2] - pose.centre[:2]) @ right
    assert np.diff(np.unique(np.round(across, 3))).min() == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("points", [
    np.array([[0.0, 0], [2, 0], [2, 2], [0, 2], [1, 1]]), np.array([[5.0, 5]]),
    np.array([[0.0, 0], [1, 1], [2, 2]]),
])  # fmt: skip
def test_the_footprint_goes_around_all_points(points: np.ndarray):
    line = footprint(points, FLAT)
    xy = line[:, :2]
    assert np.allclose(line[1::2][:-1], line[2::2])  # one closed way
    assert np.allclose(line[0], line[-1])
    assert (xy.min(axis=0) <= points.min(axis=0)).all()
    assert (xy.max(axis=0) >= points.max(axis=0)).all()


def test_a_kerb_stands_out_three_times_as_high():
    x, y = np.meshgrid(np.arange(5, 25, 0.2), np.arange(-10, 10, 0.2))
    z = 0.02 * x - 1.7 + 0.12 * (y > 3)
    points = np.column_stack([x.ravel(), y.ravel(), z.ravel(), x.ravel()]).astype(np.float32)
    form = form_of(points, np.ones(len(points), bool))
    rows = np.flatnonzero(np.hypot(points[:, 0] - 15, points[:, 1]) < 2)
    height = cell_heights(points, form, rows)
    # The kerb tilts the plane a little; across the kerb the step is three times as high.
    y = points[:, 1]
    step = height[(y > 3.01) & (y < 3.3)].mean() - height[(y > 2.7) & (y < 3)].mean()
    assert step == pytest.approx(3 * 0.12, abs=0.03)
    along = [height[(np.abs(y - 1) < 0.1) & (np.abs(points[:, 0] - x) < 0.3)] for x in (8, 15, 22)]
    assert np.ptp([part.mean() for part in along]) < 0.02  # the slope is gone
