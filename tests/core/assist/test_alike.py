"""Units alike: against a search that holds all features at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import steps
from core.assist import alike
from core.base.jobs import Job
from tests.streets import give, small_project


class Features:
    """Features that lie on a disk: how many rows were asked for at once."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape, self.most = values, values.shape, 0

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: object) -> np.ndarray:
        found: np.ndarray = self.values[rows]
        self.most = max(self.most, found.size // self.shape[1])
        return found


def test_the_nearest_are_found_by_a_few_rows_at_a_time(
    tmp_path: Path, small_street: Path, monkeypatch
):
    with small_project(tmp_path / "p", small_street) as project:
        steps.prepare(project, Job(), workers=1)
        units = project.need_units()
        # Few different values, so that many are as far away; then the earlier unit is first.
        values = np.random.default_rng(0).integers(0, 3, (len(units), 2)).astype(np.float32)
        values[:, 1] = 1000 + values[:, 1] * 7
        features = Features(values)
        monkeypatch.setattr(alike, "_features", lambda project: features)
        monkeypatch.setattr(alike, "_CHUNK", 7)
        give(project, 3, 1)
        same = np.flatnonzero((units.kind == units.kind[0]) & (np.arange(len(units)) != 3))
        away = ((values - values[0]) / (values.std(axis=0) + 1e-6))[same[1:]]
        order = np.argsort(np.einsum("ij,ij->i", away, away).round(3), kind="stable")
        for count in (1, 5, 20):
            wanted = units.names(same[1:][order[:count]])
            assert alike.nearest(project, units.name(0), count) == wanted
        assert len(same) > 20
        assert features.most <= 7
