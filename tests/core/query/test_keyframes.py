"""Strategies that keep scans and places apart, on nuScenes' keyframes: by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.jobs import Job
from core.data.scans import Dataset
from core.project.pool import pool_of
from core.query.budget import Budget, units_budget
from core.query.pool import Draw, Pool
from core.query.strategies import strategy_named
from core.query.strategies.scans import pool_of_scans
from tests.core.query.pools import make_units
from tests.keyframes import two_scenes
from tests.streets import small_project

DRAW = Draw(3, 2)
A, B = 0, 12  # the first keyframes of two scenes, of 12 and 3


@pytest.fixture
def keyframes(tmp_path: Path) -> Dataset:
    return two_scenes(tmp_path)


def pool_on(dataset: Dataset, worth: dict[int, float], **columns: np.ndarray) -> Pool:
    """A unit of 30 points in each scan, by what the scan is worth, else worth nothing."""
    units = make_units(np.full(15, 30), np.zeros(15, int), scans=15)
    units = replace(units, scans=dataset.scans)
    entropy = np.zeros(15)
    entropy[list(worth)] = list(worth.values())
    found = {"entropy": entropy, "centre": np.zeros((15, 3)), **columns}
    return Pool(units, np.ones(15, bool), np.zeros(15, bool), found, places=dataset.places)


def test_few_scans_are_ten_keyframes_apart_in_a_scene(keyframes: Dataset):
    """Three shares of 30 points are three scans: A, that of the other scene, and A + 10; A + 1 and
    A + 9 are nearer than ten keyframes."""
    pool = pool_on(keyframes, {A: 0.9, A + 1: 0.8, A + 9: 0.7, B: 0.6, A + 10: 0.5, B + 1: 0.4})
    budget = Budget("points", 30, pool.units.costs, "")
    few = strategy_named("few-scans x random")
    inside = few.restrict(strategy_named("ent"), pool, budget, DRAW)
    assert np.flatnonzero(inside).tolist() == [A, A + 10, B]


def test_without_poses_apart_keeps_ten_keyframes_of_a_scene(keyframes: Dataset):
    pool = pool_on(keyframes, {A: 0.9, A + 1: 0.8, A + 9: 0.7, B: 0.6, A + 10: 0.5, B + 1: 0.4})
    del pool.columns["centre"]
    asked = strategy_named("apart x ent")(pool, units_budget(pool.units, 4), DRAW).units
    assert asked.tolist() == [A, B, A + 10, A + 1], "what is near comes last"


def test_places_of_two_cities_are_never_one(keyframes: Dataset):
    """All units stand at the origin of their map; the scenes' maps are of two cities."""
    zeros = np.zeros(15, np.float32)
    worth = {A: 0.9, A + 1: 0.8, B: 0.7}
    divergence = zeros.copy()
    divergence[list(worth)] = list(worth.values())
    pool = pool_on(keyframes, worth, divergence=divergence, joint=zeros)
    for name in ("apart x ent", "lidal"):
        asked = strategy_named(name)(pool, units_budget(pool.units, 2), DRAW).units
        assert asked.tolist() == [A, B], name


def test_whole_scans_keep_their_places(keyframes: Dataset):
    pool = pool_on(keyframes, {A: 0.9})
    assert pool_of_scans(pool).places is keyframes.places


def test_a_projects_pool_has_the_places_of_its_dataset(tmp_path: Path, small_street: Path):
    with small_project(tmp_path / "p", small_street) as project:
        steps.prepare(project, Job(), workers=1)
        places = pool_of(project, None).places
        assert places == {scan: (project.dataset.sequence(scan), int(scan[-6:]))
                          for scan in project.dataset.scans}  # fmt: skip
        assert places
