"""How deep the clustering looks changes no label; its parts against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.prepare.clustering import kdtree
from core.prepare.clustering.cluster import number_by_first_row
from core.prepare.clustering.dense import join_dense, mark_dense
from core.prepare.clustering.exact import exact_clusters
from core.prepare.clustering.grow import grow
from tests.core.prepare import reference
from tests.core.prepare.clouds import non_ground
from tests.samples import Scans

LEVELS = ((), (0.7, 0.35), (0.99, 0.9, 0.8, 0.5), (0.2,))
STEP_M = 0.25  # so that distances, births and epsilon are equal to the bit again and again


def differing(points: np.ndarray, least: int, k: int, epsilon: float, levels=LEVELS) -> list:
    """The lists of levels by which labels differ from the slow reference's."""
    expected = reference.hdbscan(points, least, k, epsilon)
    options = {"min_cluster_size": least, "min_samples": k, "epsilon_m": epsilon}
    return [
        each
        for each in levels
        if not np.array_equal(
            number_by_first_row(exact_clusters(points, **options, levels=each)), expected
        )
    ]


def random_cloud(rng: np.random.Generator) -> np.ndarray:
    """Lattices full of ties, duplicates, blobs, lines, and mixtures of them."""
    n = int(rng.integers(12, 70))
    lattice = rng.integers(0, int(rng.integers(3, 12)), (n, 3)) * STEP_M
    lattice[:, 2] *= rng.integers(0, 2)
    blobs = rng.normal(0, 0.15, (n, 3)) + rng.integers(0, 4, (n, 1)) * rng.uniform(0.3, 1.5)
    kind = int(rng.integers(4))
    if kind == 0:
        return lattice
    if kind == 1:
        return blobs
    if kind == 2:
        return np.concatenate([lattice, lattice[rng.integers(0, n, n // 2)]])
    return np.concatenate([lattice, np.round(blobs, 2) + 2])


def random_differences(seeds: range, monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    wrong = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        points = random_cloud(rng)
        monkeypatch.setattr(kdtree, "LEAF_POINTS", int(rng.integers(1, 14)))
        least, k = int(rng.integers(2, 9)), int(rng.integers(1, 6))
        epsilon = float(rng.choice([0.0, 0.25, 0.3, 0.5, 0.55, 0.75, 1.0]))
        lists = (*LEVELS, tuple(sorted(rng.uniform(0.05, 1, 3).tolist(), reverse=True)))
        wrong += [(seed, each) for each in differing(points, least, k, epsilon, lists)]
    return wrong


def test_five_hundred_random_comparisons_with_the_slow_reference(monkeypatch: pytest.MonkeyPatch):
    assert random_differences(range(100), monkeypatch) == []


@pytest.mark.slow
def test_thirty_thousand_random_comparisons_with_the_slow_reference(
    monkeypatch: pytest.MonkeyPatch,
):
    assert random_differences(range(100, 6100), monkeypatch) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=6, max_size=45),
    st.integers(2, 6),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.25, 0.5, 0.6]),
)
def test_lattices_found_by_hypothesis(places, least: int, k: int, epsilon: float):
    assert differing(np.array(places) * STEP_M, least, k, epsilon) == []


@pytest.mark.parametrize("min_samples", [1, 10])
@pytest.mark.parametrize("epsilon", [0.3, 0.5, 1.0])
def test_crops_of_scans_at_any_level(street: Scans, min_samples: int, epsilon: float):
    points = non_ground(street, 0)
    rng = np.random.default_rng(5)
    centre = points[rng.integers(len(points))]
    crop = points[np.argsort(np.linalg.norm(points - centre, axis=1))[:600]]
    assert differing(crop, 20, min_samples, epsilon) == []


def test_the_whole_scan_at_any_level(street: Scans):
    points = non_ground(street, 1)
    options = {"min_cluster_size": 20, "min_samples": 10, "epsilon_m": 0.5}
    found = [number_by_first_row(exact_clusters(points, **options, levels=at)) for at in LEVELS]
    assert all(np.array_equal(found[0], other) for other in found[1:])


@pytest.mark.parametrize("seed", range(6))
def test_parts_against_brute_force(seed: int):
    """What is dense, what is joined below T, and the weights of the tree's edges from T on."""
    rng = np.random.default_rng(seed)
    cloud = np.concatenate([random_cloud(rng) for _ in range(4)])
    tree = kdtree.build(cloud)
    assert np.array_equal(tree.points, cloud[tree.order])
    arrays = (tree.points, tree.start, tree.end, tree.box, tree.first_leaf)
    n, k, t2 = len(cloud), 3, 0.25
    weight = reference.weights(tree.points, k)
    core = np.sort(((tree.points[:, None] - tree.points[None]) ** 2).sum(-1), axis=1)[:, k]
    near, near2 = kdtree.neighbours(*arrays, k, np.arange(n), n)
    assert np.allclose(near2[:, -1], core, atol=1e-12)
    assert (np.diff(near2, axis=1) >= 0).all()
    assert not (near == np.arange(n)[:, None]).any()
    dense = mark_dense(*arrays, k, t2, np.ones(n, bool))
    assert np.array_equal(dense, near2[:, -1] < t2)
    edges = reference.spanning_tree(weight)
    light = [(a, b) for a, b, w in edges if w < t2]
    names = np.arange(n)
    for a, b in light:
        names[names == names[a]] = names[b]
    joined = join_dense(*arrays, t2, dense)
    assert len(set(zip(names, joined, strict=True))) == len(set(names)) == len(set(joined))
    known = np.where(dense, t2, near2[:, -1])
    slot = np.where(dense, -1, np.arange(n))
    found = grow(*arrays, known, slot, near, near2, joined.copy(), np.full(n, n))
    assert np.array_equal(np.sort(found[2]), np.sort([w for _, _, w in edges if w >= t2]))
