"""Parts of a unit: along kerbs, within each other, of any number of points."""

from __future__ import annotations

import numpy as np
import pytest

from core.assist.split import Parts, split


def strips(count: int = 2500, kerbs: tuple[float, ...] = (6.0,)) -> tuple[np.ndarray, np.ndarray]:
    """Flat strips along y, each 0.12 m higher and brighter than the one before; and which each
    point is of."""
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 10, (count, 2))
    strip = np.searchsorted(kerbs, xy[:, 0])
    z = strip * 0.12 + rng.normal(0, 0.01, count)
    light = 0.2 + 0.3 * strip + rng.normal(0, 0.03, count)
    return np.c_[xy, z, light].astype(np.float32), strip


def purity(part: np.ndarray, strip: np.ndarray) -> float:
    """The share of points that are of their part's strip."""
    return sum(np.bincount(strip[part == p]).max() for p in np.unique(part)) / len(part)


@pytest.mark.parametrize("count", [2, 6])
def test_parts_do_not_mix_a_road_and_a_pavement(count: int):
    points, strip = strips()
    part = split(points).cut(count)
    assert len(np.unique(part)) == count
    assert purity(part, strip) > 0.97


def test_the_mixed_part_alone_is_split_further():
    points, strip = strips(kerbs=(5.0, 7.5))
    points[:, 3] += 0.4 * strip
    tree = split(points)
    part = tree.cut(2)
    assert purity(part, strip) < 0.8
    (mixed,) = [
        p
        for p in np.unique(part)
        if len(np.unique(strip[part == p])) > 2
        or np.mean(strip[part == p] == np.bincount(strip[part == p]).argmax()) < 0.9
    ]
    divided = tree.divided(part, mixed)
    np.testing.assert_array_equal(divided[part != mixed], part[part != mixed])
    assert len(np.unique(divided)) == 3
    assert purity(divided, strip) > 0.97


def test_a_tree_by_hand():
    """Leaves 0..3; 4 joins 0 and 1, 5 joins 2 and 3, 6 is all. Leaf 3 has two rows too few."""
    leaf = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3], np.int32)
    tree = Parts(leaf, np.array([[0, 1], [2, 3], [4, 5]]))
    assert tree.cut(1).tolist() == [6] * 10
    assert tree.cut(2).tolist() == [4] * 6 + [5] * 4
    assert tree.cut(3).tolist() == [4] * 6 + [2] * 3 + [3]
    assert tree.cut(9).tolist() == leaf.tolist()
    two = tree.cut(2)
    assert tree.divided(two, 4).tolist() == [0] * 3 + [1] * 3 + [5] * 4
    assert tree.divided(two, 5) is two
    assert tree.divided(leaf, 0) is leaf


def test_parts_lie_within_parts():
    tree = split(strips(kerbs=(3.0, 7.0))[0])
    for fewer, more in ((2, 3), (3, 6), (6, 20)):
        coarse, fine = tree.cut(fewer), tree.cut(more)
        assert len(np.unique(fine)) == more
        assert len(np.unique(np.c_[coarse, fine], axis=0)) == more


def test_very_many_and_very_few_points():
    rng = np.random.default_rng(1)
    many = rng.uniform(0, 10, (9000, 4)).astype(np.float32)
    assert split(many).leaf.shape == (9000,)
    assert len(np.unique(split(many).cut(6))) == 6
    assert len(np.unique(split(many[:20]).cut(6))) == 1
    many[3] = np.nan
    assert len(np.unique(split(many).cut(2))) == 2
