"""Where a class changed most between two rounds; counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.jobs import Job
from core.desk.changed import MOST, changed_most
from core.project.project import Project
from core.rounds.wrong import write_wrong, wrong_of
from tests.rounds_made import measured_project
from tests.streets import small_street_at


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("changed")
    small_street_at(base / "scans")
    return measured_project(base / "project", base / "scans", rounds=2)


def test_the_scans_are_those_with_most_change_of_a_class(measured: Path):
    with Project(measured) as project:
        before, after = project.rounds
        wrong = {f"08/{n:02d}": np.zeros(19, np.int64) for n in range(15)}
        write_wrong(before, {name: counts + 20 for name, counts in wrong.items()}, 19)
        for number, name in enumerate(wrong):
            wrong[name] = np.full(19, 20)
            wrong[name][3] = 20 + (number if number % 2 else -number)
        del wrong["08/13"]
        write_wrong(after, wrong, 19)
        found = changed_most(project, before, after, 3, Job())
        order = [14, 12, 11, 10, 9, 8, 7, 6, 5, 4]
        assert found.scans == tuple(f"08/{n:02d}" for n in order)
        assert len(found.scans) == MOST
        assert found.more.tolist() == [n if n % 2 else -n for n in order]
        assert (found.of, found.looked) == (13, 14)
        nothing = changed_most(project, before, after, 4, Job())
        assert (nothing.scans, nothing.of, nothing.looked) == ((), 0, 14)


def test_wrong_points_are_the_union_without_the_intersection():
    matrix = np.array([[5, 2, 0], [1, 7, 3], [4, 0, 9]])
    for label in range(3):
        union = matrix[label].sum() + matrix[:, label].sum() - matrix[label, label]
        assert wrong_of(matrix)[label] == union - matrix[label, label]
