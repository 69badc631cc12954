"""Eq. 3 at the size of a whole dataset, and opening a project of 2.2 million units."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.large import large_project
from tests.benchmarks.measures import PEAK_MB, numbers


def test_diversity_of_200_000_units(report):
    code = """
import time
import numpy as np
from core.query.strategies.distances import sum_of_distances
rng = np.random.default_rng(0)
features = rng.random((220_000, 96), np.float32)
rows, labelled = np.arange(200_000), np.arange(200_000, 220_000)
product, left = np.empty((1024, 20_000)), features[:1024].astype(float)
right = features[labelled].T.astype(float).copy()
def matmul():
    for _ in range(0, 200_000, 1024):
        np.matmul(left, right, out=product)
def cpu(function):
    began = time.process_time()
    function()
    return time.process_time() - began
pairs = [(cpu(lambda: sum_of_distances(features, rows, labelled)), cpu(matmul)) for _ in range(3)]
ours, theirs = (sorted(column)[1] for column in zip(*pairs))
print(ours / theirs)
"""
    found, megabytes = numbers(f"{code}{PEAK_MB}")
    report("Eq. 3, 200,000 × 20,000 units, 96 features / its matrix product", found, "≤ 2")
    report("its peak memory, MB", megabytes, "≤ 1000")
    assert found <= 2
    assert megabytes <= 1000


def test_eq_3_at_the_size_of_semantickitti(tmp_path: Path, report):
    """3.3 million units of four partitions, 140,636 asked a round; 40,000 are timed, and the
    whole computed from them. Before: a block of 1,024 rows and all labelled columns in float64."""
    features = tmp_path / "feature.npy"
    code = """
import sys, time
import numpy as np
from core.query.strategies.distances import sum_of_distances
from tests.benchmarks.before_query import sum_of_distances as before
rng = np.random.default_rng(0)
out = np.lib.format.open_memmap(sys.argv[1], "w+", np.float32, (3_300_000, 24))
for start in range(0, len(out), 100_000):
    out[start : start + 100_000] = rng.random((100_000, 24), np.float32)
del out
features = np.load(sys.argv[1], mmap_mode="r")
rows, labelled = np.arange(0, 3_200_000, 80), np.arange(1, 3_300_000, 94)[:35_159]
sum_of_distances(features, rows[:9], labelled[:9])
took = {}
for name, run in (
    ("ours", lambda: sum_of_distances(features, rows, labelled)),
    ("before", lambda: before(features[rows], features[labelled])),
):
    began = time.process_time()
    run()
    took[name] = time.process_time() - began
print(took["before"] / took["ours"], took["ours"] / 40_000 * 3_300_000)
"""
    faster, seconds = numbers(code, features)
    memory = f"""
import sys
import numpy as np
from core.query.strategies.distances import sum_of_distances
features = np.load(sys.argv[1], mmap_mode="r")
rows, labelled = np.arange(0, 3_300_000, 3300), np.arange(1, 3_300_000, 5)[:600_000]
sum_of_distances(features, rows, labelled)
{PEAK_MB}"""
    (megabytes,) = numbers(memory, features)
    report("Eq. 3 before / now, 40,000 x 35,159 units, 24 features", faster, "≥ 1.9")
    report("Eq. 3 of SemanticKITTI's round 2, CPU seconds, computed", seconds, "≤ 300")
    report("peak memory with 600,000 labelled, mapped features included, MB", megabytes, "≤ 2000")
    assert faster >= 1.9
    assert seconds <= 300
    assert megabytes <= 2000


def test_opening_a_project_of_2_2_million_units(tmp_path: Path, report):
    large_project(
        tmp_path / "p", tmp_path / "scans", scans=19_130, units_per_scan=115, answers=100_000
    )
    code = """
import sys, time
from pathlib import Path
from core.project.project import Project
began = time.process_time()
with Project(Path(sys.argv[1])) as project:
    assert len(project.need_units()) == 2_199_950
    assert project.answers.spent().units == 100_000
    print(time.process_time() - began)
"""
    seconds = sorted(numbers(code, tmp_path / "p")[0] for _ in range(3))[1]
    report("opening 2.2 million units and 100,000 answers, CPU seconds", seconds, "≤ 2")
    assert seconds <= 2
