"""Small pictures of units: few points are drawn larger, and where they are."""

from __future__ import annotations

import numpy as np

from core.assist.alike import Alike
from gui.points.tile import UNIT, draw_unit


def unit(points: np.ndarray, around: np.ndarray) -> Alike:
    return Alike("00/a#c0", np.arange(len(points)), points, around, ground=False)


def wall(columns: int, rows: int) -> np.ndarray:
    """Points (columns * rows, 3) of an upright wall, 2 m long and 1 m high."""
    x, z = np.meshgrid(np.linspace(0, 2, columns), np.linspace(0, 1, rows))
    return np.column_stack([x.ravel(), np.zeros(x.size), z.ravel()]).astype(np.float32)


def test_few_points_are_drawn_larger_than_many():
    nothing = np.zeros((0, 3), np.float32)
    shares = []
    for columns, rows in ((5, 4), (60, 40)):
        drawn = draw_unit(unit(wall(columns, rows), nothing), 120, 80)
        shares.append((drawn == UNIT).sum() / (columns * rows))
    few, many = shares
    assert few == 25  # a square of 5 x 5 pixels each, none over another
    assert many < 4.5


def test_a_point_is_in_the_middle_of_its_square():
    drawn = draw_unit(unit(wall(3, 3), np.zeros((0, 3), np.float32)), 121, 81)
    down, across = np.nonzero(drawn == UNIT)
    assert (down.min() + down.max()) / 2 == 40
    assert (across.min() + across.max()) / 2 == 60
