"""Where a class changed most between two rounds; counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.files import write_arrays
from core.base.jobs import Job
from core.desk.changed import MOST, changed_most, wrong_by_scan
from core.project.change_classes import merge, undo_merge
from core.project.project import Project
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.wrong import WRONG, write_wrong, wrong_of
from tests.rounds_made import measured_project
from tests.streets import small_street_at

EACH = np.arange(19, dtype=np.uint8)  # no class is merged


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("changed")
    small_street_at(base / "scans")
    return measured_project(base / "project", base / "scans", rounds=2)


def test_the_scans_are_those_with_most_change_of_a_class(measured: Path):
    with Project(measured) as project:
        before, after = project.rounds
        wrong = {f"08/{n:02d}": np.zeros(19, np.int64) for n in range(15)}
        write_wrong(before, {name: counts + 20 for name, counts in wrong.items()}, EACH)
        for number, name in enumerate(wrong):
            wrong[name] = np.full(19, 20)
            wrong[name][3] = 20 + (number if number % 2 else -number)
        del wrong["08/13"]
        write_wrong(after, wrong, EACH)
        found = changed_most(project, before, after, 3, Job())
        order = [14, 12, 11, 10, 9, 8, 7, 6, 5, 4]
        assert found.scans == tuple(f"08/{n:02d}" for n in order)
        assert len(found.scans) == MOST
        assert found.more.tolist() == [n if n % 2 else -n for n in order]
        assert (found.of, found.looked) == (13, 14)
        nothing = changed_most(project, before, after, 4, Job())
        assert (nothing.scans, nothing.of, nothing.looked) == ((), 0, 14)


def test_counts_of_other_merges_are_made_again_of_the_predictions(measured: Path):
    """A file of an earlier version says nothing of merges: it counts where there are none."""
    with Project(measured) as project:
        one = project.rounds[1]
        (scan,) = project.dataset.validation
        kept = {scan: np.full(19, 1000)}
        write_wrong(one, kept, EACH)
        assert wrong_by_scan(project, one, Job())[scan][3] == 1000
        merge(project, 0, 17)
        counted = wrong_by_scan(project, one, Job())[scan]
        truth = project.dataset.ground_truth(scan, project.classes)
        file = prediction_file(project.predictions(one), scan, project.dataset)
        said = project.classes.now[read_prediction(file, "classes")["classes"]]
        good = (truth < 200) & (said < 200)
        assert counted[17] == ((truth[good] == 17) != (said[good] == 17)).sum()
        assert counted[0] == 0
        write_wrong(one, kept, project.classes.now[:19])
        assert wrong_by_scan(project, one, Job())[scan][3] == 1000
        columns = {"scans": np.array([scan]), "wrong": np.full((1, 19), 1000)}
        write_arrays(one.file(WRONG), columns)
        assert wrong_by_scan(project, one, Job())[scan][3] == counted[3]
        undo_merge(project)
        assert wrong_by_scan(project, one, Job())[scan][3] == 1000


def test_wrong_points_are_the_union_without_the_intersection():
    matrix = np.array([[5, 2, 0], [1, 7, 3], [4, 0, 9]])
    for label in range(3):
        union = matrix[label].sum() + matrix[:, label].sum() - matrix[label, label]
        assert wrong_of(matrix)[label] == union - matrix[label, label]
