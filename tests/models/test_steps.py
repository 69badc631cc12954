"""Train, score and evaluate a project: what they write is what a slow look at the files gives."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.effort import Effort
from core.assist.by_network import predicted
from core.base.errors import Cancelled, ProjectError
from core.base.jobs import Job
from core.cli import doctor
from core.data.classes import FIRST_CODE, UNLABELLED
from core.desk.changed import wrong_by_scan
from core.exchange.export import export
from core.project.change_classes import merge, undo_merge
from core.project.frozen import training_set
from core.project.project import Project
from core.project.status import status
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.scores import COLUMNS, read_scores
from core.rounds.unit_means import Seen, unit_scores
from core.rounds.wrong import WRONG, wrong_of
from models import steps as network
from models.score import Scorer, Trained
from tests.before import as_before
from tests.models.training.stops import StopsIn
from tests.streets import (
    QUICK,
    copied_project,
    give,
    small_project,
    small_scan,
    small_street_at,
    write_scan,
)


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose first round is trained and scored, to be copied."""
    folder = tmp_path_factory.mktemp("trained")
    small_street_at(folder / "scans")
    with small_project(folder / "p", folder / "scans") as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
        network.train(project, Job())
    return folder / "p"


@pytest.fixture
def trained(tmp_path: Path, small_street: Path, trained_once: Path):
    with Project(copied_project(trained_once, tmp_path / "p", small_street)) as project:
        yield project


@pytest.mark.parametrize("how", ["refused", "cancelled"])
def test_a_training_that_took_no_step_learns_what_is_answered_since(
    tmp_path, small_street: Path, how: str
):
    with small_project(tmp_path / "p", small_street) as project:
        steps.prepare(project, Job(), workers=1)
        found = steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
        if how == "refused":
            with pytest.raises(ProjectError):
                network.train(project, Job(), start=tmp_path / "nope.safetensors")
        else:
            with pytest.raises(Cancelled):
                network.train(project, StopsIn("train"))
        scan, rows = project.dataset.train[0], np.arange(5)
        before = training_set(project, found).labels(scan)
        given = (before[rows] + 1) % 10
        project.answers.answer(
            project.scan_ref(scan), rows, given.astype(np.uint8), round="", unit="", effort=Effort()
        )
        np.testing.assert_array_equal(training_set(project, found).labels(scan), before)
        network.train(project, Job())
        np.testing.assert_array_equal(training_set(project, found).labels(scan)[rows], given)


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
            values += [both / either] if np.any(truth == c) else []  # only predicted: not counted
            assert metrics["iou"][name] == pytest.approx(both / either)
        else:
            assert metrics["iou"][name] is None
    assert metrics["miou"] == pytest.approx(np.mean(values))
    assert (metrics["miou_classes"], metrics["all_classes"]) == (len(values), 19)
    assert metrics["official"]["miou"] == pytest.approx(np.sum(values) / 19)
    away = np.linalg.norm(trained.dataset.scan(scan).points[:, :3], axis=1)
    known = truth < FIRST_CODE
    edges = [band["from_m"] for band in metrics["ranges"]] + [np.inf]
    for band, low, high in zip(metrics["ranges"], edges[:-1], edges[1:], strict=True):
        assert band["points"] == np.sum(known & (away >= low) & (away < high))
    assert sum(band["points"] for band in metrics["ranges"]) == np.array(metrics["confusion"]).sum()


def test_wrong_points_of_each_scan_are_kept_with_the_metrics(trained: Project):
    """The heat map of IoU tells by them where a class changed, when predictions are deleted."""
    found, (scan,) = trained.rounds[0], trained.dataset.validation
    truth = trained.dataset.ground_truth(scan, trained.classes)
    file = prediction_file(trained.predictions(found), scan, trained.dataset)
    said = read_prediction(file, "classes")["classes"]
    slow = [
        sum((t == c) != (s == c) for t, s in zip(truth, said, strict=True) if t < FIRST_CODE)
        for c in range(19)
    ]
    file.unlink()
    kept = wrong_by_scan(trained, found, Job())
    assert {name: count.tolist() for name, count in kept.items()} == {scan: slow}
    assert sum(slow) > 0
    found.file(WRONG).write_bytes(b"no archive")
    with pytest.raises(ProjectError, match=r"wrong.npz cannot be read"):
        wrong_by_scan(trained, found, Job())
    found.file(WRONG).unlink()
    with pytest.raises(ProjectError, match="predictions of round 001-size are deleted"):
        wrong_by_scan(trained, found, Job())


