"""Where one drives: a closed way with a point at every metre, which comes to no place twice."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from core.simulate.circuit import LAP_M, streets
from core.simulate.districts import SEEN, UNSEEN, District
from core.simulate.ground import Ground
from core.simulate.materials import Material

KINDS = (*SEEN, UNSEEN)


def made(district: District, seed: int) -> tuple[Ground, np.random.Generator]:
    rng = np.random.default_rng(seed)
    d = district
    return Ground(d, streets(rng, d.nodes, d.radius, d.jitter, d.side_share), rng), rng


@pytest.mark.parametrize("district", KINDS, ids=lambda d: d.name)
@pytest.mark.parametrize("seed", range(3))
def test_a_circuit_is_closed_and_visits_no_place_twice(district: District, seed: int):
    way = made(district, seed)[0].streets
    lap = way.xy[way.of(0)]
    steps = np.linalg.norm(np.diff(np.concatenate([lap, lap[:1]]), axis=0), axis=1)
    assert len(lap) == LAP_M
    assert 0.98 < steps.min() <= steps.max() < 1.001
    # A metre a scan: of scans that are more than 80 m of driving apart, none sees the same street.
    pairs = cKDTree(lap).query_pairs(20.0, output_type="ndarray")
    along = np.abs(pairs[:, 0] - pairs[:, 1])
    assert np.minimum(along, len(lap) - along).max() < 80


@pytest.mark.parametrize("district", KINDS, ids=lambda d: d.name)
def test_a_circuit_turns_to_both_sides_and_smoothly(district: District):
    way = made(district, 1)[0].streets
    ahead = way.ahead[way.of(0)]
    angle = np.arctan2(ahead[:, 1], ahead[:, 0])
    turns = np.diff(np.unwrap(np.append(angle, angle[0])))
    assert abs(turns.sum()) == pytest.approx(2 * np.pi, abs=0.05)
    assert np.abs(turns).max() < 1.2 / district.radius
    place, direction = way.at(np.array([0.0, 0.5, LAP_M + 0.5]))
    np.testing.assert_allclose(place[1], place[2], atol=1e-9)
    np.testing.assert_allclose(place[1], (way.xy[0] + way.xy[1]) / 2, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(direction, axis=1), 1)


def test_a_street_is_a_road_a_sidewalk_and_what_lies_behind():
    district = KINDS[0]
    ground = made(district, 2)[0]
    way = ground.streets
    middle = way.xy[100]
    left = np.array([-way.ahead[100, 1], way.ahead[100, 0]])
    bay = float(ground.bays(0, np.array(1), np.array(100.0)))
    half = district.half_road
    offsets = [1.0, half - 0.2, half + bay + 0.3, half + bay + district.walk - 0.3]
    found = ground.materials(middle + np.outer(offsets, left))
    assert [Material(m) for m in found] == [Material.ROAD] * 2 + [Material.SIDEWALK] * 2
    if bay:
        assert ground.materials((middle + (half + bay / 2) * left)[None])[0] == Material.PARKING
    # The kerb is a step, whatever the slope.
    low, high = ground.heights(middle + np.outer([half + bay - 0.05, half + bay + 0.05], left))
    assert high - low == pytest.approx(0.12, abs=0.03)


def test_the_mesh_lies_in_the_ground():
    ground = made(KINDS[1], 3)[0]
    mesh = ground.mesh(ground.streets.xy[200:203], 30.0)
    rows = np.linspace(0, len(mesh.vertices) - 1, 500).astype(int)
    corners = mesh.vertices[rows].astype(float)
    np.testing.assert_allclose(ground.heights(corners[:, :2]), corners[:, 2], atol=0.13)
    assert set(np.unique(mesh.material)) >= {Material.ROAD, Material.SIDEWALK, Material.TERRAIN}
