"""Scans and units as charts show them, against literal sums; hand-worked cases."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.own_poses import OwnPoses, write_own
from core.desk.features import ANSWERED, DECLINED, FREE, OPEN, UMAP, plane_of, states_of
from core.desk.scans import novelty, scan_means, scans_of
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.scores import read_scores
from tests.rounds_made import measured_project
from tests.streets import asked_project, give, small_project, small_street_at


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("scans")
    small_street_at(base / "scans")
    lines = [f"1 0 0 {x} 0 1 0 0 0 0 1 {2 * x}" for x in range(3)]
    (base / "scans/sequences/00/poses.txt").write_text("\n".join(lines) + "\n")
    return measured_project(base / "project", base / "scans", rounds=2)


def test_measures_are_those_of_literal_sums(measured: Path):
    with Project(measured, read_only=True) as project:
        found = scans_of(project, Job())
        units, effective = project.need_units(), project.answers.effective
        scores = read_scores(project.tip.folder, units)
        assert found.names == project.dataset.scans
        assert found.train == 3
        for place, name in enumerate(units.scans):
            mine = list(units.range_of(name))
            points = sum(int(units.points[u]) for u in mine)
            entropy = sum(int(units.points[u]) * float(scores["entropy"][u]) for u in mine)
            assert found.values["entropy"][place] == pytest.approx(entropy / points)
            answered = [u for u in mine if units.name(u) in effective]
            share = sum(int(units.points[u]) for u in answered) / points
            assert found.values["answered"][place] == pytest.approx(100 * share)
            items = [i for r in project.rounds for i in r.query.items if i.startswith(f"{name}#")]
            assert found.values["asked"][place] == len(items)
            assert found.values["open"][place] == 0
        (scan,) = project.dataset.validation
        truth = project.dataset.ground_truth(scan, project.classes)
        file = prediction_file(project.predictions(project.tip), scan, project.dataset)
        said = read_prediction(file, "classes")["classes"]
        wrong = [a != b for a, b in zip(truth.tolist(), said.tolist(), strict=True) if a < 19]
        assert found.values["errors"][3] == pytest.approx(100 * sum(wrong) / len(wrong))
        assert np.isnan(found.values["errors"][:3]).all()
        assert np.isnan(found.values["seconds"]).all(), "an oracle takes no time"
        assert "measured time" in found.why["seconds"]
        poses = [project.dataset.pose(name) for name in units.scans]
        assert np.allclose(found.xy[:3], [pose[:2, 3] for pose in poses])
        assert len(np.unique(found.xy[:3], axis=0)) == 3
        assert np.isnan(found.xy[3]).all()


def test_pieces_of_a_sequence_are_maps_of_their_own(tmp_path: Path):
    """Computed poses begin at zero in each piece: they would lie on each other."""
    small_street_at(tmp_path / "scans")
    with small_project(tmp_path / "p", tmp_path / "scans") as project:
        scans = project.dataset.train
        same = OwnPoses("", scans, np.tile(np.eye(4), (3, 1, 1)), np.array([0, 0, 1]))
        folder = project.dataset.own_poses
        assert folder is not None
        write_own(folder, "sequences/00/velodyne", same)
        sequence = project.dataset.sequence(scans[0])
        parts = [f"{sequence}/piece {n}" for n in (1, 1, 2)]
        validation = project.dataset.sequence(project.dataset.validation[0])
        assert scans_of(project, Job()).place == (*parts, validation)
        write_own(folder, "sequences/00/velodyne", replace(same, pieces=np.array([0, 0, -1])))
        assert scans_of(project, Job()).place == (*[sequence] * 3, validation)


def test_means_and_novelty_by_hand(measured: Path):
    with Project(measured, read_only=True) as project:
        units = project.need_units()
        features = read_scores(project.tip.folder, units)["feature"]
        means = scan_means(units, features, Job())
        mine = np.asarray(units.range_of(units.scans[1]))
        weights = units.points[mine].astype(float)
        assert np.allclose(means[1], np.average(features[mine], axis=0, weights=weights))
    made = np.array([[0.0, 0], [3, 4], [6, 8], [np.nan, np.nan]])
    assert novelty(made, np.array([True, False, False, False]))[:3].tolist() == [0, 5, 10]
    assert novelty(made, np.array([True, False, True, False]))[:3].tolist() == [0, 5, 0]
    nobody = novelty(made, np.zeros(4, bool))
    assert nobody[:3].tolist() == pytest.approx([5, 0, 5]), "to the mean of all"
    assert np.isnan(nobody[3])


def test_a_plane_keeps_what_varies_most(measured: Path):
    with Project(measured, read_only=True) as project:
        found = plane_of(project, Job())
        features = np.asarray(read_scores(project.tip.folder, project.need_units())["feature"])
        assert found.what == "features by the network of round 2"
        assert found.units.tolist() == list(range(len(features)))
        centred = features.astype(float) - features.mean(axis=0, dtype=float)
        u, s, _ = np.linalg.svd(centred, full_matrices=False)
        wanted = u[:, :2] * s[:2]
        for axis in range(2):
            same = np.sign(wanted[:, axis] @ found.xy[:, axis])
            assert np.allclose(found.xy[:, axis], same * wanted[:, axis], atol=1e-4)
            assert found.shares[axis] == pytest.approx(s[axis] ** 2 / (s**2).sum())


def test_states_of_units(tmp_path: Path):
    small_street_at(tmp_path / "scans")
    with Project(asked_project(tmp_path / "project", tmp_path / "scans")) as project:
        units = project.need_units()
        asked = [units.find(item) for item in project.tip.query.items]
        give(project, asked[0], 8)
        other = next(u for u in range(len(units)) if u not in asked)
        give(project, other, 8)
        scan = units.scans[units.scan[asked[1]]]
        project.answers.decline(project.scan_ref(scan), round="", unit=units.name(asked[1]))
        found = states_of(project)
        assert found[asked[0]] == found[other] == ANSWERED
        assert found[asked[1]] == DECLINED
        assert set(found[asked[2:]].tolist()) == {OPEN}
        assert (found == FREE).sum() == len(units) - len(asked) - 1
        plane = plane_of(project, Job())
        assert plane.what.startswith("shapes of the units")
        assert np.isfinite(plane.xy).all()
        assert plane.xy.std(axis=0).min() > 0
        assert math.isclose(float(plane.xy[:, 0].mean()), 0, abs_tol=1e-3)


def test_before_preparation_each_measure_says_why(tmp_path: Path):
    small_street_at(tmp_path / "scans")
    with small_project(tmp_path / "project", tmp_path / "scans") as project:
        found = scans_of(project, Job())
        assert all(np.isnan(values).all() for values in found.values.values())
        assert set(found.why.values()) == {"Prepare the scans first: there are no units yet."}
        with pytest.raises(ProjectError, match="not prepared yet"):
            plane_of(project, Job())


def test_umap_that_is_not_installed_is_named(measured: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.desk.features.find_spec", lambda name: None)
    with (
        Project(measured, read_only=True) as project,
        pytest.raises(ProjectError, match="UMAP is not installed"),
    ):
        plane_of(project, Job(), UMAP)
