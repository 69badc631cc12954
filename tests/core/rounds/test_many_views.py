"""Divergence and mutual information against slow loops over points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.rounds.many_views import Look, divergence, mutual, neighbours, of_units
from core.rounds.unit_means import Seen


def seen(rng: np.random.Generator, rows: int, classes: int = 4) -> Seen:
    """What is said of points that share voxels, some of which have none."""
    voxels = max(1, rows // 2)
    voxel = rng.integers(-1, voxels, rows)
    p = rng.dirichlet(np.ones(classes), voxels).astype(np.float32)
    none = np.zeros(voxels, np.float32)
    return Seen(voxel, none.astype(np.uint8), none, none, none, p, none[:, None])


def made(seed: int, scans: int = 4) -> list[tuple[Look, np.ndarray | None]]:
    """Looks at one place from several, each in coordinates of its own, and the moves from the
    first to each; one is not known."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(0, 1, (60, 3))
    looks: list[tuple[Look, np.ndarray | None]] = [(Look(xyz, seen(rng, 60)), np.eye(4))]
    for number in range(scans - 1):
        angle, rows = rng.uniform(0, 6), int(rng.integers(5, 50))
        move = np.eye(4)
        move[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        move[:3, 3] = rng.uniform(-9, 9, 3)
        there = (xyz[:rows] + rng.normal(0, 0.06, (rows, 3))) @ move[:3, :3].T + move[:3, 3]
        looks.append((Look(there, seen(rng, rows)), None if number == 2 else move))
    return looks


@pytest.mark.parametrize("seed", range(5))
def test_divergence_is_that_of_a_loop_over_points(seed: int):
    looks = made(seed)
    own = looks[0][0]
    kl, joint = divergence(own, looks[1:])
    for row in range(60):
        if own.seen.voxel[row] < 0:
            assert (kl[row], joint[row]) == (0, 0)
            continue
        p = own.seen.p[own.seen.voxel[row]].astype(float)
        found, said = [], [p]
        for other, move in looks[1:]:
            if move is None:
                continue
            here = move[:3, :3] @ own.xyz[row] + move[:3, 3]
            away = [
                (math.dist(here, other.xyz[k]), k)
                for k in range(len(other.xyz))
                if other.seen.voxel[k] >= 0
            ]
            if away and min(away)[0] < 0.1:
                q = other.seen.p[other.seen.voxel[min(away)[1]]].astype(float)
                said.append(q)
                a, b = p + 1e-5, q + 1e-5
                found.append(float((a * np.log(a / b) - a + b).sum()))
        assert kl[row] == pytest.approx(np.mean(found) if found else 0, abs=1e-5)
        mean = np.mean(said, axis=0)
        assert joint[row] == pytest.approx(-(mean * np.log(mean)).sum(), abs=1e-5)
    assert (kl > 0).any()


def test_mutual_information_by_hand_and_by_a_loop():
    """Two looks that are sure of different classes: ln 2. Twice the same: nothing."""
    p = np.array([[1, 0], [0, 1], [0.5, 0.5]], np.float32)
    none = np.zeros(3, np.float32)

    def look(voxel: list[int]) -> Seen:
        return Seen(np.array(voxel), none.astype(np.uint8), none, none, none, p, none[:, None])

    found = mutual([look([0, 0, 2, -1]), look([1, 0, 2, -1])], 4)
    assert found == pytest.approx([math.log(2), 0, 0, 0], abs=1e-9)
    rng = np.random.default_rng(2)
    looks = [seen(rng, 30) for _ in range(3)]
    for one in looks:
        one.voxel[:] = np.maximum(one.voxel, 0)
    found = mutual(looks, 30)
    for row in range(30):
        each = [one.p[one.voxel[row]].astype(float) for one in looks]
        mean = np.mean(each, axis=0)
        own = np.mean([-(q * np.log(q)).sum() for q in each])
        assert found[row] == pytest.approx(-(mean * np.log(mean)).sum() - own, abs=1e-6)


def test_mutual_information_of_a_scan_without_a_voxel_is_nothing():
    none = np.zeros(0, np.float32)
    nothing = Seen(
        np.full(5, -1), none.astype(np.uint8), none, none, none, none[:, None], none[:, None]
    )
    assert mutual([nothing] * 8, 5).tolist() == [0] * 5


def test_neighbours_are_twelve_on_each_side_and_the_nearest_24_at_the_ends():
    assert neighbours(50, 100) == [*range(38, 50), *range(51, 63)]
    assert neighbours(0, 100) == list(range(1, 25))
    assert neighbours(98, 100) == [*range(75, 98), 99]
    assert neighbours(1, 4) == [0, 2, 3]
    assert neighbours(0, 1) == []


def test_units_have_the_means_of_their_rows_with_a_voxel():
    values, unit = np.array([1.0, 3, 8, 5, 9]), np.array([0, 0, 0, 1, -1])
    found = of_units(values, unit, np.array([4, 4, -1, 2, 2]), 3)
    assert found.tolist() == [2, 5, 0]
