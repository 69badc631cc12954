"""Which columns are x, y, z and intensity: found by name, told, and never guessed in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.data.clouds import Columns, pick


def columns(*names: str, named: bool = True, dtype: str = "f4") -> Columns:
    """Column k holds the number k."""
    arrays = tuple(np.full(2, place, dtype) for place in range(len(names)))
    return Columns(Path("scan.ply"), names, arrays, named)


def numbered(count: int) -> Columns:
    return columns(*(str(place + 1) for place in range(count)), named=False)


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        ("x y z intensity", [0, 1, 2, 3]),
        ("intensity Z Y X", [3, 2, 1, 0]),
        ("X Y Z INTENSITY", [0, 1, 2, 3]),
        ("x y z i", [0, 1, 2, 3]),
        ("x y z rgb reflectivity", [0, 1, 2, 4]),
        ("x y z Reflectance", [0, 1, 2, 3]),
        ("x y z remission", [0, 1, 2, 3]),
        ("x y z signal", [0, 1, 2, 3]),
        ("x y z scalar_Intensity", [0, 1, 2, 3]),
        ("ring points_x points_y points_z Intensity", [1, 2, 3, 4]),
        ("Points:0 Points:1 Points:2 intensity", [0, 1, 2, 3]),
        ("x_[m] y_[m] z_[m] intensity_[0-1]", [0, 1, 2, 3]),
        ("pos_x pos_y pos_z amplitude", [0, 1, 2, 3]),
        ("Easting Northing Elevation Intensity", [0, 1, 2, 3]),
        ("x y z nx ny nz intensity", [0, 1, 2, 6]),
        ("px py pz x y z i", [3, 4, 5, 6]),  # x, y, z are of one family
    ],
)
def test_names_that_say_themselves(names: str, taken: list[int]):
    picked = pick(columns(*names.split()))
    assert picked.points[1].tolist() == taken
    assert picked.used == tuple(names.split()[place] for place in taken)
    assert set(picked.others) == set(names.split()) - set(picked.used)
    assert not picked.notes
    assert picked.used[3] in picked.told


def test_an_intensity_that_is_missing_is_told():
    picked = pick(columns("x", "y", "z", "ring"))
    assert picked.points[0].tolist() == [0, 1, 2, 0]
    (note,) = picked.notes
    assert "ring" in note
    assert "reflectivity" in note
    assert picked.told == "x, y, z from x, y, z; no intensity; not used: ring"


def test_several_that_may_be_the_intensity_are_told():
    picked = pick(columns("x", "y", "z", "signal", "reflectivity"))
    assert picked.used[3] == "reflectivity"
    (note,) = picked.notes
    assert "signal" in note
    assert "--columns" in note
    # Ouster's clouds have both, and one of them is called intensity.
    assert not pick(columns("x", "y", "z", "reflectivity", "intensity")).notes
    assert pick(columns("x", "y", "z", "Intensity", "intensity")).notes


@pytest.mark.parametrize(
    ("count", "taken", "says"),
    [
        (3, [0, 1, 2, 0], "intensity is 0"),
        (4, [0, 1, 2, 3], "the first four of 4"),
        (5, [0, 1, 2, 3], "the first four of 5"),
        (6, [0, 1, 2, 0], "--columns says what the others are"),
    ],
)
def test_columns_without_names_are_taken_by_place_and_told(count: int, taken: list, says: str):
    picked = pick(numbered(count))
    assert picked.points[0].tolist() == taken
    assert says in picked.notes[0]


@pytest.mark.parametrize(
    ("found", "wanted", "taken"),
    [
        (numbered(5), "ring x y z intensity", [1, 2, 3, 4]),
        (numbered(5), "x y z - remission", [0, 1, 2, 4]),
        (numbered(4), "time x y z", [1, 2, 3, 0]),
        (numbered(4), "east north up echo", [0, 1, 2, 3]),
        (columns("x", "y", "z", "i", named=False), "z y x -", [2, 1, 0, 0]),  # as a .bin goes by
        (columns("x", "y", "z", "signal", "reflectivity"), "x y z signal", [0, 1, 2, 3]),
        (columns("a", "b", "c", "d"), "d c b a", [3, 2, 1, 0]),
        (columns("a", "b", "c", "d"), "B C D", [1, 2, 3, 0]),
    ],
)
def test_what_is_said_is_taken(found: Columns, wanted: str, taken: list[int]):
    assert pick(found, wanted.split()).points[0].tolist() == taken


@pytest.mark.parametrize(
    ("found", "wanted", "says"),
    [
        (columns("x", "y", "range"), None, "no columns x, y and z; there are x, y, range"),
        (columns("x", "points_y", "z"), None, "no columns x, y and z"),
        (columns("x", "y", "z", "x"), None, "several columns called x"),
        (numbered(2), None, "has 2 columns"),
        (numbered(5), ["x", "y", "z", "intensity"], "has 5 columns, 4 are named"),
        (numbered(5), ["a", "b", "c", "d", "e"], "no columns x, y and z"),
        (columns("x", "y", "z"), ["x", "y", "z", "echo"], "has no column echo"),
    ],
)
def test_what_cannot_be_told_is_refused(found: Columns, wanted: list | None, says: str):
    with pytest.raises(DataError, match=says) as error:
        pick(found, wanted)
    assert "scan.ply" in error.value.what
    assert error.value.do


def test_a_column_of_several_numbers_is_no_axis():
    arrays = (np.ones((2, 3)), np.ones(2), np.ones(2))
    with pytest.raises(DataError, match="column x has 3 numbers for each point"):
        pick(Columns(Path("a.pcd"), ("x", "y", "z"), arrays))


@pytest.mark.parametrize(
    ("dtype", "wanted"),
    [
        *(("<f4", "f4"), (">f4", "f4"), ("<f2", "f4"), ("u2", "f4"), ("i1", "f4")),
        *(("<f8", "f8"), (">f8", "f8"), ("i4", "f8"), ("u8", "f8")),
    ],
)
def test_no_digit_of_a_position_is_lost(dtype: str, wanted: str):
    assert pick(columns("x", "y", "z", "i", dtype=dtype)).points.dtype == np.dtype(wanted)


def test_side_by_side_columns_are_taken_whole():
    """However the four lie in memory, the points are theirs."""
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(9, 6)).astype("f4")
    for first in range(3):
        for order in ((0, 1, 2, 3), (1, 0, 2, 3), (0, 1, 3, 2)):
            arrays = [wide[:, first + place] for place in order]
            found = Columns(Path("a"), ("x", "y", "z", "i"), tuple(arrays))
            np.testing.assert_array_equal(pick(found).points, np.stack(arrays, 1))
    alone = wide[:, :4].copy()
    picked = pick(Columns(Path("a"), ("x", "y", "z", "i"), tuple(alone.T)))
    assert np.shares_memory(picked.points, alone)
