"""Two rounds side by side, scan by scan."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.desk import compare
from core.desk.compare import Differing, differing


def test_shares_are_of_the_rows_with_a_class(monkeypatch):
    """Half of the rows are no returns: they were counted as seen alike."""
    seen = {"a": np.array([0, 0, 1, 1], np.uint8), "b": np.array([0, 1, 1, 1], np.uint8)}
    nothing = np.full(4, UNLABELLED, np.uint8)
    monkeypatch.setattr(compare, "said", lambda _, one, scan: np.append(seen[one], nothing))
    project = SimpleNamespace(dataset=SimpleNamespace(scans=("00/1",)))
    assert differing(project, "a", "b", Job()) == [Differing("00/1", 1, 4)]
