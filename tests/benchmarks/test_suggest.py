"""Suggestions by shape, trained on eight streets and tested on the ninth, and what they cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.assist.by_shape import Suggester
from core.base.settings import load_preset
from core.data.classes import FIRST_CODE, load_classes
from core.data.scans import open_dataset
from core.prepare.ground import ground_mask
from core.prepare.scan import prepare_scan
from core.prepare.shape import shapes
from tests.benchmarks.measures import cpu_seconds

SEQUENCES = ["00", "01", "02", "03", "05", "06", "07", "08", "10"]
Units = dict[str, tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def streets(semantickitti: Path) -> Units:
    """Shapes of the units of each sequence, and the class of most of their points."""
    dataset = open_dataset("semantickitti", semantickitti, SEQUENCES, [])
    classes, settings = load_classes("semantickitti"), load_preset("paper").prepare
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for scan in dataset.train:
        units = prepare_scan(dataset.scan(scan).points.copy(), settings)
        truth = dataset.ground_truth(scan, classes)
        inside = units.unit >= 0
        votes = np.zeros((len(units.kind), 256), np.int64)
        np.add.at(votes, (units.unit[inside], truth[inside]), 1)
        votes = votes[:, :FIRST_CODE]
        known = votes.any(axis=1)
        row = (units.shape[known], votes[known].argmax(axis=1))
        found.setdefault(scan.split("/")[1], []).append(row)
    return {
        name: (np.concatenate([a for a, _ in rows]), np.concatenate([b for _, b in rows]))
        for name, rows in found.items()
    }


@pytest.mark.parametrize(("answers", "goal"), [(50, 0.80), (500, 0.88)])
def test_hits_on_a_street_never_seen(streets: Units, answers: int, goal: float, report):
    first, three = [], []
    for held, (shape, truth) in streets.items():
        others = [streets[name] for name in streets if name != held]
        pool = np.concatenate([a for a, _ in others])
        classes = np.concatenate([b for _, b in others])
        for seed in range(3):
            drawn = np.random.default_rng(seed).permutation(len(pool))[:answers]
            guesses = Suggester(pool[drawn], classes[drawn], seed).guess(shape)
            pairs = list(zip(guesses, truth.tolist(), strict=True))
            first.append(np.mean([guess.classes[:1] == (c,) for guess, c in pairs]))
            three.append(np.mean([c in guess.classes[:3] for guess, c in pairs]))
    report(f"right class first, {answers} answers, unseen street", float(np.mean(first)), "-")
    report(f"among the first three, {answers} answers", float(np.mean(three)), f"≥ {goal}")
    assert np.mean(three) >= goal


def test_what_they_cost(streets: Units, semantickitti: Path, report):
    dataset = open_dataset("semantickitti", semantickitti, ["00"], [])
    points = dataset.scan(dataset.train[0]).points.copy()
    settings = load_preset("paper").prepare
    units = prepare_scan(points.copy(), settings)
    ground = ground_mask(points, sensor_height_m=settings.sensor_height_m)
    seconds = min(
        cpu_seconds(lambda: shapes(points, units.unit, units.kind, ground, 1.73)) for _ in range(5)
    )
    report("CPU seconds of the shapes of a scan", seconds, "≤ 0.15")
    shape, truth = (np.concatenate(part) for part in zip(*streets.values(), strict=True))
    fitting = min(cpu_seconds(lambda: Suggester(shape[:500], truth[:500], 0)) for _ in range(3))
    report("CPU seconds of a fit to 500 answers", fitting, "≤ 0.4")
    assert seconds <= 0.15
    assert fitting <= 0.4
