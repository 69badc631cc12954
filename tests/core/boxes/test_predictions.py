"""Predictions of boxes: read as they were written, or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError, ProjectError
from core.base.files import write_arrays
from core.boxes.predictions import (
    FramePrediction,
    Predictions,
    read_predictions,
    write_predictions,
)


def made(counts: dict[str, int], seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    frames = {
        scan: FramePrediction(
            np.hstack([rng.normal(0, 9, (n, 3)), rng.uniform(1, 4, (n, 3)), np.zeros((n, 1))]),
            np.sort(rng.uniform(0.1, 1, n))[::-1],
            rng.integers(0, 3, n).astype(np.uint8),
            rng.normal(size=(n, 5)).astype(np.float32),
        )
        for scan, n in counts.items()
    }
    return Predictions(frames, "ab" * 16, np.diag([1.0, -1, 1, 1]))


def test_predictions_are_read_as_they_were_written(tmp_path: Path) -> None:
    found = made({"b/1": 3, "a/2": 0, "c": 1})
    write_predictions(tmp_path / "p.npz", found)
    again = read_predictions(tmp_path / "p.npz", classes=3)
    assert list(again.frames) == ["b/1", "a/2", "c"]
    for scan, frame in found.frames.items():
        for name in ("box", "score", "label", "feature"):
            kept = getattr(again.frames[scan], name)
            np.testing.assert_array_equal(kept, getattr(frame, name))
            assert kept.dtype == getattr(frame, name).dtype
    assert (again.source, again.feature_size) == (found.source, 5)
    np.testing.assert_array_equal(again.from_files, found.from_files)
    assert again.frames["c"].table().score.tolist() == found.frames["c"].score.tolist()


@pytest.mark.parametrize("counts", [{}, {"a": 0}])
def test_nothing_found_is_not_the_same_as_nothing_looked_at(
    tmp_path: Path, counts: dict[str, int]
) -> None:
    write_predictions(tmp_path / "p.npz", made(counts))
    assert {
        s: len(f) for s, f in read_predictions(tmp_path / "p.npz", classes=3).frames.items()
    } == counts


DAMAGE = {
    "more boxes than it counts": lambda a: a["count"].__setitem__(0, 1),
    "a count below 0": lambda a: a["count"].__setitem__(slice(None), [5, -1]),
    "counts that wrap": lambda a: a["count"].__setitem__(slice(None), [2**62, 2**62]),
    "a scan twice": lambda a: a["scans"].__setitem__(1, "a"),
    "a scan elsewhere": lambda a: a["scans"].__setitem__(1, "../"),
    "a size of 0": lambda a: a["box"].__setitem__((1, 4), 0.0),
    "a place that is none": lambda a: a["box"].__setitem__((1, 0), np.nan),
    "a score over 1": lambda a: a["score"].__setitem__(2, 1.5),
    "a score that is none": lambda a: a["score"].__setitem__(2, np.nan),
    "a class too many": lambda a: a["label"].__setitem__(0, 3),
    "a feature that is none": lambda a: a["feature"].__setitem__((0, 0), np.inf),
    "flat coordinates": lambda a: a["from_files"].__setitem__((2, 2), 0.0),
    "a short feature": lambda a: a.__setitem__("feature", a["feature"][:2]),
    "no score": lambda a: a.pop("score"),
}


@pytest.mark.parametrize("harm", DAMAGE)
def test_damaged_predictions_are_told_of(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "p.npz"
    write_predictions(path, made({"a": 3, "bcde": 1}))
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    DAMAGE[harm](arrays)
    write_arrays(path, arrays)
    with pytest.raises(ProjectError):
        read_predictions(path, classes=3)


def test_predictions_that_are_not_there_say_how_they_are_made(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="score --task boxes"):
        read_predictions(tmp_path / "p.npz", classes=3)
