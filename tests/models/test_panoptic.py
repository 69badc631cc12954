"""Panoptic quality in `evaluate`: clusters with their predicted classes against true instances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.prepare.scan import prepare_scan
from core.rounds.predictions import prediction_file, read_prediction
from models import steps as network
from tests.streets import small_project, small_scan, write_scan


@pytest.mark.parametrize(("instances", "numbered"), [(True, True), (True, False), (False, True)])
def test_it_is_measured_where_asked_for_and_the_truth_has_instances(
    tmp_path: Path, instances: bool, numbered: bool
):
    root = tmp_path / "street"
    write_scan(root, "sequences/00/velodyne/000000", *small_scan(0))
    points, raw = small_scan(3)
    label = raw.astype(np.uint32)
    thing = np.zeros(len(points), np.uint32)
    thing[4000:] = 1 + np.arange(len(points) - 4000) // 120
    write_scan(root, "sequences/08/velodyne/000000", points, label | (numbered * thing << 16))
    with small_project(tmp_path / "p", root, **{"label.instances": str(instances)}) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
        steps.annotate(project, Job(), oracle="per-point")
        network.train(project, Job())
        metrics = network.evaluate(project, Job())
        if not (instances and numbered):
            assert "panoptic" not in metrics
            return
        found = metrics["panoptic"]
        (scan,) = project.dataset.validation
        file = prediction_file(project.predictions(project.rounds[0]), scan, project.dataset)
        seen = read_prediction(file, "classes", N=len(points))["classes"]
        truth = project.dataset.ground_truth(scan, project.classes)
        cluster = prepare_scan(points, project.settings.prepare).unit
        for c, name in enumerate(project.classes.names):
            apart = c in project.classes.countable
            true = _segments(truth, np.where(apart, thing, 0), c)
            said = _segments(seen, np.where(apart & (cluster >= 0), cluster + 1, 0), c)
            known = set(np.flatnonzero(truth < FIRST_CODE).tolist())
            said = [s & known for s in said if s & known]
            ious = [len(a & b) / len(a | b) for a in true for b in said]
            ious = [value for value in ious if value > 0.5]
            weight = (len(true) + len(said)) / 2
            pq = sum(ious) / weight if weight else None
            assert found["classes"][name]["pq"] == (None if pq is None else pytest.approx(pq))
        values = [one["pq"] for one in found["classes"].values() if one["pq"] is not None]
        assert found["pq"] == pytest.approx(np.mean(values))


def _segments(classes: np.ndarray, instance: np.ndarray, c: int) -> list[set[int]]:
    mine = classes == c
    return [set(np.flatnonzero(mine & (instance == n)).tolist()) for n in np.unique(instance[mine])]
