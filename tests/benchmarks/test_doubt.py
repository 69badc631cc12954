"""Doubts about imported labels at the size of a whole dataset: 2.2 million units, one in ten of
another class than the network sees."""

from __future__ import annotations

from tests.benchmarks.measures import PEAK_MB, numbers


def test_doubts_of_2_2_million_units(report):
    code = """
import time
from types import SimpleNamespace
import numpy as np
from core.base.jobs import Job
from core.project import doubt
from tests.benchmarks.many_units import CLASSES, many_units
count, rng = 2_200_000, np.random.default_rng(0)
pool = many_units(count, 1, needs={"mean_p", "feature"})
label = np.empty(count, np.int64)
for start in range(0, count, 100_000):
    label[start : start + 100_000] = pool.columns["mean_p"][start : start + 100_000].argmax(axis=1)
other = rng.random(count) < 0.1
label[other] = rng.integers(0, CLASSES, other.sum())
doubt.labels_of_units = lambda project, job: (label, np.ones(count))
class Classes(SimpleNamespace):
    def __len__(self):
        return CLASSES
classes = Classes(now=np.arange(256, dtype=np.uint8))
project = SimpleNamespace(need_units=lambda: pool.units, seed=0, classes=classes)
began = time.process_time()
found = doubt.doubt(project, pool.columns, Job())
print(time.process_time() - began)
assert 0.05 < (found > 0).mean() < 0.2
"""
    seconds, megabytes = numbers(f"{code}{PEAK_MB}")
    report("doubts about the labels of 2.2 million units, CPU seconds", seconds, "-")
    report("their peak memory with the scores, MB", megabytes, "≤ 4000")
    assert megabytes <= 4000
