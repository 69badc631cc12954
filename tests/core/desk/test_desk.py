"""What the charts show, against slow, literal counts; and hand-worked cases."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.desk.asked import asked
from core.desk.class_parts import ANSWERS, TRUTH, ClassParts, class_parts
from core.desk.compare import compare
from core.desk.matrix import COUNTS, OF_SAID, OF_TRUTH, find, matrix_of, shares
from core.desk.sizes import Sizes, sizes_of
from core.desk.steps import steps_of
from core.prepare.units import CLUSTER
from core.project.change_classes import merge, undo_merge
from core.project.project import Project
from core.project.status import round_status
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.round import Round
from tests.rounds_made import measured_project
from tests.streets import small_street_at


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rounds, answered and measured."""
    base = tmp_path_factory.mktemp("measured")
    small_street_at(base / "scans")
    return measured_project(base / "project", base / "scans")


def test_steps_are_those_of_a_slow_count(measured: Path):
    with Project(measured, read_only=True) as project:
        steps = steps_of(project)
        assert [step.parent for step in steps] == [None, *(s.id for s in steps[:-1])]
        units = project.need_units()
        points = answers = 0
        for step, found in zip(steps, project.rounds, strict=True):
            for item in found.query.items:
                head = project.answers.effective.get(item)
                if head is not None and head.verb == "answer":
                    points += int(units.points[units.find(item)])
                    answers += 1
            assert (step.costs["points"], step.costs["units"]) == (points, answers)
            assert step.costs["active"] == 0, "an oracle takes no time"
            assert step.costs["expected"] > answers
            assert step.miou == found.metrics()["miou"]
            assert step.value("car") == found.metrics()["iou"]["car"]


@pytest.mark.parametrize("source", [TRUTH, ANSWERS])
def test_classes_in_partitions_are_those_of_a_loop_over_points(measured: Path, source: str):
    with Project(measured, read_only=True) as project:
        found = class_parts(project, source, Job())
        units = project.need_units()
        slow = np.zeros_like(found.counts)
        outside = np.zeros_like(found.outside)
        for scan in units.scans:
            labels = (
                project.dataset.ground_truth(scan, project.classes)
                if source == TRUTH
                else project.labels(scan)
            )
            first = units.range_of(scan).start
            for row, label in zip(project.rows(scan).tolist(), labels.tolist(), strict=True):
                if label < 19 and row >= 0:
                    slow[label, units.partition[first + row]] += 1
                elif label < 19:
                    outside[label] += 1
    assert slow.sum() > 1000
    assert np.array_equal(found.counts, slow)
    assert np.array_equal(found.outside, outside)
    assert found.scans == found.of == 3


def test_what_was_asked_is_a_slow_count(measured: Path):
    with Project(measured, read_only=True) as project:
        units = project.need_units()
        one = project.rounds[1]
        found = asked(project, [one])
        parts = np.zeros(len(units.partition_names), np.int64)
        classes = np.zeros(19, np.int64)
        for item in one.query.items:
            unit = units.find(item)
            parts[units.partition[unit]] += units.points[unit]
            scan = item.partition("#")[0]
            rows = project.rows(scan) == unit - units.range_of(scan).start
            for label in project.labels(scan)[rows]:
                if label < 19:
                    classes[label] += 1
        assert np.array_equal(found.parts, parts)
        assert np.array_equal(found.classes, classes)
        assert found.pool.sum() == units.points.sum()
        assert found.units == len(one.query.items) == found.answered + found.declined
        assert found.scans == len({item.partition("#")[0] for item in one.query.items})
        both = asked(project, project.rounds[:2])
        first = asked(project, project.rounds[:1])
        assert both.units == first.units + found.units
        assert np.array_equal(both.classes, first.classes + found.classes)


def test_shares_and_enrichment_by_hand():
    """Of 40 points, 10 are poles, 8 of these in size 1, which holds 10 in all."""
    counts = np.array([[2, 28], [8, 2], [0, 0]])
    found = ClassParts(TRUTH, ("road", "pole", "none"), ("1", "ground"), counts,
                       np.zeros(3, np.int64), np.array([10, 30]), 1, 1)  # fmt: skip
    assert np.allclose(found.shares()[:2], [[2 / 30, 28 / 30], [0.8, 0.2]])
    assert np.isnan(found.shares()[2]).all()
    assert found.enrichment()[1, 0] == pytest.approx((8 / 10) / (10 / 40))
    assert np.isnan(found.enrichment()[2]).all()


