"""Exact HDBSCAN against a slow reference, the hdbscan package, and its own properties."""

from __future__ import annotations

import numpy as np
import pytest

from core.prepare.clustering.cluster import cluster, number_by_first_row
from tests.core.prepare import reference
from tests.core.prepare.clouds import non_ground
from tests.samples import Scans

PAPER = {"min_cluster_size": 20, "min_samples": 10, "epsilon_m": 0.5}


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("min_samples", [1, 10])
def test_crops_of_scans_equal_the_slow_reference(street: Scans, number: int, min_samples: int):
    points = non_ground(street, number)
    rng = np.random.default_rng(7)
    for _ in range(3):
        centre = points[rng.integers(len(points))]
        away = np.linalg.norm(points - centre, axis=1)
        crop = points[np.sort(np.argsort(away)[: int(rng.integers(200, 900))])]
        options = {**PAPER, "min_samples": min_samples}
        found = cluster(crop, **options)
        assert np.array_equal(found, reference.hdbscan(crop, 20, min_samples, 0.5))


@pytest.mark.parametrize("seed", range(12))
def test_lattices_full_of_ties_equal_the_slow_reference(seed: int):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 9, (int(rng.integers(40, 300)), 3)) * 0.25
    least, k = int(rng.integers(2, 15)), int(rng.integers(1, 8))
    epsilon = float(rng.choice([0.0, 0.3, 0.6]))
    found = cluster(points, min_cluster_size=least, min_samples=k, epsilon_m=epsilon)
    assert np.array_equal(found, reference.hdbscan(points, least, k, epsilon))


@pytest.mark.parametrize("seed", [36, 72, 100, 130, 183, 208, 222, 250])
def test_a_climb_passes_by_an_ancestor_born_at_epsilon_exactly(seed: int):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, int(rng.integers(4, 12)), (int(rng.integers(30, 130)), 3)) * 0.25
    least, k = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    found = cluster(points, min_cluster_size=least, min_samples=k, epsilon_m=0.5)
    assert np.array_equal(found, reference.hdbscan(points, least, k, 0.5))


def test_the_order_of_rows_changes_no_rows_cluster(street: Scans):
    points = non_ground(street, 0)[:20_000]
    found = cluster(points, **PAPER)
    order = np.random.default_rng(3).permutation(len(points))
    shuffled = np.empty_like(found)
    shuffled[order] = cluster(points[order], **PAPER)
    assert np.array_equal(number_by_first_row(shuffled), found)


@pytest.mark.parametrize("number", range(3))
def test_it_agrees_with_the_package_up_to_ties(street: Scans, number: int):
    from sklearn.metrics import adjusted_rand_score

    points = non_ground(street, number)
    ours = cluster(points, **PAPER)
    theirs = cluster(points, **PAPER, clusterer="hdbscan")
    assert adjusted_rand_score(theirs, ours) >= 0.997


def test_one_blob_has_no_cluster():
    blob = np.random.default_rng(0).normal(0, 0.1, (500, 3))
    assert set(cluster(blob, **PAPER).tolist()) == {-1}


def test_two_blobs_are_two_clusters_numbered_by_first_row():
    rng = np.random.default_rng(0)
    far = rng.normal(0, 0.1, (60, 3)) + 50
    near = rng.normal(0, 0.1, (60, 3))
    assert cluster(np.vstack([far, near]), **PAPER).tolist() == [0] * 60 + [1] * 60


@pytest.mark.parametrize("count", [0, 1, 2, 19])
def test_too_few_points_are_noise(count: int):
    points = np.random.default_rng(0).normal(size=(count, 3))
    assert cluster(points, **PAPER).tolist() == [-1] * count


def test_equal_points_do_not_break_it():
    points = np.repeat(np.array([[0.0, 0, 0], [9, 0, 0]]), 30, axis=0)
    assert cluster(points, **PAPER).tolist() == [0] * 30 + [1] * 30
