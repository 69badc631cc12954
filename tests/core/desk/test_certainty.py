"""Entropy, reliability and error by distance, against loops over points; a hand-worked case."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.desk.certainty import (
    CONFIDENCES,
    DISTANCES,
    ENTROPIES,
    STEP_M,
    Certainty,
    certainty_of,
    find_confidence,
    find_distance,
    find_entropy,
)
from core.desk.measured import some_of
from core.project.project import Project
from core.rounds.predictions import new_prediction_file
from tests.rounds_made import measured_project
from tests.streets import small_street_at


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rounds; what the newest says of the validation scan has entropies and confidences."""
    base = tmp_path_factory.mktemp("certain")
    small_street_at(base / "scans")
    path = measured_project(base / "project", base / "scans", rounds=2)
    with Project(path) as project:
        predicted(project, confidence=True)
    return path


def predicted(project: Project, *, confidence: bool) -> None:
    (scan,) = project.dataset.validation
    truth = project.dataset.ground_truth(scan, project.classes)
    rng = np.random.default_rng(5)
    said = np.where(rng.random(len(truth)) < 0.6, truth, rng.integers(0, 19, len(truth)))
    said[:7] = 255  # rows without coordinates
    arrays = {
        "classes": said.astype(np.uint8),
        "entropy": (rng.random(len(truth)) * math.log(19)).astype(np.float16),
        "source": np.array(["x", ""]),
    }
    if confidence:
        arrays["confidence"] = rng.uniform(0.05, 1, len(truth)).astype(np.float16)
    write_arrays(new_prediction_file(project.predictions(project.tip), scan), arrays)


def slow(project: Project):
    """(truth, said, entropy, confidence, metres) of each point that counts, one by one."""
    (scan,) = project.dataset.validation
    truth = project.dataset.ground_truth(scan, project.classes)
    file = new_prediction_file(project.predictions(project.tip), scan)
    with np.load(file) as stored:
        said, entropy, sure = (stored[n] for n in ("classes", "entropy", "confidence"))
    points = project.dataset.scan(scan).points
    for row in range(len(truth)):
        if truth[row] < 19 and said[row] < 19:
            x, y, z, _ = points[row].tolist()
            yield (row, int(truth[row]), int(said[row]), float(entropy[row]), float(sure[row]),
                   math.sqrt(x * x + y * y + z * z))  # fmt: skip


def test_counts_are_those_of_a_loop_over_points(measured: Path):
    with Project(measured, read_only=True) as project:
        found = certainty_of(project, project.tip, Job())
        entropy, said, right = (np.zeros_like(a) for a in (found.entropy, found.said, found.right))
        points, wrong = np.zeros_like(found.points), np.zeros_like(found.wrong)
        sure = np.zeros_like(found.sure)
        rows = list(slow(project))
        for _, truth, called, nats, confidence, metres in rows:
            hit = truth == called
            entropy[truth, int(hit), min(int(nats / math.log(19) * ENTROPIES), ENTROPIES - 1)] += 1
            place = min(int(confidence * CONFIDENCES), CONFIDENCES - 1)
            said[called, place] += 1
            right[called, place] += hit
            sure[called, place] += confidence
            band = min(int(metres / STEP_M), DISTANCES - 1)
            points[truth, band] += 1
            wrong[truth, band] += not hit
        assert len(rows) > 4000
        assert np.array_equal(found.entropy, entropy)
        assert np.array_equal(found.said, said)
        assert np.array_equal(found.right, right)
        assert np.allclose(found.sure, sure)
        assert np.array_equal(found.points, points)
        assert np.array_equal(found.wrong, wrong)
        assert (found.scans, found.of) == (1, 1)
        total = 0.0
        for place in range(CONFIDENCES):
            mine = [r for r in rows if min(int(r[4] * CONFIDENCES), CONFIDENCES - 1) == place]
            hits = sum(r[1] == r[2] for r in mine) / len(mine)
            mean = sum(r[4] for r in mine) / len(mine)
            total += len(mine) / len(rows) * abs(hits - mean)
        assert found.ece() == pytest.approx(total)


def test_a_bin_names_exactly_its_points(measured: Path):
    with Project(measured, read_only=True) as project:
        tip, top = project.tip, math.log(19)
        rows = list(slow(project))
        wanted = [r[0] for r in rows if r[1] == 8 and r[2] == 8 and 4 <= r[3] / top * 40 < 5]
        place = find_entropy(project, tip, 8, 4, True, Job())
        assert place.rows.tolist() == wanted
        wanted = [r[0] for r in rows if r[1] != r[2] and 5 <= r[5] < 10]
        assert find_distance(project, tip, None, 1, Job()).rows.tolist() == wanted
        wanted = [r[0] for r in rows if r[2] == 3 and r[1] != 3 and 0.2 <= r[4] < 0.3]
        assert find_confidence(project, tip, 3, 2, Job()).rows.tolist() == wanted
        assert find_entropy(project, tip, 1, 0, True, Job()) is None, "no bicycle is there"


def test_reliability_by_hand():
    """Of 4 points called a, said with 0.9 each, 3 are right; of 2 called b with 0.5, none."""
    zero = np.zeros((2, 2, ENTROPIES), np.int64)
    said = np.array([[0, 4], [2, 0]])
    right, sure = np.array([[0, 3], [0, 0]]), np.array([[0.0, 3.6], [1.0, 0.0]])
    far = np.zeros((2, DISTANCES), np.int64)
    found = Certainty("001-x", ("a", "b"), zero, 1.0, said, right, sure, far, far, 1, 1)
    assert found.ece([0]) == pytest.approx(0.15)
    assert found.ece([1]) == pytest.approx(0.5)
    assert found.ece() == pytest.approx((0.6 + 1) / 6)
    assert found.reliability([0])[1].tolist() == pytest.approx([4, 0.9, 0.75])
    assert np.isnan(found.reliability([0])[0, 1:]).all()


def test_predictions_of_an_earlier_version_have_no_reliability(measured: Path):
    with Project(measured) as project:
        predicted(project, confidence=False)
        found = certainty_of(project, project.tip, Job())
        assert found.entropy.sum() > 4000
        assert found.said.sum() == 0
        assert found.ece() is None
        first = project.rounds[0]
        for file in project.predictions(first).rglob("*.npz"):
            file.unlink()
        with pytest.raises(ProjectError, match="predictions of round 001-size are deleted"):
            certainty_of(project, first, Job())
        predicted(project, confidence=True)


def test_some_of_many_have_even_gaps():
    names = [str(n) for n in range(1000)]
    assert some_of(names, 3) == ["0", "499", "999"]
    assert some_of(names[:3], 3) == names[:3]