def test_sizes_are_those_of_equation_1(measured: Path):
    with Project(measured, read_only=True) as project:
        units = project.need_units()
    found = sizes_of(units)
    for place, size in enumerate(found.sizes.tolist()):
        mine = [u for u in range(len(units)) if units.kind[u] == CLUSTER and units.size[u] == size]
        points = sum(int(units.points[u]) for u in mine)
        assert (found.units[place], found.points[place]) == (len(mine), points)
        assert found.api[place] == pytest.approx(len(mine) / math.log(points))
    assert found.cuts(len(units.cuts)) == units.cuts
    for shared in (found.shares(units.cuts), found.shares(found.cuts(2))):
        for name in ("api", "units", "points"):
            assert sum(share[name] for share in shared) == pytest.approx(1)


def test_shares_of_size_classes_by_hand():
    sizes = Sizes(np.array([1, 2, 5]), np.array([4, 4, 2]), np.array([10, 30, 60]),
                  np.array([1.0, 1.0, 2.0]))  # fmt: skip
    assert sizes.shares((2, 5)) == [
        {"api": 0.5, "units": 0.8, "points": 0.4},
        {"api": 0.5, "units": 0.2, "points": 0.6},
    ]


def test_a_confusion_and_where_its_points_are(measured: Path):
    with Project(measured, read_only=True) as project:
        tip = project.tip
        matrix = matrix_of(project, tip)
        (scan,) = project.dataset.validation
        truth = project.dataset.ground_truth(scan, project.classes)
        file = prediction_file(project.predictions(tip), scan, project.dataset)
        said = read_prediction(file, "classes", N=len(truth))["classes"]
        for i, j in ((0, 0), (8, 8), (8, 3)):
            rows = [n for n in range(len(truth)) if truth[n] == i and said[n] == j]
            assert matrix[i, j] == len(rows)
            place = find(project, tip, i, j, Job())
            if not rows:
                assert place is None
                continue
            assert place.scan == scan
            assert place.rows.tolist() == rows
            assert (place.points, place.scans) == (len(rows), 1)
        assert find(project, tip, 1, 1, Job()) is None, "no bicycle is there"
        shutil.rmtree(project.predictions(project.rounds[0]))  # as a later round's scores do
        with pytest.raises(ProjectError, match="predictions of round 001-size are deleted"):
            find(project, project.rounds[0], 0, 0, Job())


def test_figures_of_earlier_rounds_follow_a_merge(measured: Path, tmp_path: Path):
    """The curve is over one set of classes, and what a confusion shows can be found."""
    shutil.copytree(measured, tmp_path / "p")
    with Project(tmp_path / "p") as project:
        before = steps_of(project)
        merge(project, 0, 17)
        for step, was, one in zip(steps_of(project), before, project.rounds, strict=True):
            shown = round_status(project, one)
            assert step.miou == shown["miou"] == compare(project, *_two(project, one)).a.value
            assert step.miou != was.miou
            assert step.value("car") is shown["iou"]["car"] is shown["official"] is None
            assert shown["miou_classes"] == 2  # cars, poles and road before
            matrix = matrix_of(project, one)
            assert not matrix[0].any()
            assert not matrix[:, 0].any()
        tip = project.tip
        place = find(project, tip, 17, 17, Job())
        assert place.points == matrix_of(project, tip)[17, 17] > 0
        undo_merge(project)
        assert [step.miou for step in steps_of(project)] == [step.miou for step in before]
        assert matrix_of(project, tip)[0].any()


def _two(project: Project, one: Round) -> tuple[Round, Round]:
    return one, next(other for other in project.rounds if other != one)


def test_shares_of_a_confusion_by_hand():
    matrix = np.array([[3, 1], [0, 0]])
    assert shares(matrix, COUNTS).tolist() == [[3, 1], [0, 0]]
    assert shares(matrix, OF_TRUTH)[0].tolist() == [0.75, 0.25]
    assert np.isnan(shares(matrix, OF_TRUTH)[1]).all()
    assert shares(matrix, OF_SAID)[:, 0].tolist() == [1, 0]
