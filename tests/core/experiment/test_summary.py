"""What is compared at equal seconds, by hand on made curves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.experiment import summary
from core.experiment.folder import Experiment
from core.experiment.read_spec import read_spec
from core.experiment.results import Curve
from tests.experiments import TINY, tiny_spec


def curve(arm: str, seed: int, seconds: list[float], miou: list[float]) -> Curve:
    records = tuple(
        {
            "figures": {"miou": m, "iou": {}},
            "costs": {"points": 10 * s, "units": 1, "scans": 1, "seconds": s},
            "training": {"looks": [], "steps": 4},
            "truth": {},
        }
        for s, m in zip(seconds, miou, strict=True)
    )
    return Curve(arm, seed, (Path(),) * len(records), records)


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    spec = replace(read_spec(str(tiny_spec(tmp_path, TINY))), over="seconds")
    return Experiment(tmp_path, spec, "equal", tmp_path, ((0, 1),))


def test_arms_are_compared_at_what_all_of_them_spent(experiment: Experiment, monkeypatch):
    """random spends 600 s, ent 1,100 s: at 600 s ent lies half way between its rounds, at 0.2 +
    0.1; over 100 to 600 s its mean is the trapezoid's."""
    monkeypatch.setattr(summary, "read_confusions", lambda *_, **__: np.zeros((1, 2, 2), np.int64))
    found = []
    for seed, more in ((0, 0.0), (1, 0.01)):
        found += [
            curve("random", seed, [100, 600], [0.2, 0.24]),
            curve("ent", seed, [100, 1100], [0.2, 0.4 + 2 * more]),
            curve("control", seed, [100, 100], [0.2, 0.21]),
        ]
    said = summary.summarise(experiment, found)
    told = {(one.a, one.b, one.what): one.found for one in said.comparisons}
    at = told["ent", "random", "mIoU at 10 estimated minutes"]
    assert at is not None
    assert at.mean == pytest.approx((0.06 + 0.07) / 2)
    area = told["ent", "random", "the area under mIoU over seconds"]
    assert area is not None
    assert area.mean == pytest.approx(((0.25 - 0.22) + (0.255 - 0.22)) / 2)
    last = told["ent", "control", "mIoU after round 2"]
    assert last is not None
    assert last.mean == pytest.approx((0.19 + 0.21) / 2)
    assert said.areas["control"] == []


def test_a_cost_that_is_not_known_is_never_reached_in_silence(experiment: Experiment):
    one = curve("ent", 0, [100, 600], [0.2, 0.5])
    for record in one.records:
        record["costs"]["seconds"] = None
    found = summary._reached([one], "seconds", 0.3)
    assert found is not None
    assert np.isnan(found)
    assert summary._reached([one], "points", 0.3) is not None
