"""What answers took and how good they are, against literal counts; hand-worked cases."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from core.answers.effort import Effort
from core.answers.labels import ALIKE
from core.desk.effort import GROUPS, effort_of, wilson
from core.project.project import Project
from tests.streets import asked_project, small_street_at

ROAD, CAR, POLE = 8, 0, 17


def say(project: Project, unit: int, label: int, effort: Effort, *, blind: bool = False) -> None:
    units = project.need_units()
    scan = units.scans[units.scan[unit]]
    rows = np.flatnonzero(project.rows(scan) == unit - units.range_of(scan).start)
    project.answers.answer(
        project.scan_ref(scan),
        rows,
        np.full(len(rows), label, np.uint8),
        round="",
        unit=units.name(unit),
        effort=effort,
        blind=blind,
    )


def suggestion(first: int, *, shown: bool, network: int | None = None) -> str:
    said = {"classes": [first, POLE, ROAD], "shares": [0.6, 0.3, 0.1], "shape": [first],
            "network": network, "shown": shown}  # fmt: skip
    return json.dumps(said)


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    small_street_at(tmp_path / "scans")
    path = asked_project(tmp_path / "project", tmp_path / "scans")
    with Project(path) as project:
        plain = Effort(active_s=2.0, tool="key")
        for unit, (label, effort) in enumerate(
            [
                (ROAD, plain),
                (ROAD, plain._replace(active_s=4.0, suggested=suggestion(ROAD, shown=True))),
                (CAR, plain._replace(active_s=9.0, tool="lasso")),
                (CAR, plain._replace(suggested=suggestion(POLE, shown=True, network=CAR))),
                (POLE, plain._replace(suggested=suggestion(CAR, shown=False))),
                (CAR, plain._replace(tool=ALIKE, active_s=0.5)),
                (CAR, Effort(tool="oracle")),
            ]
        ):
            say(project, unit, label, effort)
        say(project, 0, ROAD, plain, blind=True)
        say(project, 2, POLE, plain, blind=True)
        project.answers.decline(
            project.scan_ref(project.need_units().scans[0]), round="", unit="x#c1", effort=plain
        )
    return path


def test_seconds_are_those_of_a_literal_list(answered: Path):
    with Project(answered, read_only=True) as project:
        found = effort_of(project)
        assert (found.timed, found.answers) == (5, 7)
        by_class = {row.name: row for row in found.took["class"]}
        assert by_class["road"].units.tolist() == [0, 1]
        assert (by_class["road"].median, by_class["road"].total) == (3.0, 6.0)
        assert by_class["road"].p90 == pytest.approx(2 + 0.9 * 2)
        assert by_class["car"].median == median([9.0, 2.0])
        assert [row.name for row in found.took["tool"]] == ["key", "lasso"]
        hours = {f"{time.localtime(h.time).tm_hour:02d}:00" for h in project.answers.mine()}
        assert {row.name for row in found.took["hour"]} <= hours
        units = project.need_units()
        for row in found.took["partition"]:
            assert len({int(units.partition[u]) for u in row.units}) == 1
        for group in GROUPS:
            assert sum(row.answers for row in found.took[group]) == 5
            assert sum(row.total for row in found.took[group]) == pytest.approx(19)


def test_hits_and_agreement_by_hand(answered: Path):
    with Project(answered, read_only=True) as project:
        found = effort_of(project)
        rates = {rate.name: (rate.hits, rate.of) for rate in found.suggestions}
        assert rates == {
            "first, shown": (1, 2),
            "among the first 3, shown": (1, 2),
            "first, not shown": (0, 1),
            "among the first 3, not shown": (1, 1),
            "by shape alone": (1, 3),
            "by the network alone": (1, 1),
        }
        (pair,) = found.agreed
        assert pair.name == f"{project.answers.annotator} again"
        assert pair.units == 2
        sizes = project.need_units().points
        assert pair.same == pytest.approx(sizes[0] / (sizes[0] + sizes[2]))


def test_nothing_answered_is_nothing(tmp_path: Path):
    small_street_at(tmp_path / "scans")
    with Project(asked_project(tmp_path / "project", tmp_path / "scans")) as project:
        found = effort_of(project)
        assert not any(found.took.values())
        assert (found.timed, found.answers, found.agreed, found.suggestions) == (0, 0, [], [])


def test_intervals_are_wilsons():
    """Against the solutions of (share - p)^2 = z^2 p (1 - p) / n, found by halving."""
    for hits, of in ((0, 10), (3, 10), (10, 10), (750, 1000)):
        low, high = wilson(hits, of)
        for bound in (low, high):
            if 0 < bound < 1:
                z = abs(hits / of - bound) / (bound * (1 - bound) / of) ** 0.5
                assert z == pytest.approx(1.96, abs=1e-3)
        assert low <= hits / of <= high
    assert wilson(0, 0) == (0, 1)
