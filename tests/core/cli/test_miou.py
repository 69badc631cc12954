"""What `evaluate` and `train` print of mIoU: over which classes, and the benchmark's own figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.cli import verbs
from core.rounds.figures import figures
from tests.streets import small_project, small_street_at


class Faces:
    """A network that finds half of the road and a truck that is none."""

    class network:
        @staticmethod
        def evaluate(project, job):
            names = project.classes.names
            matrix = np.zeros((len(names),) * 2, np.int64)
            road, truck = names.index("road"), names.index("truck")
            matrix[road, road], matrix[road, truck] = 50, 50
            iou = dict.fromkeys(names) | {"road": 0.5, "truck": 0.0}
            value = figures(matrix, names)
            return value | {"iou": iou, "confusion": matrix.tolist(), "ranges": [], "scans": 1}

    class window:
        pass


def test_it_says_over_what_and_which_classes_do_not_count(tmp_path: Path, capsys):
    small_street_at(tmp_path / "scans")
    small_project(tmp_path / "p", tmp_path / "scans").close()
    assert verbs.run(["evaluate", str(tmp_path / "p")], Faces()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "mIoU 50.0% over 1 of 19 classes; SemanticKITTI's own figure 2.6%"
    by_class = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[1:]}
    assert by_class["road"] == "50.0%"
    assert by_class["truck"] == "0.0%  predicted, not in the truth: not counted"
    assert by_class["car"] == "–"
