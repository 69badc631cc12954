"""Train, score and evaluate a project: what they write is what a slow look at the files gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.scores import read_scores
from models import steps as network
from models.score import unit_means
from tests.streets import small_project


@pytest.fixture
def trained(tmp_path: Path, small_street: Path):
    with small_project(tmp_path / "p", small_street) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
        network.train(project, Job())
        yield project


def test_metrics_are_those_of_the_predictions(trained: Project):
    metrics = json.loads((trained.rounds[0].folder / "metrics.json").read_text())
    (scan,) = trained.dataset.validation
    truth = trained.dataset.ground_truth(scan, trained.classes)
    assert truth is not None
    file = prediction_file(trained.predictions(trained.rounds[0]), scan, trained.dataset)
    predicted = read_prediction(file, "classes")["classes"]
    values = []
    for c, name in enumerate(trained.classes.names):
        counted = truth < FIRST_CODE
        both = np.sum((truth == c) & (predicted == c))
        either = np.sum(counted & ((truth == c) | (predicted == c)))
        if either:
            values.append(both / either)
            assert metrics["iou"][name] == pytest.approx(both / either)
        else:
            assert metrics["iou"][name] is None
    assert metrics["miou"] == pytest.approx(np.mean(values))
    away = np.linalg.norm(trained.dataset.scan(scan).points[:, :3], axis=1)
    known = truth < FIRST_CODE
    edges = [band["from_m"] for band in metrics["ranges"]] + [np.inf]
    for band, low, high in zip(metrics["ranges"], edges[:-1], edges[1:], strict=True):
        assert band["points"] == np.sum(known & (away >= low) & (away < high))
    assert sum(band["points"] for band in metrics["ranges"]) == np.array(metrics["confusion"]).sum()


def test_any_number_of_processes_scores_the_same(trained: Project):
    """Also with torch's threads: a worker has one, as this process has here."""
    found = trained.rounds[0]
    predictions = list(trained.predictions(found).rglob("*.npz"))
    scores = list(found.file("scores").iterdir())
    assert (len(predictions), len(scores)) == (4, 5)
    whole = {file: file.read_bytes() for file in (*predictions, *scores)}
    for file in whole:
        file.unlink()
    assert not found.scored
    network.score(trained, Job(), workers=2)
    assert found.scored
    assert {file: file.read_bytes() for file in whole} == whole


def test_scores_are_the_means_over_each_units_rows(trained: Project):
    units, found = trained.need_units(), trained.rounds[0]
    scores = read_scores(found.folder, units)
    assert scores is not None
    assert len(scores["entropy"]) == len(units)
    assert 0 <= scores["entropy"].min()
    assert scores["entropy"].max() <= np.log(len(trained.classes)) + 1e-6
    scan = trained.dataset.train[1]
    file = prediction_file(trained.predictions(found), scan, trained.dataset)
    entropy = read_prediction(file, "entropy")["entropy"]
    rows, mine = trained.rows(scan), units.range_of(scan)
    for number in range(len(mine)):
        wanted = entropy[rows == number].astype(np.float64).mean()
        assert scores["entropy"][mine.start + number] == pytest.approx(wanted, abs=2e-3)


def test_unit_means_by_a_loop():
    rng = np.random.default_rng(0)
    rows = rng.choice([-1, -10, 0, 1, 2, 3], 200).astype(np.int32)
    rows[:4] = range(4)
    values = rng.random((200, 5)).astype(np.float32)
    found = unit_means(values, rows, 4)
    for unit in range(4):
        np.testing.assert_allclose(found[unit], values[rows == unit].mean(axis=0), rtol=1e-5)


def test_a_trained_round_is_not_trained_again(trained: Project):
    with pytest.raises(ProjectError, match="trained and scored"):
        network.train(trained, Job())


def test_predictions_may_be_deleted(trained: Project):
    before = json.loads((trained.rounds[0].folder / "metrics.json").read_text())
    for file in (trained.path / "cache").rglob("*.npz"):
        file.unlink()
    assert network.evaluate(trained, Job()) == before


def test_without_validation_labels_miou_is_unknown(trained: Project, small_street: Path):
    for label in (small_street / "sequences/08/labels").iterdir():
        label.unlink()
    metrics = network.evaluate(trained, Job())
    assert metrics["miou"] is None
    assert set(metrics["iou"].values()) == {None}
