"""Rays, returns and boxes: geometry by hand, and labels that agree with the boxes round them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.base.errors import SettingsError
from core.simulate import districts
from core.simulate.materials import QUANTILES, RAW, TABLE, Material, reflection
from core.simulate.mesh import box, panel
from core.simulate.movers import OWN_SPEED
from core.simulate.place import Place
from core.simulate.scanning import scan
from core.simulate.scene import NOTHING, Scene
from core.simulate.sensor import sensor

# A district with little green: half the time.
QUICK = replace(
    districts.OLD_TOWN, nodes=(1, 1), side_share=0.0, groves=0.2, woods=0.2, bushes=0.5, weeds=0.0
)


@pytest.fixture(scope="module")
def place() -> Place:
    return Place(QUICK, (7, 0), tail=2.0)


def test_a_ray_meets_a_wall_where_geometry_says():
    wall = panel((10, -5), (10, 5), 0, 4, Material.BUILDING)
    block = box((2, 2, 2), Material.CAR, (0, 6, 0))
    scene = Scene([wall, block], [0, 9], [0.0, 0.5])
    start = np.tile(np.float32([0, 0, 1]), (4, 1))
    ray = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [-1, 0, 0]], np.float32)
    hits = scene.cast(np.hstack([start, ray]))
    # The second would reach x = 10 at y = 7.5, beside the wall; the block's side is at y = 5.
    assert hits.away[:3].tolist() == pytest.approx([10, np.inf, 5])
    assert hits.material.tolist() == [Material.BUILDING, NOTHING, Material.CAR, NOTHING]
    assert hits.thing.tolist() == [0, 0, 9, 0]
    assert hits.facing[[0, 2]].tolist() == pytest.approx([1, 1])
    rays, things = scene.all_met(np.hstack([start, ray]))
    assert (9, 2) in set(zip(things.tolist(), rays.tolist(), strict=True))


def test_the_sensors_beams():
    large, small = sensor(64), sensor(32)
    starts, rays = large.rays
    assert rays.shape == (64 * large.columns, 3)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=1), 1, atol=1e-6)
    # Straight ahead first, then to the left; a quarter turn later along y.
    angle = np.radians(large.elevation[0])
    np.testing.assert_allclose(rays[0], [np.cos(angle), 0, np.sin(angle)], atol=1e-6)
    quarter = rays[large.columns // 4]
    np.testing.assert_allclose(quarter, [0, np.cos(angle), np.sin(angle)], atol=1e-6)
    assert starts[0, 2] == pytest.approx(0.206)
    # As the sample has them: 1.333 degrees apart, from +10.67 down.
    assert small.elevation[[0, 8, 31]].tolist() == pytest.approx([10.67, 0, -30.67], abs=0.01)
    assert np.bincount(small.ring).tolist() == [small.columns] * 32
    with pytest.raises(SettingsError, match="48 beams"):
        sensor(48)


def test_rays_of_the_small_sensor_end_on_the_own_roof():
    eyes = sensor(32)
    rays, away = eyes.rays[1], eyes.to_own
    hit = np.isfinite(away)
    ends = rays[hit] * away[hit, None]
    assert (ends[:, 2] < -0.35).all()
    assert 0.1 < hit.mean() < 0.4
    assert not np.isfinite(sensor(64).to_own).any()


def test_reflections_follow_their_quantiles():
    share = np.array(QUANTILES)
    for material, kind in TABLE.items():
        found = reflection(np.full(len(share), material), share)
        np.testing.assert_allclose(found, kind.levels, atol=1e-12)
    road = reflection(np.full(20_001, Material.ROAD), np.linspace(0, 1, 20_001))
    np.testing.assert_allclose(np.quantile(road, [0.1, 0.5, 0.9]), [0.05, 0.27, 0.34], atol=0.01)


def test_a_mover_moves_at_its_speed(place: Place):
    mover = next(m for m in place.movers if m.speed < -5)
    time = mover.meet - 1.0
    first, _ = mover.pose(place.ground, time)
    second, heading = mover.pose(place.ground, time + 0.2)
    way = (second - first)[:2]
    # On a curve its path is a little shorter or longer than the circuit's middle.
    assert np.linalg.norm(way) == pytest.approx(0.2 * abs(mover.speed), rel=0.35)
    assert np.cos(heading - np.arctan2(way[1], way[0])) > 0.98
    assert any(thing.number == mover.number for thing in place.moving(time))
    assert not any(thing.number == mover.number for thing in place.moving(mover.end + 0.1))


def test_boxes_hold_the_points_that_labels_give_them(place: Place):
    mover = next(m for m in place.movers if m.speed < -5)
    seen = scan(place, (mover.meet - 0.6) * OWN_SPEED, sensor(64), boxes=True)
    number, raw = seen.labels >> 16, seen.labels & 0xFFFF
    assert {box.number for box in seen.boxes} == set(np.unique(number).tolist()) - {0}
    assert any(box.number == mover.number and box.raw >= 252 for box in seen.boxes)
    for each in seen.boxes:
        mine = number == each.number
        assert mine.sum() == each.points
        assert set(raw[mine]) == {each.raw}
        assert (each.speed > 0) == (each.raw >= 252)
        assert 0 <= each.seen <= 1
        off = seen.points[mine, :3] - each.centre
        c, s = np.cos(each.yaw), np.sin(each.yaw)
        local = np.column_stack([c * off[:, 0] + s * off[:, 1], c * off[:, 1] - s * off[:, 0]])
        # A box stands upright in the sensor's frame, on a slope it leans; ranges have noise.
        outside = np.abs(np.column_stack([local, off[:, 2]])) - each.size / 2
        assert outside.max() < 0.35
        assert np.median(outside.max(1)) < 0.1
    # Whole the other way: what else lies inside a box belongs to the ground or its neighbours.
    large = max(seen.boxes, key=lambda b: b.points)
    off = seen.points[:, :3] - large.centre
    inside = (np.linalg.norm(off[:, :2], axis=1) < 0.4 * large.size[1]) & (
        np.abs(off[:, 2]) < 0.3 * large.size[2]
    )
    assert set(number[inside]) <= {large.number}


def test_a_scan_is_the_same_whatever_was_asked_before(place: Place):
    eyes = sensor(32)
    fresh = Place(QUICK, (7, 0), tail=2.0)
    scan(place, 700.0, eyes)
    first, second = scan(place, 12.0, eyes), scan(fresh, 12.0, eyes)
    assert first.points.tobytes() == second.points.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()
    np.testing.assert_array_equal(first.pose, second.pose)


def test_the_road_lies_below_the_sensor(place: Place):
    seen = scan(place, 40.0, sensor(64))
    away = np.linalg.norm(seen.points[:, :2], axis=1)
    road = seen.points[(seen.labels & 0xFFFF == RAW[Material.ROAD]) & (away < 8)]
    assert abs(np.median(road[:, 2]) + 1.73) < 0.06
    assert 90_000 < len(seen.points) < 135_000
    assert ((seen.points[:, 3] >= 0) & (seen.points[:, 3] < 1)).all()
    assert np.linalg.norm(seen.points[:, :3], axis=1).min() > 1.9