def test_what_is_measured_while_a_merge_holds_is_found_again_without_it(trained: Project):
    """The confusion keeps each class by itself; wrong points and figures count by the merge."""
    found, (scan,) = trained.rounds[0], trained.dataset.validation
    names, before = trained.classes.names, found.metrics(trained.classes)
    assert before is not None
    merge(trained, 0, 17)
    counted = found.metrics(trained.classes)
    measured = network.evaluate(trained, Job())
    assert measured["official"] is None
    assert measured["iou"][names[0]] is None
    for name in ("miou", "miou_classes", "iou", "confusion"):
        assert measured[name] == counted[name] != before[name], name
    stored = json.loads((found.folder / "metrics.json").read_text())
    assert stored["confusion"] == before["confusion"]
    assert (stored["miou"], stored["iou"]) == (measured["miou"], measured["iou"])
    points = sum(band["points"] for band in measured["ranges"])
    assert points == np.array(before["confusion"]).sum()
    kept = wrong_by_scan(trained, found, Job())[scan]
    assert kept.tolist() == wrong_of(np.array(measured["confusion"])).tolist()
    undo_merge(trained)
    after = found.metrics(trained.classes)
    for name in ("miou", "miou_classes", "iou", "confusion", "official"):
        assert after[name] == before[name], name


@pytest.mark.slow
def test_any_number_of_processes_scores_the_same(trained: Project):
    """Also with torch's threads: a worker has one, as this process has here."""
    found = trained.rounds[0]
    predictions = list(trained.predictions(found).rglob("*.npz"))
    scores = list(found.file("scores").iterdir())
    assert (len(predictions), len(scores)) == (4, len(COLUMNS) + 1)
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


def test_scans_whose_flat_names_are_the_same_have_files_of_their_own(tmp_path: Path):
    """a/b__c and a__b/c: as many rows, units and predictions as each has itself."""
    root = tmp_path / "scans"
    clouds = {}
    for seed, (scan, rows) in enumerate({"a/b__c": 4960, "a__b/c": 4500}.items()):
        points, _ = small_scan(seed)
        clouds[scan] = points[-rows:]
        write_scan(root, scan, clouds[scan], None)
    with Project.create(
        tmp_path / "p",
        format="folder",
        root=root,
        train=["a", "a__b"],
        preset="laptop",
        classes="semantickitti",
        overrides=QUICK,
    ) as project:
        steps.prepare(project, Job(), workers=1)
        units = project.need_units()
        for scan, points in clouds.items():
            assert len(project.rows(scan)) == len(points)
            mine, rows = units.range_of(scan), project.rows(scan)
            counts = np.bincount(rows[rows >= 0], minlength=len(mine))
            assert counts.tolist() == units.points[mine.start : mine.stop].tolist()
        found = steps.ask(project, Job(), percent="50")
        for unit in range(len(units)):
            give(project, unit, unit % 2)
        network.train(project, Job())
        scorer = Scorer.load(
            Trained.check(found.checkpoint, project.classes, project.settings.train)
        )
        for scan in clouds:
            classes, entropy = scorer.look(project.dataset.scan(scan).points).rows()
            file = prediction_file(project.predictions(found), scan, project.dataset)
            stored = read_prediction(file, "classes", "entropy", N=len(classes))
            assert (stored["classes"] == classes).all()
            assert (stored["entropy"] == entropy).all()


def contents(path: Path, *patterns: str) -> dict[str, bytes]:
    """Of the files below a folder that match, by their names there."""
    files = [file for pattern in patterns for file in path.glob(pattern) if file.is_file()]
    assert files
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def test_a_project_of_version_0_1_0_goes_on_as_it_was(trained: Project, tmp_path: Path):
    """Labels, exports and the next query are the same; nothing is made again until scoring."""
    path = trained.path
    trained.close()
    shutil.copytree(path, tmp_path / "before")
    as_before(tmp_path / "before")
    made = contents(tmp_path / "before", "units/**/*", "cache/**/*", "rounds/*/scores.npz")
    told = {}
    for name in ("p", "before"):
        with Project(tmp_path / name) as project:
            steps.prepare(project, Job(), workers=1)
            steps.ask(project, Job(), strategy="basal")
            out = tmp_path / f"{name}-out"
            for what in ("labels", "predictions", "merged"):
                export(project, out / what, Job(), what=what)
            guessed = predicted(project, project.need_units().names([0, 1, 2]))
            rows = [project.rows(scan).tolist() for scan in project.dataset.train]
            seen = {k: v for k, v in status(project, backend="").items() if k != "project"}
            told[name] = (contents(out, "**/*"), guessed, rows, seen)
            told[name] += (contents(tmp_path / name, "rounds/*/query.json"),)
    assert told["before"] == told["p"]
    assert contents(tmp_path / "before", "units/**/*", "cache/**/*", "rounds/*/scores.npz") == made
    assert not [f for f in doctor.integrity(tmp_path / "before", Job()) if f.good is False]
    with Project(tmp_path / "before") as project:
        network.score(project, Job())
    scores = "rounds/001-size/scores*/*"
    assert contents(tmp_path / "before", scores) == contents(tmp_path / "p", scores)
    assert not (tmp_path / "before/rounds/001-size/scores.npz").exists()


