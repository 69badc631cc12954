"""Peak memory of new processes at the size of SemanticKITTI, 3.2 million units: to open a project,
to join scores of 24 numbers a feature, to ask by them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.base.files import write_arrays
from core.project.project import Project
from core.rounds.predictions import new_prediction_file
from core.rounds.round import Round
from tests.benchmarks.large import large_project
from tests.benchmarks.measures import PEAK_MB, numbers

SCANS, UNITS_PER_SCAN, FEATURES, CLASSES, ANSWERS = 3_200, 1_000, 24, 19, 2_000

OPEN = """
import sys, time
from pathlib import Path
from core.base.jobs import Job
from core import steps
from core.project.project import Project
began = time.process_time()
with Project(Path(sys.argv[1])) as project:
    assert len(project.need_units()) == 3_200_000
"""
JOIN = """
    from models.score import join_scores
    began = time.process_time()
    found = project.rounds[0]
    folder = project.predictions(found)
    units, dataset = project.need_units(), project.dataset
    join_scores(units, dataset, folder, found.folder, width=0.25, classes=19)
"""
ASK = """
    began = time.process_time()
    found = steps.ask(project, Job(), strategy="basal")
    assert found.query.cost.sum() > 30_000_000
"""
SECONDS = "print(time.process_time() - began)"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One trained round and what its network said of each scan."""
    place = tmp_path_factory.mktemp("large")
    path = place / "p"
    large_project(
        path, place / "scans", scans=SCANS, units_per_scan=UNITS_PER_SCAN, answers=ANSWERS
    )
    found = Round(path / "rounds" / "001-size")
    found.folder.mkdir(parents=True)
    query = {
        **{"version": 1, "strategy": "size", "seed": 0, "round": 1, "parent": None, "budget": {}},
        **{"fingerprint": "0" * 16, "checkpoint": None, "columns": [], "items": []},
    }
    found.file("query.json").write_text(json.dumps(query))
    found.checkpoint.write_bytes(b"weights")
    with Project(path, read_only=True) as opened:
        folder, scans = opened.predictions(found), opened.dataset.train
    for scan, arrays in zip(scans, made_predictions(), strict=True):
        write_arrays(new_prediction_file(folder, scan), arrays, compress=False)
    return path


def made_predictions() -> Iterator[dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    for _ in range(SCANS):
        yield {
            "unit_entropy": rng.random(UNITS_PER_SCAN, np.float32),
            "unit_feature": rng.random((UNITS_PER_SCAN, FEATURES), np.float32),
            "unit_class": np.zeros(UNITS_PER_SCAN, np.uint8),
            "unit_share": np.ones(UNITS_PER_SCAN, np.float32),
            "unit_confidence": rng.random(UNITS_PER_SCAN, np.float32),
            "unit_margin": rng.random(UNITS_PER_SCAN, np.float32),
            "unit_votes": rng.random(UNITS_PER_SCAN, np.float32),
            "unit_p": rng.random((UNITS_PER_SCAN, CLASSES), np.float32).astype(np.float16),
        }


def test_memory_of_opening_joining_and_asking(project: Path, report):
    seconds, megabytes = numbers(f"{OPEN}{SECONDS}{PEAK_MB}", project)
    report("opening 3.2 million units, CPU seconds", seconds, "≤ 2")
    report("its peak memory, MB", megabytes, "≤ 500")
    assert seconds <= 2
    assert megabytes <= 500
    networks = numbers(f"import models.steps{PEAK_MB}")[0]
    seconds, megabytes = numbers(f"{OPEN}{JOIN}    {SECONDS}{PEAK_MB}", project)
    report("joining the scores of 3.2 million units × 24, CPU seconds", seconds, "-")
    report("its peak memory, MB", megabytes, "≤ 2000")
    report("of which torch before it begins", networks, "-")
    assert megabytes <= min(2000, networks + 300)
    seconds, megabytes = numbers(f"{OPEN}{ASK}    {SECONDS}{PEAK_MB}", project)
    report("asking by them, 2,000 answered, CPU seconds", seconds, "-")
    report("its peak memory, the mapped scores included, MB", megabytes, "≤ 2000")
    assert megabytes <= 2000
