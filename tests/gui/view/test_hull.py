"""The convex hull against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from gui.view.hull import convex


def area(corners: np.ndarray) -> float:
    x, y = corners.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


@pytest.mark.parametrize("kind", ["scattered", "lattice", "circle", "squares"])
def test_corners_are_those_of_scipy(kind: str):
    chance = np.random.default_rng(len(kind))
    for _ in range(100):
        places = chance.normal(size=(int(chance.integers(4, 200)), 2))
        if kind == "lattice":
            places = np.vstack([np.round(3 * places), np.eye(3, 2)])
        elif kind == "circle":
            places /= np.linalg.norm(places, axis=1, keepdims=True)
        elif kind == "squares":
            corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)]) * 1e-3
            places = (places[:, None] + corners).reshape(-1, 2)
        found, right = convex(places), ConvexHull(places)
        assert len(set(found.tolist())) == len(found)
        assert area(places[found]) == pytest.approx(right.volume, rel=1e-9)  # turning left
        if kind != "lattice":  # there some lie on a side
            assert set(found.tolist()) == set(right.vertices.tolist())


def test_what_has_no_area_has_ends():
    line = np.array([(0, 0), (2, 2), (1, 1)], float)
    assert convex(line).tolist() == [0, 1]
    assert len(convex(np.zeros((5, 2)))) <= 2
    assert convex(np.ones((1, 2))).tolist() == [0]
