"""It learns: by heart, and in the mean of three seeds. Minutes, so run by `make test-all`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.jobs import Job
from core.base.settings import load_preset
from core.data.classes import FIRST_CODE, load_classes
from core.data.opening import open_dataset
from core.prepare.partitions import partition_of
from core.prepare.scan import prepare_scan
from core.prepare.units import CLUSTER
from core.project.project import Project
from core.quality.iou import confusion, iou, mean_iou
from models import steps as network
from models.networks import NETWORKS
from models.score import Scorer, Trained
from tests.models.bench import Bench, full_training
from tests.places import MAIN
from tests.samples import Scans

pytestmark = pytest.mark.slow

# Shorter than the laptop preset's 30 epochs at 0.2 m, so that three seeds take minutes.
QUICK = {
    "train.voxel_m": "0.3",
    "train.learning_rate": "0.005",
    "train.first_epochs": "15",
    "train.threads": "1",
}


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_two_scans_are_learnt_by_heart(name: str, street: Scans, tmp_path: Path):
    dataset = open_dataset("semantickitti", street.root, ["00"], [])
    dataset = replace(dataset, train=dataset.train[:2])
    classes = load_classes("semantickitti")
    settings = replace(
        load_preset("laptop").train,
        network=name,
        voxel_m=0.1,
        learning_rate=0.005,
        first_epochs=60,
        rotate=False,
        scale_low=1.0,
        scale_high=1.0,
        threads=1,
    )
    bench = Bench(dataset, classes, settings, full_training(dataset, classes))
    bench.go(tmp_path / "c.safetensors")
    trained = Trained.check(tmp_path / "c.safetensors", classes, settings)
    scorer = Scorer.load(trained)
    right = labelled = 0
    for scan in dataset.train:
        truth = bench.training.labels(scan)
        predicted = scorer.look(dataset.scan(scan).points).rows()[0]
        known = truth < FIRST_CODE
        right += int((predicted == truth)[known].sum())
        labelled += int(known.sum())
    print(f"{name} by heart: {right / labelled:.4f} of {labelled:,} points")
    assert right >= 0.98 * labelled


@pytest.fixture(scope="module")
def prepared(street: Scans, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared project, whose units the seeds share."""
    path = tmp_path_factory.mktemp("learns") / "prepared"
    with _create(path, street, seed=0) as project:
        steps.prepare(project, Job())
    return path


def _create(path: Path, street: Scans, *, seed: int, name: str = "minkunet") -> Project:
    return Project.create(
        path,
        format="semantickitti",
        root=street.root,
        train=street.train,
        validation=street.validation,
        preset="laptop",
        seed=seed,
        research=True,
        overrides={**QUICK, "train.network": name},
    )


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_one_round_beats_the_majority_class_per_partition(
    name: str, prepared: Path, street: Scans, tmp_path: Path
):
    """In the mean: of a few scans one seed may ask what tells a network nothing."""
    both = [_one_round(seed, name, prepared, street, tmp_path / str(seed)) for seed in (1, 2, 3)]
    ours, theirs = np.mean(both, axis=0)
    assert ours > theirs


def _one_round(
    seed: int, name: str, prepared: Path, street: Scans, tmp_path: Path
) -> tuple[float, float]:
    """mIoU of a network after one round, and of the majority class per partition; the network's is
    the same in a process of its own."""
    path = tmp_path / "p"
    with _create(path, street, seed=seed, name=name) as project:
        (path / "units").symlink_to(prepared / "units")
        steps.prepare(project, Job())  # finds the units there
        steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
        network.train(project, Job())
        metrics = project.rounds[0].metrics()
        assert metrics is not None
        trained = np.array(metrics["confusion"])
        baseline = majority_per_partition(project)
        assert baseline.sum(axis=1).tolist() == trained.sum(axis=1).tolist()
        among = np.isin(np.arange(len(trained)), list(project.answers.fold.class_counts()))
        among &= trained.sum(axis=1) > 0
        ours, theirs = (mean_iou(iou(m), among) for m in (trained, baseline))
        print(f"{name}, seed {seed}: network {ours:.4f}, majority class per partition {theirs:.4f}")
        assert ours is not None
        assert theirs is not None
    again = _in_a_new_process(path, tmp_path)
    assert again == pytest.approx(metrics["miou"], abs=1e-6)
    return ours, theirs


def majority_per_partition(project: Project) -> np.ndarray:
    """Confusion on the validation scans of the most answered class of each point's partition."""
    units, classes = project.need_units(), len(project.classes)
    votes = np.zeros((len(units.partition_names), classes), np.int64)
    for entry in project.answers.entries():
        number = units.find(entry.unit)
        assert number is not None
        known = entry.classes[entry.classes < FIRST_CODE]
        votes[units.partition[number]] += np.bincount(known, minlength=classes)
    best = votes.argmax(axis=1)
    everywhere = votes.sum(axis=0).argmax()
    matrix = np.zeros((classes, classes), np.int64)
    for scan in project.dataset.validation:
        found = prepare_scan(project.dataset.scan(scan).points.copy(), project.settings.prepare)
        partition = np.full(len(found.kind), len(units.cuts))
        clusters = found.kind == CLUSTER
        partition[clusters] = partition_of(found.size[clusters], units.cuts)
        guess = np.full(len(found.unit), everywhere, np.uint8)
        inside = found.unit >= 0
        guess[inside] = best[partition[found.unit[inside]]]
        truth = project.dataset.ground_truth(scan, project.classes)
        assert truth is not None
        matrix += confusion(truth, guess, classes)
    return matrix


def _in_a_new_process(path: Path, tmp_path: Path) -> float:
    """Evaluate the checkpoint anew, its predictions deleted first."""
    for file in (path / "cache").rglob("*.npz"):
        file.unlink()
    subprocess.run([sys.executable, str(MAIN), "evaluate", str(path)], check=True, cwd=tmp_path)
    return json.loads((path / "rounds/001-size/metrics.json").read_text())["miou"]