def test_scoring_that_was_stopped_leaves_the_scores_that_were(trained: Project, monkeypatch):
    """Between the columns and what names them the round is not scored, and is scored again."""
    found = trained.rounds[0]
    whole = contents(found.folder, "scores/*")
    (file, *_) = trained.predictions(found).rglob("000002.npz")
    kept = file.read_bytes()
    arrays = dict(np.load(file))
    arrays["unit_share"] = arrays["unit_share"][:-1]
    np.savez(file, **arrays)
    with pytest.raises(ProjectError, match="unit_share"):
        network.score(trained, Job())
    assert contents(found.folder, "scores/*") == whole
    file.write_bytes(kept)
    real = os.replace

    def dies(source, target):
        if str(target).endswith("feature.npy"):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        network.score(trained, Job())
    monkeypatch.undo()
    assert not found.scored
    assert trained.stage(found) == "trained"
    network.train(trained, Job())
    assert contents(found.folder, "scores/*") == whole


def test_what_units_are_scored_by_is_what_their_rows_say():
    """By a loop over units and rows: means, the votes' entropy, two classes that are alike."""
    rng = np.random.default_rng(3)
    rows = rng.choice([-1, 0, 1, 2], 300).astype(np.int32)
    voxel = rng.integers(-1, 120, 300)  # rows share them, some have none
    p = rng.dirichlet(np.ones(5), 120).astype(np.float32)
    classes = (np.arange(120) % 2).astype(np.uint8)  # two classes, as often or almost
    entropy, feature = rng.random(120), rng.random((120, 7)).astype(np.float32)
    two = np.sort(p, axis=1)[:, -2:]
    seen = Seen(voxel, classes, entropy, two[:, 1], two[:, 1] - two[:, 0], p, feature)
    found = unit_scores(seen, rows, 3)
    of_rows, entropy_of_rows = seen.rows()
    assert of_rows.tolist() == [classes[v] if v >= 0 else UNLABELLED for v in voxel]
    assert entropy_of_rows.tolist() == [np.float16(entropy[v]) if v >= 0 else 0 for v in voxel]
    for unit in range(3):
        mine = voxel[(rows == unit) & (voxel >= 0)]
        shares = [np.mean(classes[mine] == one) for one in range(5)]
        votes = -sum(share * np.log(share) for share in shares if share)
        wanted = {
            "unit_entropy": entropy[mine].mean(),
            "unit_confidence": p[mine].max(axis=1).mean(),
            "unit_margin": (two[mine, 1] - two[mine, 0]).mean(),
            "unit_votes": votes,
            "unit_class": int(np.argmax(shares)),
            "unit_share": max(shares),
        }
        for name, value in wanted.items():
            assert found[name][unit] == pytest.approx(value, rel=1e-5), name
        np.testing.assert_allclose(found["unit_feature"][unit], feature[mine].mean(axis=0), 1e-5)
        np.testing.assert_allclose(found["unit_p"][unit], p[mine].mean(axis=0), atol=5e-4)
    assert found["unit_p"].dtype == np.float16


def test_predictions_that_say_less_of_units_are_made_again(trained: Project):
    """As version 0.1.0 left them: its round is scored, and by `score` it has every column."""
    found, units = trained.rounds[0], trained.need_units()
    whole = contents(found.folder, "scores/*")
    for file in trained.predictions(found).rglob("*.npz"):
        arrays = dict(np.load(file))
        for name in ("unit_confidence", "unit_margin", "unit_votes", "unit_p"):
            arrays.pop(name, None)
        np.savez_compressed(file, **arrays)
    about = json.loads(found.file("scores/scores.json").read_text())
    about["columns"] = ["entropy", "feature", "predicted", "share"]
    found.file("scores/scores.json").write_text(json.dumps(about))
    before = read_scores(found.folder, units)
    assert before is not None
    assert list(before) == about["columns"]
    network.score(trained, Job())
    assert contents(found.folder, "scores/*") == whole


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


def test_scans_with_intensities_to_256_are_learnt_as_those_to_1(
    trained: Project, small_street: Path, tmp_path: Path
):
    for file in small_street.rglob("*.bin"):
        points = np.fromfile(file, "<f4").reshape(-1, 4)
        points[:, 3] *= 256  # exact in binary
        points.tofile(file)
    options = {"prepare.intensity_scale": "256"}
    with small_project(tmp_path / "bright", small_street, **options) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
        network.train(project, Job())
        for name in ("checkpoint.safetensors", "metrics.json"):
            found, wanted = (p.rounds[0].folder / name for p in (project, trained))
            assert found.read_bytes() == wanted.read_bytes()
