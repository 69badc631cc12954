"""Preparation against the hdbscan package, with more workers, and its memory."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import numpy as np
import pytest

from core.base.jobs import Job
from core.base.settings import load_preset
from core.data.opening import open_dataset
from core.data.scans import Dataset
from core.prepare.clustering.cluster import cluster
from core.prepare.ground import ground_mask
from core.prepare.run import prepare
from core.prepare.scan import prepare_scan
from tests.benchmarks.measures import PEAK_MB, cpu_seconds, numbers, ratio

SETTINGS = load_preset("paper").prepare
SCANS = 3


@pytest.fixture(scope="module")
def dataset(semantickitti: Path) -> Dataset:
    return open_dataset("semantickitti", semantickitti, ["00", "05"], [])


@pytest.fixture(scope="module")
def clouds(dataset: Dataset) -> list[np.ndarray]:
    """Non-ground points of three scans; the first run compiles."""
    found = [non_ground(dataset, name) for name in dataset.train[:SCANS]]
    run_cluster(found[0][:500], "exact")
    return found


def non_ground(dataset: Dataset, name: str) -> np.ndarray:
    points = dataset.scan(name).points
    return points[~ground_mask(points, sensor_height_m=SETTINGS.sensor_height_m), :3]


def run_cluster(points: np.ndarray, clusterer: str) -> None:
    cluster(
        points.astype(np.float64),
        min_cluster_size=SETTINGS.min_cluster_size,
        min_samples=SETTINGS.min_samples,
        epsilon_m=SETTINGS.epsilon_m,
        clusterer=clusterer,
    )


def test_clustering_24_real_scans(semantickitti: Path, clouds, report):
    names = sorted(folder.name for folder in (semantickitti / "sequences").iterdir())
    dataset = open_dataset("semantickitti", semantickitti, names, [])
    found = []
    for name in dataset.train:
        c = non_ground(dataset, name)
        ours = statistics.median(cpu_seconds(lambda c=c: run_cluster(c, "exact")) for _ in range(3))
        theirs = cpu_seconds(lambda c=c: run_cluster(c, "hdbscan"))
        again = statistics.median(
            cpu_seconds(lambda c=c: run_cluster(c, "exact")) for _ in range(3)
        )
        found.append(2 * theirs / (ours + again))
    assert len(found) == 24
    report("hdbscan package / our clustering, median of 24 scans", statistics.median(found), "≥ 12")
    report("the same, worst", min(found), "≥ 8")
    assert statistics.median(found) >= 12
    assert min(found) >= 8


def test_the_whole_preparation_of_a_scan(dataset: Dataset, clouds, report):
    name = dataset.train[0]

    def ours() -> None:
        prepare_scan(dataset.scan(name).points.copy(), SETTINGS)

    def reference() -> None:
        points = dataset.scan(name).points.copy()
        kept = ~ground_mask(points, sensor_height_m=SETTINGS.sensor_height_m)
        run_cluster(points[kept, :3], "hdbscan")

    found = ratio(ours, reference, runs=3)
    report("preparing a scan / reading + Patchwork++ + hdbscan package", found, "≤ 0.15")
    assert found <= 0.15


def test_two_workers(semantickitti: Path, tmp_path: Path, report):
    """Wall time of 120 scans, the start of the processes included."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core only")
    root = tmp_path / "scans"
    (root / "sequences").mkdir(parents=True)
    names = []
    for copy in range(5):
        for source in sorted((semantickitti / "sequences").iterdir()):
            names.append(f"{source.name}x{copy}")
            (root / "sequences" / names[-1]).symlink_to(source)
    dataset = open_dataset("semantickitti", root, names, [])
    assert len(dataset.train) == 120
    seconds = {}
    for workers in (1, 2):
        began = time.perf_counter()
        prepare(dataset, SETTINGS, tmp_path / str(workers), workers=workers, job=Job())
        seconds[workers] = time.perf_counter() - began
    found = seconds[1] / seconds[2]
    report("one worker / two workers, 120 scans, wall time", found, "≥ 1.8")
    assert found >= 1.8


def test_memory_of_a_worker(semantickitti: Path, tmp_path: Path, report):
    code = """
import sys
from pathlib import Path
from core.prepare.run import prepare_to_file
from core.data.opening import open_dataset
from core.base.settings import load_preset
dataset = open_dataset("semantickitti", Path(sys.argv[1]), ["00", "01", "05"], [])
for scan in dataset.train:
    prepare_to_file(dataset, scan, load_preset("paper").prepare, sys.argv[2])
"""
    (found,) = numbers(f"{code}{PEAK_MB}", semantickitti, tmp_path)
    report("peak memory of a worker, MB", found, "≤ 300")
    assert found <= 300
